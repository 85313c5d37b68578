// SPDX-License-Identifier: EUPL-1.2
// A ZIP is read from its end: the place of its directory, then the directory, which says where each entry lies.
// Source: APPNOTE.TXT 6.3.10, § 4.3 (structure), § 4.4 (fields), § 4.5.3 (ZIP64).
import { asText, hasAt, readPiece, viewOf } from './piece'

const END_SIZE = 22 // bytes, before the comment
const LONGEST_COMMENT = 0xffff
const LOCATOR_SIZE = 20 // bytes
const END_64_SIZE = 56 // bytes
const LOCAL_SIZE = 30 // bytes of a local header, without its name
const LARGEST_DIRECTORY = 16 * 1024 * 1024 // bytes: 100,000 entries; a larger one is not looked at
const FULL = 0xffffffff // the value is in the ZIP64 field
const WRAP = 2 ** 32 // the Finder writes larger archives without ZIP64: sizes modulo this
const END = [0x50, 0x4b, 5, 6]
const LOCATOR = [0x50, 0x4b, 6, 7]
const END_64 = [0x50, 0x4b, 6, 6]
const CENTRAL = [0x50, 0x4b, 1, 2]
const FIRST_PART = [0x50, 0x4b, 7, 8]
const LOCAL = [0x50, 0x4b, 3, 4]

export interface Entry {
  readonly name: string
  readonly isEncrypted: boolean
  readonly method: number
  readonly compressedSize: number
  /** Of its local header, in the file. */
  readonly offset: number
  readonly nameSize: number // bytes
}

interface Directory {
  readonly start: number
  readonly size: number
  readonly count: number
  /** Bytes before the archive, which its offsets do not count. */
  readonly shift: number
}

/** `damaged`, `cut`; `unknown` for a part of a split archive, or one too large to be looked at. */
export type Unreadable = 'cut' | 'damaged' | 'unknown'

/** The entries of an archive of which the structure holds. */
export async function readEntries(file: Blob): Promise<readonly Entry[] | Unreadable> {
  if (hasAt(await readPiece(file, 0, FIRST_PART.length), 0, FIRST_PART)) return 'unknown'
  const directory = await findDirectory(file)
  if (typeof directory === 'string') return directory
  if (directory.size > LARGEST_DIRECTORY) return 'unknown'
  const entries = parseEntries(await readPiece(file, directory.start, directory.size), directory.shift)
  const isCounted = entries !== null && entries.length % 0x10000 === directory.count % 0x10000
  if (!isCounted) return 'damaged'
  return (await isLaidOut(file, entries, directory.start)) ? entries : 'damaged'
}

async function findDirectory(file: Blob): Promise<Directory | Unreadable> {
  const tailStart = Math.max(0, file.size - END_SIZE - LONGEST_COMMENT - LOCATOR_SIZE)
  const tail = await readPiece(file, tailStart, file.size - tailStart)
  const end = asText(tail).lastIndexOf(String.fromCharCode(...END))
  if (end < 0 || end + END_SIZE > tail.length) return 'cut'
  const view = viewOf(tail)
  if (end + END_SIZE + view.getUint16(end + 20, true) > tail.length) return 'cut'
  if (view.getUint16(end + 4, true) !== 0 && view.getUint16(end + 4, true) !== 0xffff) return 'unknown'
  const isLarge = end >= LOCATOR_SIZE && hasAt(tail, end - LOCATOR_SIZE, LOCATOR)
  if (isLarge) return await findLargeDirectory(file, Number(view.getBigUint64(end - LOCATOR_SIZE + 8, true)))
  const [size, offset] = [view.getUint32(end + 12, true), view.getUint32(end + 16, true)]
  return await place(file, { end: tailStart + end, size, offset, count: view.getUint16(end + 10, true) })
}

async function findLargeDirectory(file: Blob, position: number): Promise<Directory | Unreadable> {
  const record = await readPiece(file, position, END_64_SIZE)
  if (record.length < END_64_SIZE || !hasAt(record, 0, END_64)) return 'damaged'
  const number = (at: number) => Number(viewOf(record).getBigUint64(at, true))
  return await place(file, { end: position, size: number(40), offset: number(48), count: number(32) })
}

