// SPDX-License-Identifier: EUPL-1.2
import { startWorker } from './worker'

export interface DigestRequest {
  readonly id: number
  readonly file: Blob
}

/** `sha256` is null where the file could not be read: it was moved, or changed. */
export interface DigestAnswer {
  readonly id: number
  readonly sha256: string | null
}

/** The file cannot be read any more. */
export class FileUnreadable extends Error {
  override readonly name = 'FileUnreadable'
}

interface Waiting {
  resolve(sha256: string): void
  reject(reason: FileUnreadable): void
}

/** Computes SHA-256 digests in a worker, one file at a time. */
export class Digester {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  #count = 0

  constructor(workerUrl: string) {
    this.#worker = startWorker(workerUrl)
    this.#worker.addEventListener('message', (event: MessageEvent<DigestAnswer>) => {
      this.#settle(event.data)
    })
  }

  /** SHA-256 of the file, hexadecimal; rejects with `FileUnreadable`. */
  digest(file: Blob): Promise<string> {
    const id = this.#count++
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#worker.postMessage({ id, file } satisfies DigestRequest)
    })
  }

  #settle({ id, sha256 }: DigestAnswer): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (sha256 === null) waiting?.reject(new FileUnreadable())
    else waiting?.resolve(sha256)
  }
}
