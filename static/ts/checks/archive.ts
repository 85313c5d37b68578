// SPDX-License-Identifier: EUPL-1.2
// A ZIP, and the documents that are one: OOXML (ISO/IEC 29500-2), ODF (ISO/IEC 26300-2).
import { concat } from '../bytes'
import type { Finding } from './findings'
import { asText, readPiece, viewOf } from './piece'
import { type Entry, readEntries } from './zip'

const ODF_MANIFEST = 'META-INF/manifest.xml'
const LARGEST_MANIFEST = 1024 * 1024 // bytes, compressed; it names each part of a document
const DEFLATED = 8
const TELLING: readonly (readonly [Finding, (entry: Entry) => boolean])[] = [
  ['archive_protected', ({ isEncrypted }) => isEncrypted],
  ['macros', ({ name }) => /(?:^|\/)vbaproject\.bin$|^basic\//i.test(name)],
  ['already_sealed', ({ name }) => /^blocks\/[0-9a-f]+\/\d+\.p7m$/.test(name)], // our archive: `envelopes/archive.py`
]

export async function checkArchive(file: Blob): Promise<readonly Finding[]> {
  const entries = await readEntries(file)
  if (entries === 'unknown') return []
  if (typeof entries === 'string') return [entries === 'cut' ? 'archive_cut' : 'archive_damaged']
  if (entries.length === 0) return ['archive_empty']
  const told = TELLING.flatMap(([finding, tells]) => (entries.some(tells) ? [finding] : []))
  return (await isProtectedDocument(file, entries)) ? [...told, 'document_protected'] : told
}

/** The manifest of an ODF document stays readable: it says how each part was encrypted. */
async function isProtectedDocument(file: Blob, entries: readonly Entry[]): Promise<boolean> {
  const isOdf = entries[0]?.name === 'mimetype'
  const manifest = entries.find(({ name }) => name === ODF_MANIFEST)
  if (!isOdf || manifest === undefined || manifest.compressedSize > LARGEST_MANIFEST) return false
  return asText(await contentOf(file, manifest)).includes('encryption-data')
}

async function contentOf(file: Blob, entry: Entry): Promise<Uint8Array> {
  const sizes = viewOf(await readPiece(file, entry.offset + 26, 4))
  const start = entry.offset + 30 + sizes.getUint16(0, true) + sizes.getUint16(2, true)
  const content = file.slice(start, start + entry.compressedSize)
  return entry.method === DEFLATED ? await inflate(content) : await readPiece(content, 0, LARGEST_MANIFEST)
}

/** The beginning of what was deflated; nothing more where it is damaged. */
async function inflate(content: Blob): Promise<Uint8Array> {
  const reader = content.stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader()
  const pieces: Uint8Array[] = []
  let size = 0
  while (size < LARGEST_MANIFEST) {
    const piece = await reader.read().catch(() => ({ done: true, value: undefined }) as const)
    if (piece.done) break
    pieces.push(piece.value)
    size += piece.value.length
  }
  void reader.cancel().catch(() => undefined)
  return concat(...pieces)
}
