// SPDX-License-Identifier: EUPL-1.2
import { foldName, isNameAllowed } from './dropzone'

export interface Limits {
  readonly largestFile: number // bytes
  readonly largestDeposit: number // bytes
  readonly mostFiles: number
}

export interface Admitted {
  readonly envelope: string
  readonly size: number
  readonly known: { readonly name: string } | null
}

/** What an envelope may still take, while files are added to it: they may be thousands. */
export class Admission {
  readonly #limits: Limits
  readonly #names: Set<string>
  #count: number
  #size: number

  constructor(limits: Limits, rows: readonly Admitted[], envelope: string) {
    const namesakes = rows.filter((row) => row.envelope === envelope)
    this.#limits = limits
    this.#names = new Set(namesakes.map(({ known }) => foldName(known?.name ?? '')))
    this.#count = rows.length
    this.#size = rows.reduce((total, { size }) => total + size, 0)
  }

  /** Why the file cannot be added; where it can, it counts from now on. */
  refusalOf({ name, size }: { readonly name: string; readonly size: number }): string | null {
    if (size > this.#limits.largestFile) return 'too_large'
    if (this.#count >= this.#limits.mostFiles) return 'too_many'
    if (this.#size + size > this.#limits.largestDeposit) return 'deposit_too_large'
    if (!isNameAllowed(name)) return 'bad_name'
    if (this.#names.has(foldName(name))) return 'same_name'
    this.#names.add(foldName(name))
    this.#count++
    this.#size += size
    return null
  }
}