/** Where the directory is, that should end at `end`. */
async function place(file: Blob, said: { end: number; size: number; offset: number; count: number }): Promise<Directory | Unreadable> {
  const start = said.end - said.size
  const shift = start - said.offset
  if (start < 0 || shift < 0) return 'damaged'
  const isWrapped = shift % WRAP === 0
  // An archive after something else begins with that thing. Else it is the last archive inside one that was cut.
  if (!isWrapped && hasAt(await readPiece(file, 0, LOCAL.length), 0, LOCAL)) return 'cut'
  return { start, size: said.size, count: said.count, shift: isWrapped ? 0 : shift }
}

function parseEntries(directory: Uint8Array, shift: number): Entry[] | null {
  const view = viewOf(directory)
  const entries: Entry[] = []
  let position = 0
  while (position + 46 <= directory.length && hasAt(directory, position, CENTRAL)) {
    const [nameSize, extraSize, commentSize] = [28, 30, 32].map((at) => view.getUint16(position + at, true)) as [number, number, number]
    const end = position + 46 + nameSize + extraSize + commentSize
    if (end > directory.length) return null
    const header = directory.subarray(position, end)
    entries.push(parseEntry(header, nameSize, extraSize, shift))
    position = end
  }
  const isWhole = position === directory.length || hasAt(directory, position, [0x50, 0x4b, 5, 5]) // a signature
  return isWhole ? entries : null
}

function parseEntry(header: Uint8Array, nameSize: number, extraSize: number, shift: number): Entry {
  const view = viewOf(header)
  const extra = header.subarray(46 + nameSize, 46 + nameSize + extraSize)
  const [, compressedSize, offset] = largeValues(
    extra,
    [24, 20, 42].map((at) => view.getUint32(at, true)),
  )
  return {
    name: new TextDecoder().decode(header.subarray(46, 46 + nameSize)),
    isEncrypted: (view.getUint16(8, true) & 1) !== 0,
    method: view.getUint16(10, true),
    compressedSize: compressedSize ?? 0,
    offset: (offset ?? 0) + shift,
    nameSize,
  }
}

/** Each of these values that is full is in the ZIP64 field, in this order. */
function largeValues(extra: Uint8Array, values: readonly number[]): number[] {
  const field = findField(extra, 1)
  let position = 0
  return values.map((value) => {
    if (value !== FULL || field === null || position + 8 > field.length) return value
    position += 8
    return Number(viewOf(field).getBigUint64(position - 8, true))
  })
}

function findField(extra: Uint8Array, id: number): Uint8Array | null {
  const view = viewOf(extra)
  let position = 0
  while (position + 4 <= extra.length) {
    const end = position + 4 + view.getUint16(position + 2, true)
    if (view.getUint16(position, true) === id) return extra.subarray(position + 4, end)
    position = end
  }
  return null
}

/** Whether entries lie before the directory, one after the other, the first and the last where they are said to be. */
async function isLaidOut(file: Blob, entries: readonly Entry[], directoryStart: number): Promise<boolean> {
  const inOrder = entries.toSorted((a, b) => a.offset - b.offset)
  const [first, last] = [inOrder[0], inOrder.at(-1)]
  if (first === undefined || last === undefined) return true
  const isSmall = directoryStart < WRAP || entries.some(({ offset }) => offset >= WRAP)
  const ends = inOrder.map(({ compressedSize, nameSize, offset }) => offset + LOCAL_SIZE + nameSize + compressedSize)
  const starts = [...inOrder.slice(1).map(({ offset }) => offset), directoryStart]
  if (isSmall && ends.some((end, rank) => end > (starts[rank] ?? 0))) return false
  const checked = isSmall ? [first, last] : [first]
  const headers = await Promise.all(checked.map(({ offset }) => readPiece(file, offset, LOCAL.length)))
  return headers.every((header) => hasAt(header, 0, LOCAL))
}
