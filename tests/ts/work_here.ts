// SPDX-License-Identifier: EUPL-1.2
import { vi } from 'vitest'

/** Runs a worker's script in the thread of the test, each `new Worker` anew: what one side posts is the other's, as between threads. */
export function workHere(script: () => Promise<unknown>): EventTarget[] {
  const started: EventTarget[] = []

  class WorkerHere extends EventTarget {
    readonly #scope = new EventTarget()
    readonly #loaded: Promise<unknown>

    constructor() {
      super()
      started.push(this)
      vi.resetModules()
      vi.stubGlobal('addEventListener', this.#scope.addEventListener.bind(this.#scope))
      vi.stubGlobal('postMessage', (message: unknown, options?: StructuredSerializeOptions) => {
        this.dispatchEvent(messageOf(message, options))
      })
      vi.stubGlobal('reportError', () => this.dispatchEvent(new Event('error')))
      this.#loaded = script()
    }

    postMessage(message: unknown, transfer: Transferable[] = []): void {
      const event = messageOf(message, { transfer })
      void this.#loaded.then(() => this.#scope.dispatchEvent(event))
    }

    terminate(): void {
      this.dispatchEvent(new Event('terminated'))
    }
  }

  vi.stubGlobal('Worker', WorkerHere)
  return started
}

function messageOf(message: unknown, options?: StructuredSerializeOptions): MessageEvent {
  return new MessageEvent('message', { data: structuredClone<unknown>(message, options) })
}
