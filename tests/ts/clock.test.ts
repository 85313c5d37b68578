// SPDX-License-Identifier: EUPL-1.2
import { afterEach, describe, expect, it, vi } from 'vitest'

const HOUR = 3_600_000 // milliseconds
const WRITTEN = 500 // milliseconds after the navigation began: when the server wrote the page
const LOADED = 900 // likewise: when its script began

/** The page was written an hour before the deadline; its script began when the clock of the computer said `clock`. */
async function left({ clock, awake, elapsed }: { clock: number; awake: number; elapsed: number }): Promise<number> {
  const tick = vi.fn(() => LOADED)
  vi.useFakeTimers({ now: clock, toFake: ['Date'] })
  vi.stubGlobal('performance', { now: tick, getEntriesByType: () => [{ responseStart: WRITTEN }] })
  vi.resetModules()
  const { secondsLeft } = await import('../../static/ts/pages/page/clock')
  tick.mockReturnValue(LOADED + awake)
  vi.setSystemTime(clock + elapsed)
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
  ])('counts from the clock of the server, beside %s', async (_which, clock) => {
    expect(await left({ clock, awake: HOUR / 4, elapsed: HOUR / 4 })).toBe(2699.6)
  })

  it('counts the time during which the computer slept', async () => {
    expect(await left({ clock: 0, awake: 1000, elapsed: HOUR + 600 })).toBe(-1)
  })

  it('is not put off by a clock that is set back', async () => {
    expect(await left({ clock: 10 * HOUR, awake: 600, elapsed: -5 * HOUR })).toBe(3599)
  })
})
