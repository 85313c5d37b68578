// SPDX-License-Identifier: EUPL-1.2
import { afterEach, describe, expect, it, vi } from 'vitest'
import { measureSpeed, useAlgorithms } from '../../../static/ts/keys/readiness'
import { browserOf } from '../../../static/ts/pages/prepare/computer'

afterEach(() => {
  vi.restoreAllMocks()
})

describe('useAlgorithms', () => {
  it('is content with what an opening needs', async () => {
    await expect(useAlgorithms()).resolves.toBeUndefined()
  })

  it.each(['deriveBits', 'decrypt', 'generateKey'] as const)('tells where %s is missing', async (method) => {
    vi.spyOn(crypto.subtle, method).mockRejectedValue(new DOMException('none', 'NotSupportedError'))

    await expect(useAlgorithms()).rejects.toThrow('none')
  })

  it('tells where an algorithm is wrong', async () => {
    vi.spyOn(crypto.subtle, 'decrypt').mockResolvedValue(new ArrayBuffer(32))

    await expect(useAlgorithms()).rejects.toThrow('an algorithm is wrong')
  })
})

describe('measureSpeed', () => {
  it('counts the bytes of a second', async () => {
    const instants = [0, 500, 1000, 1500, 2000]

    // The clock is read after each block from the third on: the time is over at the fifth, and two seconds have passed.
    const speed = await measureSpeed(() => instants.shift() ?? 2000)

    expect(speed).toBe((5 * 8 * 1024 * 1024) / 2)
  })
})

describe('browserOf', () => {
  it.each([
    ['Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36', 'Chrome 131'],
    ['Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0', 'Edge 131'],
    ['Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0', 'Firefox 133'],
    ['Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15', 'Safari 18'],
    ['curl/8', '?'],
  ])('knows %s', (userAgent, expected) => {
    expect(browserOf(userAgent)).toBe(expected)
  })
})
