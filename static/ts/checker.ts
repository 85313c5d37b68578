// SPDX-License-Identifier: EUPL-1.2
import type { Finding } from './checks/findings'
import { Asked } from './worker'

export interface CheckQuestion {
  readonly file: Blob
  readonly name: string
}

/** Looks into files in a worker of its own: a digest under way would keep it waiting for minutes. */
export class Checker {
  readonly #worker: Asked<CheckQuestion, readonly Finding[]>

  constructor(workerUrl: string) {
    this.#worker = new Asked(workerUrl)
  }

  /** Nothing is found in a file that cannot be read: its digest tells of it. Rejects with `WorkerLost`. */
  check(file: Blob, name: string): Promise<readonly Finding[]> {
    return this.#worker.ask({ file, name })
  }
}
