// SPDX-License-Identifier: EUPL-1.2
import { afterEach, describe, expect, it, vi } from 'vitest'
import { secondsLeft } from '../../static/ts/pages/page/clock'

const HOUR = 3_600_000 // milliseconds
const LOADED = 500 // milliseconds after the navigation began: when the server wrote the page

/** The page was written an hour before the deadline, for a computer whose clock said `clock`. */
function left({ clock, awake, elapsed }: { clock: number; awake: number; elapsed: number }): number {
  vi.useFakeTimers({ now: clock + elapsed, toFake: ['Date'] })
  vi.stubGlobal('performance', { timeOrigin: clock, now: () => awake, getEntriesByType: () => [{ responseStart: LOADED }] })
  const dataset = { now: '2026-11-02T09:00:00Z', closesAt: '2026-11-02T10:00:00Z' }
  return secondsLeft({ dataset } as unknown as HTMLElement)
}

describe('secondsLeft', () => {
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })

  it.each([
    ['a right clock', Date.parse('2026-11-02T09:00:00Z')],
    ['a clock of another year', Date.parse('2001-01-01T00:00:00Z')],
  ])('counts from the clock of the server, beside %s', (_which, clock) => {
    expect(left({ clock, awake: LOADED + HOUR / 4, elapsed: LOADED + HOUR / 4 })).toBe(2700)
  })

  it('counts the time during which the computer slept', () => {
    expect(left({ clock: 0, awake: LOADED + 1000, elapsed: LOADED + HOUR + 1000 })).toBe(-1)
  })

  it('is not put off by a clock that is set back', () => {
    expect(left({ clock: 10 * HOUR, awake: LOADED + 1000, elapsed: LOADED - 5 * HOUR })).toBe(3599)
  })
})
