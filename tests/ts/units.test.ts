// SPDX-License-Identifier: EUPL-1.2
import { describe, expect, it } from 'vitest'
import { formatDuration, formatRate, formatSize } from '../../static/ts/units'

/** Spaces of any kind, which languages choose, as one plain space. */
function plain(text: string): string {
  return text.replace(/\s/g, ' ')
}

describe('formatSize', () => {
  it.each([
    [0, '0 octet'],
    [999, '999 octets'],
    [1000, '1 ko'],
    [1540, '1,5 ko'],
    [2040, '2 ko'],
    [9949, '9,9 ko'],
    [9950, '10 ko'],
    [12_500, '13 ko'],
    [999_999, '1 000 ko'],
    [1_000_000, '1 Mo'],
    [40_000_000, '40 Mo'],
    [20_000_000_000, '20 Go'],
    [5_000_000_000_000, '5 000 Go'],
  ])('writes %d bytes in French', (bytes, expected) => {
    expect(plain(formatSize(bytes, 'fr'))).toBe(expected)
  })
})

describe('formatSize in English', () => {
  it.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [999, '999 bytes'],
    [1540, '1.5 kB'],
  ])('writes %d bytes', (bytes, expected) => {
    expect(plain(formatSize(bytes, 'en-GB'))).toBe(expected)
  })
})

describe('formatRate', () => {
  it('writes bytes a second', () => {
    expect(plain(formatRate(12_300_000, 'fr'))).toBe('12 Mo/s')
  })
})

describe('formatDuration', () => {
  it.each([
    [-1, '0 second'],
    [0, '0 second'],
    [59.9, '59 second'],
    [60, '1 minute 0 second'],
    [3599, '59 minute 59 second'],
    [3600, '1 hour 0 minute'],
    [90_061, '1 day 1 hour'],
  ])('writes %d seconds in their two largest units', (seconds, expected) => {
    expect(formatDuration(seconds, 'en').replace(/s\b/g, '')).toBe(expected)
  })
})
