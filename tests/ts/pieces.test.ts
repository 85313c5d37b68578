// SPDX-License-Identifier: EUPL-1.2
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Bytes, decodeUtf8, encodeUtf8, sha256Hex } from '../../static/ts/bytes'
import { PieceDigester } from '../../static/ts/pieces'
import { WorkerLost } from '../../static/ts/worker'
import { workHere } from './work_here'

const PIECES = ['Bon', 'jour', '', ' !']
const WHOLE = encodeUtf8(PIECES.join(''))
const LARGE = 64 * 1024 * 1024 + 1 // bytes: the library digests it

let workers: EventTarget[]
let digester: PieceDigester

beforeEach(() => {
  workers = workHere(() => import('../../static/ts/workers/pieces'))
  digester = new PieceDigester('/static/dist/workers/pieces.js')
})

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

async function digest(size: number): Promise<string> {
  await digester.begin(size)
  for (const piece of PIECES) await digester.add(encodeUtf8(piece))
  return digester.end()
}

describe('PieceDigester', () => {
  it.each([
    ['as long as announced', WHOLE.length, 1],
    ['shorter than announced', WHOLE.length + 1, 1],
    ['longer than announced', WHOLE.length - 1, 0],
    ['announced as empty', 0, 0],
    ['announced as long as is kept', LARGE - 1, 1],
    ['announced as longer', LARGE, 0],
  ])('digests a file that is %s', async (_, size, byWebCrypto) => {
    const expected = await sha256Hex(WHOLE)
    const native = vi.spyOn(crypto.subtle, 'digest')

    expect(await digest(size)).toBe(expected)

    expect(native).toHaveBeenCalledTimes(byWebCrypto)
  })

  it.each([0, LARGE])('digests a file without a byte, %i being announced', async (size) => {
    await digester.begin(size)

    expect(await digester.end()).toBe(await sha256Hex(new Uint8Array()))
  })

  it('is lent the bytes, and gives them back', async () => {
    const piece: Bytes = encodeUtf8('Bonjour').slice()
    await digester.begin(7)

    const added = digester.add(piece)

    expect(piece).toHaveLength(0)
    expect(decodeUtf8(await added)).toBe('Bonjour')
  })

  it.each([3, LARGE])('forgets a file that did not end, %i being announced', async (size) => {
    await digester.begin(size)
    await digester.add(encodeUtf8('Bon'))

    expect(await digest(WHOLE.length)).toBe(await sha256Hex(WHOLE))
    expect(await digest(LARGE)).toBe(await sha256Hex(WHOLE))
    expect(workers).toHaveLength(1)
  })

  it.each(['error', 'messageerror'])('refuses all of a file after the event %s, and starts anew with the next', async (failure) => {
    await digester.begin(7)
    const owed = digester.add(encodeUtf8('Bon'))

    workers[0]?.dispatchEvent(new Event(failure))

    await expect(owed).rejects.toThrow(WorkerLost)
    await expect(digester.add(encodeUtf8('jour'))).rejects.toThrow(WorkerLost)
    await expect(digester.end()).rejects.toThrow(WorkerLost)
    expect(await digest(7)).toBe(await sha256Hex(WHOLE))
    expect(workers).toHaveLength(2)
  })

  it('gives the digest of a file although the next one has begun', async () => {
    await digester.begin(3)
    await digester.add(encodeUtf8('Bon'))

    const [ended, begun] = [digester.end(), digester.begin(4)]
    await begun
    await digester.add(encodeUtf8('jour'))

    expect([await ended, await digester.end()]).toEqual([await sha256Hex(encodeUtf8('Bon')), await sha256Hex(encodeUtf8('jour'))])
  })

  it('refuses where its worker fails', async () => {
    await digester.begin(7)
    vi.spyOn(crypto.subtle, 'digest').mockRejectedValue(new Error('out of memory'))

    await expect(digester.end()).rejects.toThrow(WorkerLost)
  })

  it('refuses where the browser starts no worker at all', async () => {
    vi.stubGlobal('Worker', function refuse() {
      throw new DOMException('forbidden by the policy', 'SecurityError')
    })

    await expect(digester.begin(7)).rejects.toThrow(WorkerLost)
  })
})
