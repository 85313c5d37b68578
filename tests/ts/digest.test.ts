// SPDX-License-Identifier: EUPL-1.2
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { LARGEST_WHOLE, sha256Hex } from '../../static/ts/bytes'
import { Digester, FileUnreadable } from '../../static/ts/digest'
import { workHere } from './work_here'

let digester: Digester

beforeEach(() => {
  workHere(() => import('../../static/ts/workers/digest'))
  digester = new Digester('/static/dist/workers/digest.js')
})

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

it.each([
  ['empty', 0, 1],
  ['as large as is kept whole', LARGEST_WHOLE, 1],
  ['larger', LARGEST_WHOLE + 1, 0],
])('digests a file that is %s', async (_, size, byWebCrypto) => {
  const content = new Uint8Array(size).fill(7)
  const expected = await sha256Hex(content)
  const native = vi.spyOn(crypto.subtle, 'digest')
  const told: number[] = []

  expect(await digester.digest(new Blob([content]), (read) => told.push(read))).toBe(expected)

  expect(native).toHaveBeenCalledTimes(byWebCrypto)
  expect(told.length > 0).toBe(byWebCrypto === 0)
})

it.each([1, LARGEST_WHOLE + 1])('refuses a file of %i bytes that cannot be read any more', async (size) => {
  vi.spyOn(Blob.prototype, 'arrayBuffer').mockRejectedValue(new DOMException('moved', 'NotReadableError'))
  vi.spyOn(Blob.prototype, 'stream').mockImplementation(() => {
    throw new DOMException('moved', 'NotReadableError')
  })

  await expect(digester.digest(new Blob([new Uint8Array(size)]))).rejects.toThrow(FileUnreadable)
})

it('digests by pieces a file for which there is no room as a whole', async () => {
  const content = new TextEncoder().encode('Bonjour')
  vi.spyOn(Blob.prototype, 'arrayBuffer').mockRejectedValue(new RangeError('Array buffer allocation failed'))

  expect(await digester.digest(new Blob([content]))).toBe(await sha256Hex(content))
})
