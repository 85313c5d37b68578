// SPDX-License-Identifier: EUPL-1.2
import { describe, expect, it } from 'vitest'
import { foldName, isNameAllowed } from '../../static/ts/pages/deposit/dropzone'
import { Rate } from '../../static/ts/pages/deposit/rate'
import { parseProblem } from '../../static/ts/upload'

describe('parseProblem', () => {
  it('keeps the words of a refusal of ours', () => {
    const refusal = { code: 'file_too_large', message: 'Too large.', remedy: 'Split it.' }

    expect(parseProblem(JSON.stringify(refusal), 413)).toEqual(refusal)
  })

  it.each([
    ['', 401, 'signed_out'],
    ['<!doctype html>', 403, 'forbidden'],
    ['', 404, 'upload_removed'],
    ['', 410, 'upload_removed'],
    ['', 0, 'network'],
    ['<!doctype html>', 500, 'server_error'],
    ['null', 500, 'server_error'],
    ['{}', 502, 'server_error'],
  ])('names what answers %s with status %d', (body, status, code) => {
    expect(parseProblem(body, status)).toEqual({ code })
  })
})

describe('Rate', () => {
  it('is that of the last eight seconds', () => {
    const rate = new Rate()

    for (let second = 0; second <= 20; second++) rate.add(second < 10 ? second * 1000 : second * 5000, second * 1000)

    expect(rate.current).toBe(5000)
  })

  it('is unknown at first, and after a file was removed', () => {
    const rate = new Rate()

    rate.add(5000, 0)
    expect(rate.current).toBe(0)
    rate.add(9000, 1000)
    expect(rate.current).toBe(4000)
    rate.add(1000, 2000)
    expect(rate.current).toBe(0)
  })
})

describe('isNameAllowed', () => {
  it.each(['DC1.pdf', 'é'.repeat(127), '…', ' a'])('allows %s', (name) => {
    expect(isNameAllowed(name)).toBe(true)
  })

  it.each(['', '.', '..', 'a/b', 'a\\b', 'a\u0000', 'a\u009f', 'é'.repeat(128), '\ud800'])('refuses %s', (name) => {
    expect(isNameAllowed(name)).toBe(false)
  })
})

describe('foldName', () => {
  it.each([
    ['Plan.PDF', 'plan.pdf'],
    ['\u00e9.pdf', 'e\u0301.pdf'],
  ])('does not tell %s from %s', (one, other) => {
    expect(foldName(one)).toBe(foldName(other))
  })
})
