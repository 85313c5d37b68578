// SPDX-License-Identifier: EUPL-1.2
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { answerQuestions, Asked, WorkerLost } from '../../static/ts/worker'

const URL_OF_WORKER = '/static/dist/workers/digest.js'
const started: FakeWorker[] = []

/** The network and the engine: what `new Worker` gives, without a thread. */
class FakeWorker extends EventTarget {
  readonly asked: { number: number; content: string }[] = []
  isOver = false

  constructor() {
    super()
    started.push(this)
  }

  postMessage(question: { number: number; content: string }): void {
    this.asked.push(question)
  }

  terminate(): void {
    this.isOver = true
  }

  say(data: object): void {
    this.dispatchEvent(new MessageEvent('message', { data }))
  }

  fail(kind: string): void {
    this.dispatchEvent(new Event(kind))
  }
}

/** The worker started last. */
function latest(): FakeWorker {
  const worker = started.at(-1)
  if (worker === undefined) throw new Error('no worker was started')
  return worker
}

beforeEach(() => {
  started.length = 0
  vi.useFakeTimers()
  vi.stubGlobal('Worker', FakeWorker)
})

afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

describe.each(['error', 'messageerror'])('Asked, after the event %s', (failure) => {
  it('asks a new worker what the lost one owed, and nothing that it had answered', async () => {
    const asked = new Asked<string, string>(URL_OF_WORKER)
    const answers = Promise.all(['a', 'b', 'c'].map((question) => asked.ask(question)))
    latest().say({ number: 1, content: 'B' })

    latest().fail(failure)
    await vi.runAllTimersAsync()
    latest().say({ number: 2, content: 'C' })
    latest().say({ number: 0, content: 'A' })

    expect(await answers).toEqual(['A', 'B', 'C'])
    expect(started.map(({ isOver }) => isOver)).toEqual([true, false])
    expect(latest().asked.map(({ content }) => content)).toEqual(['a', 'c'])
  })

  it('refuses all that is owed once three workers in a row are lost', async () => {
    const asked = new Asked<string, string>(URL_OF_WORKER)
    const answers = Promise.allSettled(['a', 'b'].map((question) => asked.ask(question)))

    for (let losses = 0; losses < 3; losses++) {
      latest().fail(failure)
      await vi.runAllTimersAsync()
    }

    const reasons = (await answers).map((answer) => (answer.status === 'rejected' ? (answer.reason as unknown) : null))
    expect(reasons).toEqual([expect.any(WorkerLost), expect.any(WorkerLost)])
    expect(started.map(({ isOver }) => isOver)).toEqual([true, true, true])
  })
})

describe('Asked', () => {
  it('tries anew at the next question after a refusal', async () => {
    const asked = new Asked<string, string>(URL_OF_WORKER)
    const refused = expect(asked.ask('a')).rejects.toThrow(WorkerLost)
    for (let losses = 0; losses < 3; losses++) {
      latest().fail('error')
      await vi.runAllTimersAsync()
    }
    await refused

    const answer = asked.ask('b')
    latest().say({ number: 1, content: 'B' })

    expect(await answer).toBe('B')
    expect(started).toHaveLength(4)
  })

  it('counts the losses anew once a worker has said something', async () => {
    const asked = new Asked<string, string>(URL_OF_WORKER)
    const told: number[] = []
    const answer = asked.ask('a', (done) => told.push(done))

    for (let losses = 0; losses < 5; losses++) {
      latest().say({ number: 0, done: losses })
      latest().fail('error')
      await vi.runAllTimersAsync()
    }
    latest().say({ number: 0, content: 'A' })

    expect(await answer).toBe('A')
    expect(told).toEqual([0, 1, 2, 3, 4])
  })

  it('refuses where the browser starts no worker at all', async () => {
    vi.stubGlobal('Worker', function refuse() {
      throw new DOMException('forbidden by the policy', 'SecurityError')
    })
    const refused = expect(new Asked<string, string>(URL_OF_WORKER).ask('a')).rejects.toThrow(WorkerLost)

    await vi.runAllTimersAsync()

    await refused
  })

  it('starts no second worker for what is asked while the first is awaited again', async () => {
    const asked = new Asked<string, string>(URL_OF_WORKER)
    const first = asked.ask('a')
    latest().fail('error')
    const second = asked.ask('b')

    await vi.runAllTimersAsync()
    latest().say({ number: 0, content: 'A' })
    latest().say({ number: 1, content: 'B' })

    expect(await Promise.all([first, second])).toEqual(['A', 'B'])
    expect(started).toHaveLength(2)
  })
})

describe('answerQuestions', () => {
  /** The side of the worker, its global scope being replaced. */
  function workerOf(answer: (question: string) => Promise<unknown>) {
    const scope = new EventTarget()
    const posted: unknown[] = []
    const reported: unknown[] = []
    vi.stubGlobal('addEventListener', scope.addEventListener.bind(scope))
    vi.stubGlobal('postMessage', (message: unknown) => posted.push(message))
    vi.stubGlobal('reportError', (error: unknown) => reported.push(error))
    answerQuestions(answer)
    return { posted, reported, scope }
  }

  it('reports a failure, and answers what follows', async () => {
    const failure = new Error('out of memory')
    const { posted, reported, scope } = workerOf((question) => (question === 'a' ? Promise.reject(failure) : Promise.resolve('B')))

    scope.dispatchEvent(new MessageEvent('message', { data: { number: 0, content: 'a' } }))
    scope.dispatchEvent(new MessageEvent('message', { data: { number: 1, content: 'b' } }))
    await vi.runAllTimersAsync()

    expect(reported).toEqual([failure])
    expect(posted).toEqual([{ number: 1, content: 'B' }])
  })

  it('reports a question that cannot be read', () => {
    const { reported, scope } = workerOf(() => Promise.resolve(null))

    scope.dispatchEvent(new Event('messageerror'))

    expect(reported).toEqual([expect.any(Error)])
  })
})
