// SPDX-License-Identifier: EUPL-1.2
import { afterEach, beforeAll, expect, test, vi } from 'vitest'
import { type Bytes, concat, encodeUtf8, equal, sha256Hex } from '../../../static/ts/bytes'
import type { JsonValue } from '../../../static/ts/canonical'
import { BLOCK_SIZE } from '../../../static/ts/envelope/cms'
import { BadIndex, Damaged, type EnvelopeRefused, Misplaced, NotARecipient } from '../../../static/ts/envelope/errors'
import type { Manifest, ManifestEnvelope } from '../../../static/ts/envelope/manifest'
import { Comparing, type FetchBlock, openFile, openIndex, type Progress, unwrapContentKeys } from '../../../static/ts/envelope/open'
import { type GeneratedKeyPair, generateKeyPair } from '../../../static/ts/keys/generate'
import { PieceDigester } from '../../../static/ts/pieces'
import { WorkerLost } from '../../../static/ts/worker'
import { listed, sealBlock, type SealedFile, sealFile, sealJson } from '../sealer'
import { workHere } from '../work_here'

const NOW = new Date('2026-11-22T20:30:15Z')
const ID = '00112233445566ff'
const OTHER_ID = '00112233445566fe'
const DEPOSIT = '6f1c2a52-4f0e-4d53-9d0a-3c5a54a0e001'
const ENVELOPE = '6f1c2a52-4f0e-4d53-9d0a-3c5a54a0e003'

let pair: GeneratedKeyPair
let plaintext: Bytes
let sealed: SealedFile

beforeAll(async () => {
  pair = await generateKeyPair({ algorithm: 'P-256', commonName: 'Clé', now: NOW })
  plaintext = Uint8Array.from({ length: 2 * BLOCK_SIZE + 5 }, (_, i) => i ^ (i >> 11))
  sealed = await seal(plaintext)
}, 30_000)

afterEach(() => {
  vi.unstubAllGlobals()
})

function seal(bytes: Bytes, cuts?: readonly number[]): Promise<SealedFile> {
  return sealFile(bytes, [pair.certificate], ID, cuts)
}

/** Serves the blocks as a network does: in bytes that are the caller's. */
function serve(...files: readonly SealedFile[]): FetchBlock {
  return (fileId, number) => {
    const block = files.find(({ file }) => file.id === fileId)?.blocks[number]
    return block === undefined ? Promise.reject(new Error('no such block')) : Promise.resolve(block.slice())
  }
}

/** What comes out of a stream until it ends or errors. */
async function drain(stream: ReadableStream<Bytes>): Promise<{ pieces: Bytes[]; error?: unknown }> {
  const pieces: Bytes[] = []
  try {
    for await (const piece of stream) pieces.push(piece)
    return { pieces }
  } catch (error) {
    return { pieces, error }
  }
}

test.each([
  ['no byte', 0, 1],
  ['one byte', 1, 1],
  ['a block less a byte', BLOCK_SIZE - 1, 1],
  ['a whole block', BLOCK_SIZE, 1],
  ['a block and a byte', BLOCK_SIZE + 1, 2],
] as const)('a file of %s comes out as it was', async (_, size, count) => {
  const part = plaintext.slice(0, size)
  const file = await seal(part)

  const { pieces, error } = await drain(openFile(file.file, pair, serve(file)))

  expect(error).toBeUndefined()
  expect(pieces).toHaveLength(count)
  expect(equal(concat(...pieces), part)).toBe(true)
})

test('a file of three blocks comes out as it was', async () => {
  const { pieces, error } = await drain(openFile(sealed.file, pair, serve(sealed)))

  expect(error).toBeUndefined()
  expect(pieces.map(({ length }) => length)).toEqual([BLOCK_SIZE, BLOCK_SIZE, 5])
  expect(equal(concat(...pieces), plaintext)).toBe(true)
})

type Alteration = (blocks: readonly Bytes[]) => Promise<SealedFile>
const relisted =
  (choose: (blocks: readonly Bytes[]) => (Bytes | undefined)[]): Alteration =>
  (blocks) =>
    listed(
      ID,
      choose(blocks).filter((block) => block !== undefined),
    )

