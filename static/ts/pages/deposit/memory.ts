// SPDX-License-Identifier: EUPL-1.2
// What this browser remembers of a deposit, so that it goes on after a reload. The server never learns these names.
import { randomBytes, toHex } from '../../bytes'
import type { Finding } from '../../checks/findings'
import { keepInsteadOf, keptJson } from '../page/storage'
import { finished, MEMORY_PREFIX } from './finished'

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
  readonly at?: number // milliseconds since 1970, by this computer: when it was written last
  readonly salt: string
  files: Record<string, KnownFile>
}

/**
 * The names and digests of the files of one deposit, by the ids of their uploads; the salt of its annex.
 *
 * A browser that keeps nothing leaves them to the page alone: the deposit goes on until the page is left.
 */
export class DepositMemory {
  isKept = true
  readonly #key: string
  readonly #content: Remembered
  readonly #onWritten: (isKept: boolean) => void
  #timer: ReturnType<typeof setTimeout> | undefined

  /** `onWritten` is told, after each writing, whether the browser keeps it. */
  constructor(deposit: string, onWritten: (isKept: boolean) => void) {
    this.#key = MEMORY_PREFIX + deposit
    this.#onWritten = onWritten
    this.#content = (keptJson(this.#key) as Remembered | null) ?? { salt: toHex(randomBytes(32)), files: {} }
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

  /** Soon: a deposit may have thousands of files, and all are written together. */
  #writeSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#write()
    }, PAUSE)
  }

  #write(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const now = Date.now()
    this.isKept = keepInsteadOf(() => finished(now), this.#key, JSON.stringify({ ...this.#content, at: now }))
    this.#onWritten(this.isKept)
  }
}
