// SPDX-License-Identifier: EUPL-1.2
// What this browser keeps of deposits, by its keys, and what of it may go: nothing that its bidder has nowhere else.
import { kept, keptJson, keptKeys } from '../page/storage'

export const ANNEX_PREFIX = 'sigille-annex-'
export const MEMORY_PREFIX = 'sigille-deposit-'
export const SENT_KEY = 'sigille-sent'

const LONG_AGO = 365 * 24 * 60 * 60 * 1000 // milliseconds without a visit to the page of a deposit

interface Dated {
  readonly at: number // milliseconds since 1970, by this computer
}

export interface KeptAnnex extends Dated {
  readonly text: string
  /** Whether its bidder asked for it as a file, from the page of the receipt. */
  readonly isSaved: boolean
}

/** The keys of what may be removed to make room: what is oldest first, what only helps to warn last. */
export function finished(now: number): string[] {
  const forgotten = oldestFirst(MEMORY_PREFIX, ({ at }) => at < now - LONG_AGO)
  return [...forgotten, ...savedAnnexes(), ...(kept(SENT_KEY) === null ? [] : [SENT_KEY])]
}

/** The keys of the annexes that their bidder has as files, the oldest first. */
export function savedAnnexes(): string[] {
  return oldestFirst(ANNEX_PREFIX, (annex) => 'isSaved' in annex && annex.isSaved === true)
}

function oldestFirst(prefix: string, isFinished: (value: Dated) => boolean): string[] {
  const all = keptKeys(prefix).map((key) => ({ key, value: keptJson(key) as Dated | null }))
  const over = all.flatMap(({ key, value }) => (value !== null && isFinished(value) ? [{ key, at: value.at }] : []))
  return over.sort((one, other) => one.at - other.at).map(({ key }) => key)
}