test.each<[string, number, new () => EnvelopeRefused, Alteration]>([
  ['two blocks swapped', 0, Misplaced, relisted(([a, b, c]) => [b, a, c])],
  ['a block repeated', 1, Misplaced, relisted(([a, , c]) => [a, a, c])],
  ['the last block taken away', 1, Misplaced, relisted(([a, b]) => [a, b])],
  ['the first block taken away', 0, Misplaced, relisted(([, b, c]) => [b, c])],
  ['a block added', 2, Misplaced, relisted(([a, b, c]) => [a, b, c, c])],
  [
    'a block of another file',
    1,
    Misplaced,
    async ([a, , c]) => {
      const other = await sealBlock(plaintext.subarray(0, BLOCK_SIZE), [pair.certificate], { fileId: OTHER_ID, number: 1, isLast: false })
      return relisted(() => [a, other, c])([])
    },
  ],
  ['a tag that does not agree', 2, Damaged, relisted(([a, b, c]) => [a, b, c?.map((byte, i) => (i === c.length - 1 ? byte ^ 1 : byte))])],
  ['a short block before the last', 0, Misplaced, () => seal(plaintext.slice(0, 20), [10, 10])],
  ['an empty last block', 1, Misplaced, () => seal(plaintext.slice(0, BLOCK_SIZE), [BLOCK_SIZE, 0])],
  ['a block too long', 0, Misplaced, () => seal(plaintext.slice(0, BLOCK_SIZE + 1), [BLOCK_SIZE + 1])],
])('a manifest with %s errors the stream after %i good blocks', async (_, good, Refusal, alter) => {
  const altered = await alter(sealed.blocks)

  const { pieces, error } = await drain(openFile(altered.file, pair, serve(altered)))

  expect(error).toBeInstanceOf(Refusal)
  expect(equal(concat(...pieces), plaintext.subarray(0, good * BLOCK_SIZE))).toBe(true)
})

test.each<[string, (block: Bytes) => Bytes]>([
  ['of another digest', (block) => block.map((byte, i) => (i === 1000 ? byte ^ 1 : byte))],
  ['cut', (block) => block.slice(0, -1)],
  ['of other bytes of the same length', (block) => new Uint8Array(block.length)],
])('a block that comes %s is damaged, and gives nothing', async (_, alter) => {
  const fetchBlock: FetchBlock = async (id, number) => {
    const block = await serve(sealed)(id, number)
    return number === 1 ? alter(block) : block
  }

  const { pieces, error } = await drain(openFile(sealed.file, pair, fetchBlock))

  expect(error).toBeInstanceOf(Damaged)
  expect(pieces).toHaveLength(1)
})

test('blocks are opened two ahead, and no more', async () => {
  const { file, blocks } = await listed(ID, [...sealed.blocks, ...sealed.blocks])
  const fetchBlock = vi.fn(serve({ file, blocks }))
  const reader = openFile(file, pair, fetchBlock).getReader()

  expect(fetchBlock).toHaveBeenCalledTimes(0)
  await reader.read()
  expect(fetchBlock.mock.calls.map(([, number]) => number)).toEqual([0, 1, 2])
  await reader.read()
  expect(fetchBlock.mock.calls.map(([, number]) => number)).toEqual([0, 1, 2, 3])
})

test('blocks come in their order, however the network gives them', async () => {
  const arrivals: (() => void)[] = []
  const fetchBlock: FetchBlock = async (id, number) => {
    await new Promise<void>((resolve) => arrivals.push(resolve))
    return serve(sealed)(id, number)
  }
  const drained = drain(openFile(sealed.file, pair, fetchBlock))
  await vi.waitFor(() => {
    expect(arrivals).toHaveLength(3)
  })

  for (const arrive of arrivals.toReversed()) arrive()

  const { pieces, error } = await drained
  expect(error).toBeUndefined()
  expect(equal(concat(...pieces), plaintext)).toBe(true)
})

test('a refusal stops the reading of what follows', async () => {
  const signals: (AbortSignal | undefined)[] = []
  const fetchBlock: FetchBlock = (id, number, signal) => {
    signals.push(signal)
    return number === 0 ? Promise.resolve(new Uint8Array()) : serve(sealed)(id, number)
  }

  const { error } = await drain(openFile(sealed.file, pair, fetchBlock))

  expect(error).toBeInstanceOf(Damaged)
  expect(signals.map((signal) => signal?.aborted)).toEqual([true, true, true])
})

test('cancelling tells the network', async () => {
  const signals: (AbortSignal | undefined)[] = []
  const fetchBlock: FetchBlock = (id, number, signal) => {
    signals.push(signal)
    return serve(sealed)(id, number)
  }
  const reader = openFile(sealed.file, pair, fetchBlock).getReader()
  await reader.read()

  await reader.cancel()

  expect(signals.map((signal) => signal?.aborted)).toEqual([true, true, true])
})

test('an abort errors the stream', async () => {
  const abort = new AbortController()
  const reader = openFile(sealed.file, pair, serve(sealed), abort.signal).getReader()
  await reader.read()

  abort.abort()

  await expect(reader.read()).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }) as Error)
})

test('a network that fails errors the stream with its own error', async () => {
  const fetchBlock: FetchBlock = (id, number) => (number === 2 ? Promise.reject(new Error('cut')) : serve(sealed)(id, number))

  const { pieces, error } = await drain(openFile(sealed.file, pair, fetchBlock))

  expect(error).toEqual(new Error('cut'))
  expect(pieces).toHaveLength(2)
})

