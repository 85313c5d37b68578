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

let policy: ScriptUrlPolicy | undefined

/** A module worker of this site, `url` being an absolute path; the only policy that our pages allow is made for it. */
export function startWorker(url: string): Worker {
  if (!/^\/[\w./-]+\.js$/.test(url)) throw new Error(`not a script of this site: ${url}`)
  // Not in TypeScript's library yet: https://developer.mozilla.org/docs/Web/API/Trusted_Types_API
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes }
  policy ??= trustedTypes?.createPolicy('sigille', { createScriptURL: (trusted) => trusted })
  return new Worker(policy?.createScriptURL(url) ?? url, { type: 'module' })
}

/** A worker that is asked questions; `answerQuestions` is its side. */
export class Asked<Question, Answer> {
  readonly #worker: Worker
  readonly #waiting = new Map<number, (answer: Answer) => void>()
  readonly #listening = new Map<number, (done: number) => void>()
  #count = 0

  constructor(workerUrl: string) {
    this.#worker = startWorker(workerUrl)
    this.#worker.addEventListener('message', ({ data }: MessageEvent<Numbered<Answer> | News>) => {
      if ('done' in data) {
        this.#listening.get(data.number)?.(data.done)
        return
      }
      this.#waiting.get(data.number)?.(data.content)
      this.#waiting.delete(data.number)
      this.#listening.delete(data.number)
    })
  }

  /** `listen` is told how far the worker is, where it says so. */
  ask(content: Question, listen?: (done: number) => void): Promise<Answer> {
    const number = this.#count++
    if (listen !== undefined) this.#listening.set(number, listen)
    return new Promise((resolve) => {
      this.#waiting.set(number, resolve)
      this.#worker.postMessage({ number, content } satisfies Numbered<Question>)
    })
  }
}

/** In a worker: answers one question after the other; both sides are typed by who asks, with `Asked`. */
export function answerQuestions(answer: (question: never, tell: (done: number) => void) => Promise<unknown>): void {
  let last = Promise.resolve()
  addEventListener('message', ({ data }: MessageEvent<Numbered<never>>) => {
    last = last.then(async () => {
      const { number } = data
      const tell = (done: number) => {
        postMessage({ number, done } satisfies News)
      }
      postMessage({ number, content: await answer(data.content, tell) } satisfies Numbered<unknown>)
    })
  })
}
