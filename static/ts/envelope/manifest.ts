// SPDX-License-Identifier: EUPL-1.2
// What binds the blocks of a deposit together: its manifest, and the index of each of its envelopes.
// Source: docs/envelope-format.md § 6 to § 9.
import { encodeUtf8 } from '../bytes'
import { type JsonValue, NotCanonical, parseCanonical } from '../canonical'
import { BLOCK_SIZE } from './cms'
import { BadIndex, BadManifest } from './errors'
import { allDifferent, DIGEST, elements, FILE_ID, integer, members, ShapeError, text, UUID } from './shape'

export type EnvelopeKind = 'application' | 'offer'

/** One sealed block: length in bytes and SHA-256 of the whole ciphertext. */
export interface ManifestBlock {
  readonly sha256: string
  readonly size: number
}

export interface ManifestFile {
  readonly id: string
  readonly blocks: readonly ManifestBlock[]
}

export interface ManifestEnvelope {
  readonly id: string
  readonly kind: EnvelopeKind
  readonly lot: number | null
  readonly index: ManifestFile
  /** In the order of the index. */
  readonly files: readonly ManifestFile[]
}

export interface Manifest {
  readonly deposit: string
  readonly consultation: string
  readonly envelopes: readonly ManifestEnvelope[]
  /** Fingerprints of certificates, sorted. */
  readonly recipients: readonly string[]
}

/** A file as the bidder's computer announced it: `size` and `sha256` are those of the plaintext. */
export interface IndexFile {
  readonly id: string
  /** What the bidder wrote: escape it, and make it different from the others of the envelope before writing files. */
  readonly name: string
  readonly sha256: string
  readonly size: number
}

export interface Index {
  readonly deposit: string
  readonly envelope: string
  readonly kind: EnvelopeKind
  readonly lot: number | null
  readonly files: readonly IndexFile[]
}

const VERSION = 1
const RECIPIENT_LIMIT = 64
const NAME_LIMIT = 255 // bytes of UTF-8
// eslint-disable-next-line no-control-regex -- they are what is refused
const NAME = /^(?!\.{1,2}$)[^/\\\u0000-\u001f\u007f-\u009f]+$/

/** The manifest that these bytes are. Its digest is compared with the receipt's by who has the receipt. */
export function readManifest(bytes: Uint8Array): Manifest {
  return read(bytes, toManifest, BadManifest)
}

/** The index that these bytes are. Two names may be equal but for case: it is for who writes files to tell them apart (§ 6). */
export function readIndex(bytes: Uint8Array): Index {
  return read(bytes, toIndex, BadIndex)
}

/** Refuses an index that is not that of this envelope of this deposit (§ 9, 8); sizes and digests are for who has the plaintext. */
export function checkIndexFits(index: Index, manifest: Manifest, envelope: ManifestEnvelope): void {
  const sameEnvelope = index.deposit === manifest.deposit && index.envelope === envelope.id
  if (!sameEnvelope || index.kind !== envelope.kind || index.lot !== envelope.lot) throw new BadIndex('the index is of another envelope')
  const sameFiles = index.files.length === envelope.files.length && index.files.every(({ id }, i) => id === envelope.files[i]?.id)
  if (!sameFiles) throw new BadIndex('the index has not the files of its envelope')
}

function read<T>(bytes: Uint8Array, convert: (value: JsonValue) => T, Refusal: typeof BadManifest | typeof BadIndex): T {
  try {
    return convert(parseCanonical(bytes))
  } catch (cause) {
    if (cause instanceof NotCanonical || cause instanceof ShapeError) throw new Refusal(cause.message, { cause })
    throw cause
  }
}

function toManifest(value: JsonValue): Manifest {
  const member = members(value, 'block_size', 'consultation', 'deposit', 'envelopes', 'recipients', 'version')
  integer(member('version'), VERSION, VERSION)
  integer(member('block_size'), BLOCK_SIZE, BLOCK_SIZE)
  const manifest = {
    deposit: text(member('deposit'), UUID),
    consultation: text(member('consultation'), UUID),
    envelopes: elements(member('envelopes'), toEnvelope),
    recipients: elements(member('recipients'), (digest) => text(digest, DIGEST)),
  }
  checkRecipients(manifest.recipients)
  allDifferent(
    manifest.envelopes.map(({ id }) => id),
    'an envelope',
  )
  allDifferent(
    manifest.envelopes.flatMap(({ index, files }) => [index.id, ...files.map(({ id }) => id)]),
    'a file id',
  )
  return manifest
}

function checkRecipients(recipients: readonly string[]): void {
  if (recipients.length > RECIPIENT_LIMIT) throw new ShapeError('more than 64 recipients')
  allDifferent(recipients, 'a recipient')
  if (recipients.some((digest, i) => digest < (recipients[i - 1] ?? ''))) throw new ShapeError('the recipients are not sorted')
}

function toEnvelope(value: JsonValue): ManifestEnvelope {
  const member = members(value, 'files', 'id', 'index', 'kind', 'lot')
  return {
    id: text(member('id'), UUID),
    kind: toKind(member('kind')),
    lot: toLot(member('lot')),
    index: toFile(member('index')),
    files: elements(member('files'), toFile),
  }
}

function toFile(value: JsonValue): ManifestFile {
  const member = members(value, 'blocks', 'id')
  return { id: text(member('id'), FILE_ID), blocks: elements(member('blocks'), toBlock) }
}

function toBlock(value: JsonValue): ManifestBlock {
  const member = members(value, 'sha256', 'size')
  return { sha256: text(member('sha256'), DIGEST), size: integer(member('size'), 1) }
}

function toIndex(value: JsonValue): Index {
  const member = members(value, 'deposit', 'envelope', 'files', 'kind', 'lot', 'version')
  integer(member('version'), VERSION, VERSION)
  const index = {
    deposit: text(member('deposit'), UUID),
    envelope: text(member('envelope'), UUID),
    kind: toKind(member('kind')),
    lot: toLot(member('lot')),
    files: elements(member('files'), toIndexFile),
  }
  allDifferent(
    index.files.map(({ id }) => id),
    'a file id',
  )
  return index
}

function toIndexFile(value: JsonValue): IndexFile {
  const member = members(value, 'id', 'name', 'sha256', 'size')
  const name = text(member('name'), NAME)
  if (encodeUtf8(name).length > NAME_LIMIT) throw new ShapeError('a name of more than 255 bytes')
  return { id: text(member('id'), FILE_ID), name, sha256: text(member('sha256'), DIGEST), size: integer(member('size'), 0) }
}

function toKind(value: JsonValue): EnvelopeKind {
  if (value !== 'application' && value !== 'offer') throw new ShapeError('an application or an offer is expected')
  return value
}

function toLot(value: JsonValue): number | null {
  return value === null ? null : integer(value, 1)
}
