// SPDX-License-Identifier: EUPL-1.2
// What this browser remembers of a deposit, so that it goes on after a reload. The server never learns these names.
import { randomBytes, toHex } from '../../bytes'
import type { Finding } from '../../checks/findings'

export interface KnownFile {
  readonly name: string
  readonly size: number
  readonly lastModified: number
  readonly sha256: string | null
  /** None before the file was looked into. */
  readonly findings?: readonly Finding[]
}

const PAUSE = 200 // milliseconds

interface Remembered {
  readonly salt: string
  files: Record<string, KnownFile>
}

/** The names and digests of the files of one deposit, by the ids of their uploads; the salt of its annex. */
export class DepositMemory {
  readonly #key: string
  readonly #content: Remembered
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(deposit: string) {
    this.#key = `sigille-deposit-${deposit}`
    this.#content = this.#read() ?? { salt: toHex(randomBytes(32)), files: {} }
    window.addEventListener('pagehide', () => {
      this.#write()
    })
    this.#write() // the salt must not change between two submissions
  }

  get salt(): string {
    return this.#content.salt
  }

  file(upload: string): KnownFile | undefined {
    return this.#content.files[upload]
  }

  remember(upload: string, file: KnownFile): void {
    this.#content.files[upload] = file
    this.#writeSoon()
  }

  forget(upload: string): void {
    this.#content.files = Object.fromEntries(Object.entries(this.#content.files).filter(([id]) => id !== upload))
    this.#writeSoon()
  }

  #read(): Remembered | null {
    return JSON.parse(localStorage.getItem(this.#key) ?? 'null') as Remembered | null
  }

  /** Soon: a deposit may have thousands of files, and all are written together. */
  #writeSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#write()
    }, PAUSE)
  }

  #write(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    localStorage.setItem(this.#key, JSON.stringify(this.#content))
  }
}

/** The annex of a deposit, kept for the receipt's page. */
export function keepAnnex(deposit: string, annex: string): void {
  localStorage.setItem(annexKey(deposit), annex)
}

export function keptAnnex(deposit: string): string | null {
  return localStorage.getItem(annexKey(deposit))
}

function annexKey(deposit: string): string {
  return `sigille-annex-${deposit}`
}
