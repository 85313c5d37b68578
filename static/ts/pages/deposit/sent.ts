// SPDX-License-Identifier: EUPL-1.2
// Which files this browser has already submitted, and for which consultation. It is told to nobody.
import { keepIfPossible, keptJson } from '../page/storage'
import { foldName } from './dropzone'
import { SENT_KEY } from './finished'

export interface SentFile {
  readonly consultation: string
  readonly reference: string
  /** Folded. */
  readonly name: string
  readonly size: number
  readonly sha256: string
}

export interface Comparable {
  readonly name: string
  readonly size: number
  readonly sha256: string | null
}

const MOST_FILES = 2000 // the latest: half a megabyte of the five that a site may keep

/** Tells of a file the other consultation for which it was submitted, by name and size while there is no digest. */
export function earlierReferences(sent: readonly SentFile[], consultation: string): (file: Comparable) => string | null {
  const others = sent.filter((file) => file.consultation !== consultation)
  const byDigest = new Map(others.map(({ reference, sha256 }) => [sha256, reference]))
  const byName = new Map(others.map(({ name, reference, size }) => [`${String(size)} ${name}`, reference]))
  return ({ name, sha256, size }) => (sha256 === null ? byName.get(`${String(size)} ${foldName(name)}`) : byDigest.get(sha256)) ?? null
}

export function sentFiles(): readonly SentFile[] {
  return (keptJson(SENT_KEY) as SentFile[] | null) ?? []
}

/** Once a bid is submitted; what was kept of its consultation before is replaced. */
export function rememberSent(consultation: string, reference: string, files: readonly Comparable[]): void {
  const others = sentFiles().filter((file) => file.consultation !== consultation)
  const now = files.map(({ name, sha256, size }) => ({ consultation, reference, name: foldName(name), size, sha256: sha256 ?? '' }))
  keepIfPossible(SENT_KEY, JSON.stringify([...others, ...now].slice(-MOST_FILES)))
}
