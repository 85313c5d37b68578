// SPDX-License-Identifier: EUPL-1.2
import { describe, expect, it } from 'vitest'
import { measureLine, type Send } from '../../static/ts/line'

const MOST = 4 * 1024 * 1024

/** A line of so many bytes a second, `distance` milliseconds from the server, that breaks after `pieces`. */
function makeLine(rate: number, { distance = 0, pieces = Infinity } = {}) {
  const line = { time: 0, sizes: [] as number[] }
  const send: Send = (piece) => {
    if (line.sizes.length >= pieces) return Promise.reject(new Error('cut'))
    line.sizes.push(piece.length)
    line.time += distance + (piece.length * 1000) / rate
    return Promise.resolve()
  }
  return { line, send, now: () => line.time }
}

describe('measureLine', () => {
  it.each([20_000, 1_000_000, 100_000_000])('tells the rate of a line of %d bytes a second', async (rate) => {
    const { now, send } = makeLine(rate)

    expect(await measureLine(send, MOST, now)).toBeCloseTo(rate, -2)
  })

  it('sends no more than it may', async () => {
    const { line, now, send } = makeLine(1e9)

    await measureLine(send, MOST, now)

    const total = line.sizes.reduce((sum, size) => sum + size)
    expect([total <= MOST, total > MOST / 2]).toEqual([true, true])
  })

  it('stops after about five seconds on a slow line', async () => {
    const { line, now, send } = makeLine(100_000)

    await measureLine(send, MOST, now)

    expect(line.time).toBeGreaterThan(1000)
    expect(line.time).toBeLessThan(5500)
  })

  it('is hardly wrong where the server is far', async () => {
    const { now, send } = makeLine(1_000_000, { distance: 50 })

    expect(await measureLine(send, MOST, now)).toBeGreaterThan(900_000)
  })

  it('keeps what it has seen where the line is cut, and rejects where it has seen nothing', async () => {
    const cut = makeLine(1_000_000, { pieces: 2 })
    const dead = makeLine(1_000_000, { pieces: 0 })

    expect(await measureLine(cut.send, MOST, cut.now)).toBeCloseTo(1_000_000, -2)
    await expect(measureLine(dead.send, MOST, dead.now)).rejects.toThrow('cut')
  })
})
