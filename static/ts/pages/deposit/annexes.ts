// SPDX-License-Identifier: EUPL-1.2
// The annexes of receipts, which this browser keeps: the site has none.
import { drop, keepIfPossible, keepInsteadOf, kept, keptJson, keptKeys } from '../page/storage'
import { ANNEX_PREFIX, finished, type KeptAnnex, MEMORY_PREFIX, savedAnnexes } from './finished'

const MOST_SAVED = 20 // annexes that are kept although their bidder has them as files

export interface Annex {
  readonly deposit: string
  /** The file that the bidder keeps, byte for byte. */
  readonly text: string
  /** Of the text, hexadecimal: what the receipt commits to. */
  readonly sha256: string
}

/** Keeps an annex for the page of its receipt, beside those of other attempts to submit; whether there was room. */
export function keepAnnex({ deposit, sha256, text }: Annex, now: number): boolean {
  if (keptAnnex(deposit, sha256) !== null) return true
  return keepInsteadOf(() => finished(now), keyOf(deposit, sha256), JSON.stringify({ at: now, isSaved: false, text } satisfies KeptAnnex))
}

export function keptAnnex(deposit: string, sha256: string): string | null {
  return (keptJson(keyOf(deposit, sha256)) as KeptAnnex | null)?.text ?? null
}

/** The annex that was kept while a key was that of its deposit alone; whether it is the receipt's, its digest tells. */
export function formerAnnex(deposit: string): string | null {
  return kept(ANNEX_PREFIX + deposit)
}

/** Once the receipt tells which annex is its own: the rest of what was kept for its deposit is of no use any more. */
export function forgetTheRest(deposit: string, sha256: string): void {
  drop(MEMORY_PREFIX + deposit)
  for (const key of keptKeys(ANNEX_PREFIX + deposit)) if (key !== keyOf(deposit, sha256)) drop(key)
  for (const key of savedAnnexes().slice(0, -MOST_SAVED)) drop(key)
}

/** Its bidder asked for it as a file: from now on it may make room for another. */
export function markSaved(deposit: string, sha256: string): void {
  const annex = keptJson(keyOf(deposit, sha256)) as KeptAnnex | null
  if (annex !== null) keepIfPossible(keyOf(deposit, sha256), JSON.stringify({ ...annex, isSaved: true }))
}

function keyOf(deposit: string, sha256: string): string {
  return `${ANNEX_PREFIX}${deposit}-${sha256}`
}
