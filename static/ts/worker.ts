// SPDX-License-Identifier: EUPL-1.2

interface ScriptUrlPolicy {
  createScriptURL(url: string): URL
}

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): ScriptUrlPolicy
}

/** What goes to a worker, and comes back: `number` tells the questions apart, which are answered in any order. */
interface Numbered<Content> {
  readonly number: number
  readonly content: Content
}

/** What a worker says before its answer: how far it is. */
interface News {
  readonly number: number
  readonly done: number
}

interface Pending<Question, Answer> {
  readonly content: Question
  readonly listen: ((done: number) => void) | undefined
  readonly resolve: (answer: Answer) => void
  readonly reject: (lost: WorkerLost) => void
}

const RESTARTS = [500, 3000] // milliseconds before a lost worker is started again, counted anew after each message of it

/** A worker could not be loaded, or broke: the network, the policy of the page, a release that took its script away. */
export class WorkerLost extends Error {
  override readonly name = 'WorkerLost'
  readonly code = 'worker_lost'
}

let policy: ScriptUrlPolicy | undefined

/** A module worker of this site, `url` being an absolute path; the only policy that our pages allow is made for it. */
export function startWorker(url: string): Worker {
  if (!/^\/[\w./-]+\.js$/.test(url)) throw new Error(`not a script of this site: ${url}`)
  // Not in TypeScript's library yet: https://developer.mozilla.org/docs/Web/API/Trusted_Types_API
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes }
  policy ??= trustedTypes?.createPolicy('sigille', { createScriptURL: (trusted) => trusted })
  return new Worker(policy?.createScriptURL(url) ?? url, { type: 'module' })
}

/**
 * A worker that is asked questions; `answerQuestions` is its side.
 *
 * A lost one is started again, and asked again what it owed; then all of it is refused, and the next question tries anew.
 */
export class Asked<Question, Answer> {
  readonly #url: string
  readonly #waiting = new Map<number, Pending<Question, Answer>>()
  #worker: Worker | null = null
  #restart: ReturnType<typeof setTimeout> | null = null
  #losses = 0 // in a row
  #count = 0

  constructor(workerUrl: string) {
    this.#url = workerUrl
  }

  /** Rejects with `WorkerLost`. `listen` is told how far the worker is, where it says so. */
  ask(content: Question, listen?: (done: number) => void): Promise<Answer> {
    const number = this.#count++
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { content, listen, resolve, reject })
      if (this.#worker !== null) this.#worker.postMessage({ number, content } satisfies Numbered<Question>)
      else if (this.#restart === null) this.#start()
    })
  }

  #start(): void {
    this.#restart = null
    try {
      const worker = startWorker(this.#url)
      this.#worker = worker
      worker.addEventListener('message', ({ data }: MessageEvent<Numbered<Answer> | News>) => {
        this.#hear(data)
      })
      for (const failure of ['error', 'messageerror']) {
        worker.addEventListener(failure, (event) => {
          if (this.#worker === worker) this.#lose(event)
        })
      }
    } catch (cause) {
      this.#lose(cause) // a browser may refuse at once what its policy forbids
      return
    }
    for (const [number, { content }] of this.#waiting) this.#worker.postMessage({ number, content } satisfies Numbered<Question>)
  }

  #hear(data: Numbered<Answer> | News): void {
    this.#losses = 0
    const pending = this.#waiting.get(data.number)
    if ('done' in data) {
      pending?.listen?.(data.done)
      return
    }
    this.#waiting.delete(data.number)
    pending?.resolve(data.content)
  }

  #lose(cause: unknown): void {
    this.#worker?.terminate()
    this.#worker = null
    const pause = RESTARTS[this.#losses++]
    if (pause !== undefined) {
      this.#restart = setTimeout(() => {
        this.#start()
      }, pause)
      return
    }
    this.#losses = 0
    const refused = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const { reject } of refused) reject(new WorkerLost(this.#url, { cause }))
  }
}

/** In a worker: answers one question after the other; both sides are typed by who asks, with `Asked`. */
export function answerQuestions(answer: (question: never, tell: (done: number) => void) => Promise<unknown>): void {
  let last = Promise.resolve()
  addEventListener('message', ({ data }: MessageEvent<Numbered<never>>) => {
    last = last
      .then(async () => {
        const { number } = data
        const tell = (done: number) => {
          postMessage({ number, done } satisfies News)
        }
        postMessage({ number, content: await answer(data.content, tell) } satisfies Numbered<unknown>)
      })
      .catch((error: unknown) => {
        reportError(error) // an `error` event on the side of the page: nothing waits for ever
      })
  })
  addEventListener('messageerror', () => {
    reportError(new Error('a question cannot be read'))
  })
}
