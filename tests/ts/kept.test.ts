// SPDX-License-Identifier: EUPL-1.2
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Annex, forgetTheRest, keepAnnex, keptAnnex, markSaved } from '../../static/ts/pages/deposit/annexes'
import { finished } from '../../static/ts/pages/deposit/finished'
import { DepositMemory } from '../../static/ts/pages/deposit/memory'
import { rememberSent, sentFiles } from '../../static/ts/pages/deposit/sent'

const YEAR = 365 * 24 * 60 * 60 * 1000 // milliseconds
const NOW = 100 * YEAR
const FILE = { name: 'Prix.pdf', size: 5, lastModified: 0, sha256: 'ab' }

/** What the engine gives, but for its room: so many characters, keys included. */
class Keeping implements Storage {
  room = Infinity
  refusal = 'QuotaExceededError'
  readonly [key: string]: unknown

  get length(): number {
    return Object.keys(this.#kept).length
  }

  get #kept(): Record<string, string> {
    return Object.fromEntries(Object.entries(this).filter(([key]) => !['room', 'refusal'].includes(key))) as Record<string, string>
  }

  clear(): void {
    for (const key of Object.keys(this.#kept)) this.removeItem(key)
  }

  getItem(key: string): string | null {
    return this.#kept[key] ?? null
  }

  key(rank: number): string | null {
    return Object.keys(this.#kept)[rank] ?? null
  }

  removeItem(key: string): void {
    Reflect.deleteProperty(this, key)
  }

  setItem(key: string, value: string): void {
    const others = Object.entries(this.#kept).filter(([other]) => other !== key)
    const taken = [...others, [key, value]].reduce((total, [name = '', text = '']) => total + name.length + text.length, 0)
    if (taken > this.room) throw new DOMException('no room', this.refusal)
    Object.assign(this, { [key]: value })
  }
}

let keeping: Keeping
let leaving: EventTarget

beforeEach(() => {
  vi.useFakeTimers({ now: NOW })
  keeping = new Keeping()
  for (const own of ['room', 'refusal']) Object.defineProperty(keeping, own, { enumerable: false })
  leaving = new EventTarget()
  vi.stubGlobal('localStorage', keeping)
  vi.stubGlobal('window', leaving)
})

afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

/** What a browser does whose settings forbid to keep anything: even to look is refused. */
function forbid(): void {
  vi.unstubAllGlobals()
  vi.stubGlobal('window', leaving)
  Object.defineProperty(globalThis, 'localStorage', {
    configurable: true,
    get: () => {
      throw new DOMException('forbidden', 'SecurityError')
    },
  })
}

function annexOf(deposit: string, sha256 = 'aa', text = 'x'.repeat(100)): Annex {
  return { deposit, sha256, text }
}

function taken(): number {
  return Object.entries(keeping).reduce((total, [key, value]) => total + key.length + String(value).length, 0)
}

function memoryOf(deposit: string): { memory: DepositMemory; told: boolean[] } {
  const told: boolean[] = []
  return { memory: new DepositMemory(deposit, (isKept) => told.push(isKept)), told }
}

describe('annexes', () => {
  it('are kept by the digest that the receipt tells, beside those of other attempts', () => {
    keepAnnex(annexOf('one', 'aa', 'first'), NOW)
    keepAnnex(annexOf('one', 'bb', 'second'), NOW)

    expect([keptAnnex('one', 'aa'), keptAnnex('one', 'bb'), keptAnnex('one', 'cc')]).toEqual(['first', 'second', null])
  })

  it.each(['QuotaExceededError', 'NS_ERROR_DOM_QUOTA_REACHED'])(
    'give way once saved as files, the oldest first, and as few as are needed (%s)',
    (refusal) => {
      keeping.refusal = refusal
      for (const [rank, deposit] of ['d0', 'd1', 'd2'].entries()) keepAnnex(annexOf(deposit), NOW - rank)
      for (const deposit of ['d0', 'd1', 'd2']) markSaved(deposit, 'aa')
      keeping.room = taken() + 2

      expect(keepAnnex(annexOf('new'), NOW)).toBe(true)

      expect(['d0', 'd1', 'd2', 'new'].map((deposit) => keptAnnex(deposit, 'aa') !== null)).toEqual([true, true, false, true])
    },
  )

  it('never give way before, and it is told that there is no room', () => {
    for (const deposit of ['d0', 'd1']) keepAnnex(annexOf(deposit), NOW - 10 * YEAR)
    keeping.room = taken() + 2

    expect(keepAnnex(annexOf('new'), NOW)).toBe(false)

    expect(['d0', 'd1', 'new'].map((deposit) => keptAnnex(deposit, 'aa') !== null)).toEqual([true, true, false])
  })

  it('are not kept where it is forbidden, and nothing breaks', () => {
    forbid()

    expect(keepAnnex(annexOf('one'), NOW)).toBe(false)
    markSaved('one', 'aa')
    forgetTheRest('one', 'aa')
    expect(keptAnnex('one', 'aa')).toBeNull()
  })

  it('that are kept already are so even in a full browser', () => {
    keepAnnex(annexOf('one'), NOW)
    keeping.room = 0

    expect(keepAnnex(annexOf('one'), NOW)).toBe(true)
  })
})

describe('forgetTheRest', () => {
  it('leaves of a deposit its annex alone, and other deposits as they were', () => {
    memoryOf('one')
    memoryOf('two')
    keepAnnex(annexOf('one', 'aa'), NOW)
    keepAnnex(annexOf('one', 'bb'), NOW)
    keepAnnex(annexOf('two', 'bb'), NOW)

    forgetTheRest('one', 'aa')

    expect(Object.keys(keeping).sort()).toEqual(['sigille-annex-one-aa', 'sigille-annex-two-bb', 'sigille-deposit-two'])
  })

  it('leaves the twenty latest annexes that were saved as files, and all of the others', () => {
    for (let rank = 0; rank < 44; rank++) {
      keepAnnex(annexOf(`d${String(rank)}`), NOW - rank)
      if (rank % 2 === 0) markSaved(`d${String(rank)}`, 'aa')
    }

    forgetTheRest('d0', 'aa')

    const left = Array.from({ length: 44 }, (_, rank) => rank).filter((rank) => keptAnnex(`d${String(rank)}`, 'aa') !== null)
    expect(left).toEqual(Array.from({ length: 44 }, (_, rank) => rank).filter((rank) => rank % 2 === 1 || rank < 40))
  })
})

describe('DepositMemory', () => {
  it('finds again what it kept, the salt included', () => {
    const { memory } = memoryOf('one')
    memory.remember('file', FILE)
    leaving.dispatchEvent(new Event('pagehide'))

    const again = memoryOf('one').memory

    expect([again.salt, again.file('file')]).toEqual([memory.salt, FILE])
  })

  it('goes on in a full browser, tells of it, and tells when there is room again', () => {
    keeping.room = 10
    const { memory, told } = memoryOf('one')

    memory.remember('file', FILE)
    vi.runAllTimers()
    keeping.room = Infinity
    memory.remember('other', FILE)
    vi.runAllTimers()

    expect(told).toEqual([false, false, true])
    expect(memory.file('file')).toEqual(FILE)
    expect(memoryOf('one').memory.file('file')).toEqual(FILE)
  })

  it('goes on where it is forbidden to keep anything', () => {
    forbid()

    const { memory, told } = memoryOf('one')

    expect(told).toEqual([false])
    expect(memory.isKept).toBe(false)
    expect(memory.salt).toMatch(/^[0-9a-f]{64}$/)
  })

  it('begins anew on what no page of ours wrote', () => {
    keeping.setItem('sigille-deposit-one', '{"salt"')

    expect(memoryOf('one').memory.salt).toMatch(/^[0-9a-f]{64}$/)
  })

  it('takes the place of deposits that nobody came back to for a year', () => {
    memoryOf('old')
    vi.setSystemTime(NOW + YEAR)
    memoryOf('recent')
    vi.setSystemTime(NOW + YEAR + 1)
    keeping.room = taken()

    const { told } = memoryOf('one')

    expect(told).toEqual([true])
    expect(Object.keys(keeping).sort()).toEqual(['sigille-deposit-one', 'sigille-deposit-recent'])
  })
})

describe('what was sent', () => {
  it('is told by nobody where it is forbidden, and gives way last', () => {
    rememberSent('c', '2026-1', [FILE])
    keepAnnex(annexOf('d0'), NOW)
    markSaved('d0', 'aa')
    expect(finished(NOW)).toEqual(['sigille-annex-d0-aa', 'sigille-sent'])

    forbid()

    expect(sentFiles()).toEqual([])
  })
})