test('unwrapContentKeys reads headers alone, and tells how far it is', async () => {
  const fetchHeader: FetchBlock = async (id, number) => (await serve(sealed)(id, number)).slice(0, 600)
  const steps: Progress[] = []

  const keys = await unwrapContentKeys([sealed.file, sealed.file], pair, fetchHeader, { onProgress: (progress) => steps.push(progress) })

  expect(keys.map(({ fileId, number }) => [fileId, number])).toEqual([0, 1, 2, 0, 1, 2].map((number) => [ID, number]))
  expect(keys.every(({ key }) => key.length === 32)).toBe(true)
  expect(keys[0]?.key).toEqual(keys[3]?.key)
  expect(keys[0]?.key).not.toEqual(keys[1]?.key)
  expect(steps).toEqual([
    { done: 4, total: 6 },
    { done: 6, total: 6 },
  ])
})

test('unwrapContentKeys stops when told', async () => {
  const fetchHeader = vi.fn(serve(sealed))

  await expect(unwrapContentKeys([sealed.file], pair, fetchHeader, { signal: AbortSignal.abort() })).rejects.toThrow(
    expect.objectContaining({ name: 'AbortError' }) as Error,
  )
  expect(fetchHeader).not.toHaveBeenCalled()
})

test('unwrapContentKeys refuses what is sealed to others', async () => {
  const other = await generateKeyPair({ algorithm: 'P-256', commonName: 'Autre', now: NOW })

  await expect(unwrapContentKeys([sealed.file], other, serve(sealed))).rejects.toThrow(NotARecipient)
})

const INDEX = {
  deposit: DEPOSIT,
  envelope: ENVELOPE,
  files: [{ id: ID, name: 'Étude.pdf', sha256: '0'.repeat(64), size: 5 }],
  kind: 'offer',
  lot: 2,
  version: 1,
} as const

async function sealIndex(index: JsonValue): Promise<{ manifest: Manifest; envelope: ManifestEnvelope; fetchBlock: FetchBlock }> {
  const sealedIndex = await sealJson(index, [pair.certificate], OTHER_ID)
  const envelope = { id: ENVELOPE, kind: 'offer', lot: 2, index: sealedIndex.file, files: [sealed.file] } as const
  return {
    manifest: { deposit: DEPOSIT, consultation: DEPOSIT, envelopes: [envelope], recipients: [] },
    envelope,
    fetchBlock: serve(sealedIndex),
  }
}

test('openIndex gives the names of an envelope', async () => {
  const { manifest, envelope, fetchBlock } = await sealIndex(INDEX)

  const { files } = await openIndex(manifest, envelope, pair, fetchBlock)

  expect(files).toEqual(INDEX.files)
})

test.each<[string, JsonValue]>([
  ['is of another envelope', { ...INDEX, envelope: DEPOSIT }],
  ['names another file', { ...INDEX, files: [{ ...INDEX.files[0], id: OTHER_ID }] }],
  ['is no index', { ...INDEX, version: 2 }],
])('openIndex refuses an index that %s', async (_, index) => {
  const { manifest, envelope, fetchBlock } = await sealIndex(index)

  await expect(openIndex(manifest, envelope, pair, fetchBlock)).rejects.toThrow(BadIndex)
})

test.each([
  ['as announced', 'Bonjour', { sizeAgrees: true, sha256Agrees: true }],
  ['of another content', 'Bonsoir', { sizeAgrees: true, sha256Agrees: false }],
  ['of another size', 'Bonjour !', { sizeAgrees: false, sha256Agrees: false }],
])('Comparing lets a file %s through, and tells', async (_, content, expected) => {
  const announced = { id: ID, name: 'a', size: 7, sha256: await sha256Hex(encodeUtf8('Bonjour')) }
  workHere(() => import('../../../static/ts/workers/pieces'))
  const comparing = new Comparing(announced, new PieceDigester('/pieces.js'))
  const source = new ReadableStream<Bytes>({
    start(controller) {
      for (const character of content) controller.enqueue(encodeUtf8(character))
      controller.close()
    },
  })

  const passed = await drain(source.pipeThrough(comparing))

  expect(concat(...passed.pieces)).toEqual(encodeUtf8(content))
  expect(await comparing.comparison).toEqual(expected)
})

test('Comparing errors the stream where its worker is lost', async () => {
  const workers = workHere(() => import('../../../static/ts/workers/pieces'))
  const comparing = new Comparing({ id: ID, name: 'a', size: 7, sha256: '' }, new PieceDigester('/pieces.js'))
  const source = new ReadableStream<Bytes>({
    pull(controller) {
      controller.enqueue(encodeUtf8('B'))
    },
  })
  const opened = source.pipeThrough(comparing)
  const reader = opened.getReader()
  await reader.read()
  reader.releaseLock()

  workers[0]?.dispatchEvent(new Event('error'))

  expect((await drain(opened)).error).toBeInstanceOf(WorkerLost)
})
