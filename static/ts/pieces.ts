// SPDX-License-Identifier: EUPL-1.2
import { type Bytes } from './bytes'
import { startWorker, WorkerLost } from './worker'

/** What the worker of `PieceDigester` is told: a file of so many bytes begins, a piece of it, it has ended. Each is answered, in order. */
export type PieceMessage = number | Bytes | 'end'

/** To the end the digest, hexadecimal; to the rest the message. */
export type PieceAnswer = number | Bytes | string

interface Owed {
  readonly resolve: (answer: PieceAnswer) => void
  readonly reject: (lost: WorkerLost) => void
}

/** Computes, in a worker, the SHA-256 of one file after the other, whose pieces are lent to it: WebCrypto would want the whole. */
export class PieceDigester {
  readonly #url: string
  #worker: Worker | null = null
  #owed: Owed[] = []

  constructor(workerUrl: string) {
    this.#url = workerUrl
  }

  /** Forgets the file before, whether it has ended or not; `size` is what is expected of this one, in bytes, and may be wrong. */
  async begin(size: number): Promise<void> {
    this.#worker ??= this.#start()
    await this.#ask(size)
  }

  /** Takes the bytes of `piece`, whose buffer is its own, and gives them back; rejects with `WorkerLost`. */
  async add(piece: Bytes): Promise<Bytes> {
    return (await this.#ask(piece, [piece.buffer])) as Bytes
  }

  /** SHA-256 of what was added since `begin`, hexadecimal; rejects with `WorkerLost`. */
  async end(): Promise<string> {
    return (await this.#ask('end')) as string
  }

  /** Nothing is asked again of a worker that is lost: what it had digested is lost too. */
  #ask(message: PieceMessage, transfer: Transferable[] = []): Promise<PieceAnswer> {
    return new Promise((resolve, reject) => {
      if (this.#worker === null) {
        reject(new WorkerLost(this.#url))
        return
      }
      this.#worker.postMessage(message, transfer)
      this.#owed.push({ resolve, reject })
    })
  }

  #start(): Worker {
    const worker = this.#load()
    worker.addEventListener('message', ({ data }: MessageEvent<PieceAnswer>) => {
      this.#owed.shift()?.resolve(data)
    })
    for (const failure of ['error', 'messageerror']) {
      worker.addEventListener(failure, (cause) => {
        if (this.#worker !== worker) return
        worker.terminate()
        this.#worker = null
        for (const { reject } of this.#owed.splice(0)) reject(new WorkerLost(this.#url, { cause }))
      })
    }
    return worker
  }

  /** A browser may refuse at once what its policy forbids. */
  #load(): Worker {
    try {
      return startWorker(this.#url)
    } catch (cause) {
      throw new WorkerLost(this.#url, { cause })
    }
  }
}
