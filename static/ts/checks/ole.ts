// SPDX-License-Identifier: EUPL-1.2
// The documents of Office before 2007, and those of today once a password protects them: a compound file.
// Source: [MS-CFB] § 2.2 (header), § 2.6 (directory); [MS-OFFCRYPTO] § 2.3 (passwords); [MS-DOC] § 2.5.2; [MS-XLS] § 2.4.117.
import type { Finding } from './findings'
import { readPiece, viewOf } from './piece'

const HEADER_SIZE = 512 // bytes
const ENTRY_SIZE = 128 // bytes
const HEADER_TABLES = 109 // sectors of the allocation table that the header names
const MOST_SECTORS = 4096 // of the directory
const LAST_SECTOR = 0xfffffffa // beyond are marks, not sectors
const SMALL_STREAM = 4096 // bytes: smaller ones lie elsewhere
const MACROS = new Set(['_vba_project', '_vba_project_cur', 'macros', 'vba'])
const RECORD_OF_PASSWORD = 0x2f // FilePass
const WORD = 0xa5ec

interface Stream {
  readonly name: string
  readonly sector: number
  readonly size: number
}

export async function checkOle(file: Blob): Promise<readonly Finding[]> {
  const header = await readPiece(file, 0, HEADER_SIZE)
  if (header.length < HEADER_SIZE) return ['archive_cut']
  const sectorSize = 1 << viewOf(header).getUint16(30, true)
  if (sectorSize !== 512 && sectorSize !== 4096) return ['archive_damaged']
  const streams = await readDirectory(file, header, sectorSize)
  if (streams === null) return ['archive_cut']
  const found: Finding[] = []
  if (await isProtected(file, streams, sectorSize)) found.push('document_protected')
  if (streams.some(({ name }) => MACROS.has(name.toLowerCase()))) found.push('macros')
  return found
}

/** The streams; null where the file ends before what its header tells of. */
async function readDirectory(file: Blob, header: Uint8Array, sectorSize: number): Promise<Stream[] | null> {
  const streams: Stream[] = []
  let sector = viewOf(header).getUint32(48, true)
  for (let count = 0; count < MOST_SECTORS && sector < LAST_SECTOR; count++) {
    const entries = await readPiece(file, (sector + 1) * sectorSize, sectorSize)
    if (entries.length < sectorSize) return null
    for (let at = 0; at < sectorSize; at += ENTRY_SIZE) streams.push(parseStream(entries.subarray(at, at + ENTRY_SIZE)))
    sector = await nextSector(file, header, sector, sectorSize)
  }
  return streams
}

/** From the allocation table; the end where the header does not name its sector. */
async function nextSector(file: Blob, header: Uint8Array, sector: number, sectorSize: number): Promise<number> {
  const rank = Math.floor((sector * 4) / sectorSize)
  if (rank >= HEADER_TABLES) return LAST_SECTOR
  const table = viewOf(header).getUint32(76 + rank * 4, true)
  const entry = await readPiece(file, (table + 1) * sectorSize + ((sector * 4) % sectorSize), 4)
  return entry.length < 4 ? LAST_SECTOR : viewOf(entry).getUint32(0, true)
}

function parseStream(entry: Uint8Array): Stream {
  const view = viewOf(entry)
  const length = Math.min(64, Math.max(2, view.getUint16(64, true))) - 2 // bytes, without the final zero
  const name = new TextDecoder('utf-16le').decode(entry.subarray(0, length))
  return { name, sector: view.getUint32(116, true), size: view.getUint32(120, true) }
}

async function isProtected(file: Blob, streams: readonly Stream[], sectorSize: number): Promise<boolean> {
  if (streams.some(({ name }) => name === 'EncryptedPackage')) return true
  const main = streams.find(({ name, size }) => ['WordDocument', 'Workbook', 'Book'].includes(name) && size >= SMALL_STREAM)
  if (main === undefined) return false
  const start = viewOf(await readPiece(file, (main.sector + 1) * sectorSize, sectorSize))
  if (start.byteLength < sectorSize) return false
  return main.name === 'WordDocument' ? isProtectedText(start) : isProtectedWorkbook(start)
}

function isProtectedText(start: DataView): boolean {
  return start.getUint16(0, true) === WORD && (start.getUint16(10, true) & 0x100) !== 0
}

/** Among the first records, each its kind, its length, then its content. */
function isProtectedWorkbook(start: DataView): boolean {
  let position = 0
  for (let count = 0; count < 4 && position + 4 <= start.byteLength; count++) {
    if (start.getUint16(position, true) === RECORD_OF_PASSWORD) return true
    position += 4 + start.getUint16(position + 2, true)
  }
  return false
}
