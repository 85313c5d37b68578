// SPDX-License-Identifier: EUPL-1.2
// Opening what a manifest binds together: content keys to release, an index, files as streams.
// Source: docs/envelope-format.md § 9.
import { type Bytes, concat, sha256Hex } from '../bytes'
import type { KeyPair } from '../keys/certificate'
import type { PieceDigester } from '../pieces'
import { checkLength, openBlock, unwrapContentKey } from './cms'
import { Damaged } from './errors'
import { readHeader } from './header'
import { checkIndexFits, type Index, type IndexFile, type Manifest, type ManifestEnvelope, type ManifestFile, readIndex } from './manifest'

/** Gives a sealed block, in bytes of its own: opening it uses them up. */
export type FetchBlock = (fileId: string, number: number, signal?: AbortSignal) => Promise<Bytes>

/** Gives at least the header of a sealed block. */
export type FetchHeader = FetchBlock

export interface ContentKey {
  readonly fileId: string
  readonly number: number
  /** 32 bytes. */
  readonly key: Bytes
}

export interface Progress {
  readonly done: number
  readonly total: number
}

export interface UnwrapOptions {
  readonly onProgress?: (progress: Progress) => void
  readonly signal?: AbortSignal
}

const HEADERS_AT_ONCE = 4 // the network and the private key work side by side
const BLOCKS_AT_ONCE = 3 // likewise, while those before are used

/**
 * The content keys of all blocks of these files, in their order, to be released to the server.
 *
 * A header is not compared with the manifest, which digests whole blocks: the server, which has them, refuses a key that does not open.
 */
export async function unwrapContentKeys(
  files: readonly ManifestFile[],
  pair: KeyPair,
  fetchHeader: FetchHeader,
  { onProgress, signal }: UnwrapOptions = {},
): Promise<ContentKey[]> {
  const places = files.flatMap(({ id, blocks }) => blocks.map((_, number) => ({ fileId: id, number })))
  const contentKeys: ContentKey[] = []
  for (let start = 0; start < places.length; start += HEADERS_AT_ONCE) {
    const some = places.slice(start, start + HEADERS_AT_ONCE).map(async ({ fileId, number }) => {
      signal?.throwIfAborted()
      const header = readHeader(await fetchHeader(fileId, number, signal))
      return { fileId, number, key: await unwrapContentKey(header, pair) }
    })
    contentKeys.push(...(await Promise.all(some)))
    onProgress?.({ done: contentKeys.length, total: places.length })
  }
  return contentKeys
}

/** The index of an envelope, which is that of this manifest. */
export async function openIndex(
  manifest: Manifest,
  envelope: ManifestEnvelope,
  pair: KeyPair,
  fetchBlock: FetchBlock,
  signal?: AbortSignal,
): Promise<Index> {
  const pieces: Bytes[] = []
  for await (const piece of openBlocks(envelope.index, pair, fetchBlock, signal)) pieces.push(piece)
  const index = readIndex(concat(...pieces))
  checkIndexFits(index, manifest, envelope)
  return index
}

/**
 * The plaintext of a file, block by block: no byte comes out before its block's digest, place, tag and length are verified.
 *
 * A refusal errors the stream after the last good block: a file is complete when the stream closes, and not before.
 * Blocks are opened two ahead; a refusal and cancelling stop the reading.
 */
export function openFile(file: ManifestFile, pair: KeyPair, fetchBlock: FetchBlock, signal?: AbortSignal): ReadableStream<Bytes> {
  const stopped = new AbortController()
  const eitherSignal = signal === undefined ? stopped.signal : AbortSignal.any([signal, stopped.signal])
  const blocks = openBlocks(file, pair, fetchBlock, eitherSignal)
  return new ReadableStream<Bytes>(
    {
      async pull(controller) {
        try {
          const { done, value } = await blocks.next()
          if (done === true) controller.close()
          else controller.enqueue(value)
        } catch (error) {
          stopped.abort()
          throw error
        }
      },
      cancel(reason) {
        stopped.abort(reason)
      },
    },
    { highWaterMark: 0 }, // what is opened ahead is enough
  )
}

async function* openBlocks(
  file: ManifestFile,
  pair: KeyPair,
  fetchBlock: FetchBlock,
  signal?: AbortSignal,
): AsyncGenerator<Bytes, void, void> {
  const opening: Promise<Bytes>[] = []
  for (let number = 0, begun = 0; number < file.blocks.length; number++) {
    for (; begun < Math.min(number + BLOCKS_AT_ONCE, file.blocks.length); begun++) {
      const opened = openListedBlock(file, begun, pair, fetchBlock, signal)
      opened.catch(() => undefined) // it is told when its turn comes
      opening.push(opened)
    }
    const plaintext = await opening.shift()
    signal?.throwIfAborted()
    if (plaintext !== undefined) yield plaintext
  }
}

/** Steps 2 to 7 of § 9, for one block. */
async function openListedBlock(
  { id, blocks }: ManifestFile,
  number: number,
  pair: KeyPair,
  fetchBlock: FetchBlock,
  signal?: AbortSignal,
): Promise<Bytes> {
  const expected = blocks[number]
  const block = await fetchBlock(id, number, signal)
  signal?.throwIfAborted()
  if (block.length !== expected?.size || (await sha256Hex(block)) !== expected.sha256)
    throw new Damaged('the block is not that of the manifest')
  const place = { fileId: id, number, isLast: number === blocks.length - 1 }
  const plaintext = await openBlock(block, place, pair)
  checkLength(plaintext.length, place)
  return plaintext
}

/** How a file compares with what the bidder's computer announced; a difference is a warning, never a refusal (§ 9, 8). */
export interface Comparison {
  readonly sizeAgrees: boolean
  readonly sha256Agrees: boolean
}

/** Lets a plaintext through and compares it, once it has all passed, with what the index announced. */
export class Comparing extends TransformStream<Bytes, Bytes> {
  /** Settled when the last byte has passed. */
  readonly comparison: Promise<Comparison>

  /** `digester` works for this stream alone until it has ended; a piece is digested while the one before is used. */
  constructor({ size, sha256 }: IndexFile, digester: PieceDigester) {
    let passed = 0
    let settle: (comparison: Comparison) => void
    const comparison = new Promise<Comparison>((resolve) => {
      settle = resolve
    })
    const transformer = {
      start: () => digester.begin(size),
      async transform(piece: Bytes, controller: TransformStreamDefaultController<Bytes>) {
        passed += piece.length
        controller.enqueue(await digester.add(piece))
      },
      async flush() {
        settle({ sizeAgrees: passed === size, sha256Agrees: (await digester.end()) === sha256 })
      },
    }
    super(transformer, undefined, { highWaterMark: 1 })
    this.comparison = comparison
  }
}
