// SPDX-License-Identifier: EUPL-1.2
// Files of a computer, compared with those of a bid.
import type { AnnexFile } from './annex'

export type Verdict = 'different' | 'identical' | 'unchecked'

export interface Checked {
  readonly file: AnnexFile
  verdict: Verdict
}

export interface LocalFile {
  readonly name: string
  readonly size: number
}

export class Verification {
  readonly entries: readonly Checked[]
  /** Names of files that were checked and are not of the bid. */
  readonly foreign = new Set<string>()

  constructor(files: readonly AnnexFile[]) {
    this.entries = files.map((file) => ({ file, verdict: 'unchecked' }))
  }

  /** Whether its content can be one of the bid: otherwise its size says enough. */
  mayBeOfTheBid({ size }: LocalFile): boolean {
    return this.entries.some(({ file }) => file.size === size)
  }

  /** What a file proves; `sha256` is null where it was not needed. Nothing undoes « identical ». */
  record(local: LocalFile, sha256: string | null): void {
    const same = this.entries.filter(({ file }) => file.sha256 === sha256)
    for (const entry of same) entry.verdict = 'identical'
    if (same.length > 0) return
    const namesakes = this.entries.filter(({ file }) => fold(file.name) === fold(local.name))
    for (const entry of namesakes) if (entry.verdict === 'unchecked') entry.verdict = 'different'
    if (namesakes.length === 0) this.foreign.add(local.name)
  }

  count(verdict: Verdict): number {
    return this.entries.filter((entry) => entry.verdict === verdict).length
  }

  get isComplete(): boolean {
    return this.entries.length > 0 && this.count('identical') === this.entries.length
  }
}

/** A copy may have been renamed by a system that writes accents or capitals its own way. */
function fold(name: string): string {
  return name.normalize('NFC').toLowerCase()
}
