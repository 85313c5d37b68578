// SPDX-License-Identifier: EUPL-1.2
import { Asked } from './worker'

/** SHA-256, hexadecimal; null where the file could not be read: it was moved, or changed. */
export type DigestAnswer = string | null

/** The file cannot be read any more. */
export class FileUnreadable extends Error {
  override readonly name = 'FileUnreadable'
}

/** Computes SHA-256 digests in a worker, one file at a time. */
export class Digester {
  readonly #worker: Asked<Blob, DigestAnswer>

  constructor(workerUrl: string) {
    this.#worker = new Asked(workerUrl)
  }

  /** SHA-256 of the file, hexadecimal; rejects with `FileUnreadable`, or `WorkerLost`. `listen` is told the bytes that were read. */
  async digest(file: Blob, listen?: (read: number) => void): Promise<string> {
    const sha256 = await this.#worker.ask(file, listen)
    if (sha256 === null) throw new FileUnreadable()
    return sha256
  }
}
