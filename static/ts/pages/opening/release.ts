// SPDX-License-Identifier: EUPL-1.2
// One envelope: its content keys are unwrapped here with the private key, then released to the server.
import { type Bytes, equal, fromBase64, toHex } from '../../bytes'
import { nonceOf } from '../../envelope/cms'
import { Damaged, Misplaced } from '../../envelope/errors'
import { readHeader } from '../../envelope/header'
import type { ManifestFile } from '../../envelope/manifest'
import { type ContentKey, type FetchHeader, type Progress, unwrapContentKeys } from '../../envelope/open'
import type { KeyPair } from '../../keys/certificate'
import { getJson, postJson } from '../page/server'
import { describedEnvelope } from './manifest'

export interface SealedEnvelope {
  readonly id: string
  readonly manifestUrl: string
  readonly headersUrl: string
  readonly releaseUrl: string
  /** Where opening it here is declared, and above its sealed blocks. */
  readonly localUrl: string
  /** The name of the folder of its deposit. */
  readonly folder: string
}

export interface OpenedFile {
  readonly name: string
  readonly size: string
  readonly matches: boolean
  readonly url: string
  readonly report_url: string
}

/** What the server says of an envelope that it has released; texts are ready to show. */
export interface OpenedEnvelope {
  readonly opened_at: string
  readonly opened_by: string
  readonly key_pair: string
  readonly files: readonly OpenedFile[]
}

export interface ReleaseOptions {
  readonly accepts: string
  readonly csrfToken: string
  readonly onProgress: (progress: Progress) => void
}

/**
 * Releases an envelope. What this computer can check, it checks first: the recipients, and the place of each block.
 *
 * The server verifies every block before it keeps anything: all of the envelope opens, or nothing.
 */
export async function releaseEnvelope(
  sealed: SealedEnvelope,
  pair: KeyPair,
  { accepts, csrfToken, onProgress }: ReleaseOptions,
): Promise<OpenedEnvelope> {
  const [, envelope] = await describedEnvelope(sealed.manifestUrl, sealed.id, pair)
  const files = [envelope.index, ...envelope.files]
  const contentKeys = await unwrapContentKeys(files, pair, fetchHeaders(files, sealed.headersUrl), { onProgress })
  try {
    const body = { fingerprint: pair.certificate.fingerprint, accepts, files: byFile(contentKeys) }
    return (await postJson(sealed.releaseUrl, body, csrfToken)) as OpenedEnvelope
  } finally {
    for (const { key } of contentKeys) key.fill(0)
  }
}

/** What the server takes: for each file, its content keys end to end, in hexadecimal. */
export function byFile(contentKeys: readonly ContentKey[]): { id: string; keys: string }[] {
  const keysOf = new Map<string, string[]>()
  for (const { fileId, key } of contentKeys) keysOf.set(fileId, [...(keysOf.get(fileId) ?? []), toHex(key)])
  return Array.from(keysOf, ([id, keys]) => ({ id, keys: keys.join('') }))
}

interface HeadersPage {
  readonly headers: readonly string[]
  readonly following: number | null
}

/** The headers of an envelope's blocks, asked for in order, and fetched a page at a time. */
function fetchHeaders(files: readonly ManifestFile[], url: string): FetchHeader {
  const firstRank = new Map<string, number>()
  let blocks = 0
  for (const file of files) {
    firstRank.set(file.id, blocks)
    blocks += file.blocks.length
  }
  let start = 0
  let page: HeadersPage = { headers: [], following: 0 }
  let turn: Promise<unknown> = Promise.resolve()

  async function find(rank: number): Promise<Bytes> {
    while (rank >= start + page.headers.length) {
      if (page.following === null) throw new Damaged('the server has fewer blocks than the manifest')
      start = page.following
      page = (await getJson(`${url}?start=${String(start)}`)) as HeadersPage
    }
    return fromBase64(page.headers[rank - start] ?? '')
  }

  return async (fileId, number) => {
    const found = turn.then(() => find((firstRank.get(fileId) ?? 0) + number))
    turn = found.catch(() => undefined)
    const header = await found
    const file = files.find(({ id }) => id === fileId)
    if (file !== undefined) checkPlace(header, file, number)
    return header
  }
}

/** A header must be that of its place, and of a block as long as the manifest says. */
function checkPlace(bytes: Bytes, { id, blocks }: ManifestFile, number: number): void {
  const header = readHeader(bytes)
  const nonce = nonceOf({ fileId: id, number, isLast: number === blocks.length - 1 })
  if (!equal(header.nonce, nonce)) throw new Misplaced('the header is that of another place')
  if (header.blockSize !== blocks[number]?.size) throw new Damaged('the block has not the length of the manifest')
}
