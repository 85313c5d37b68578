// SPDX-License-Identifier: EUPL-1.2
import { expect, it } from 'vitest'
import { fromBase64, toBase64 } from '../../static/ts/bytes'

it.each([0, 1, 2, 3, 200_000])('base64 is that of other programs, both ways, for %d bytes', (length) => {
  const bytes = Uint8Array.from({ length }, (_, i) => (i * 7 + 250) % 256)
  const text = Buffer.from(bytes).toString('base64')

  expect(toBase64(bytes) === text).toBe(true)
  expect(Buffer.from(fromBase64(text)).equals(bytes)).toBe(true)
})
