// SPDX-License-Identifier: EUPL-1.2
// 7z and RAR: whether the end is there, and whether the first headers tell of a password.
// Source: 7zFormat.txt of the LZMA SDK, « SignatureHeader »; the RAR 5.0 archive format; TechNote.txt of RAR 4.
import type { Finding } from './findings'
import { asText, readPiece, viewOf } from './piece'

const SEVEN_ZIP_START = 32 // bytes
const LARGEST_HEADER = 64 * 1024 // bytes that are looked at
const AES_OF_7Z = '\x06\xf1\x07\x01'
const RAR_START = 4096 // bytes
const RAR_5_MARK = 8 // bytes
const RAR_4_MARK = 7 // bytes
const ENCRYPTION_OF_RAR_5 = 4
const [MAIN_OF_RAR_4, FILE_OF_RAR_4] = [0x73, 0x74]

export async function check7z(file: Blob): Promise<readonly Finding[]> {
  const start = viewOf(await readPiece(file, 0, SEVEN_ZIP_START))
  if (start.byteLength < SEVEN_ZIP_START) return ['archive_cut']
  const [offset, size] = [12, 20].map((at) => Number(start.getBigUint64(at, true))) as [number, number]
  if (SEVEN_ZIP_START + offset + size > file.size) return ['archive_cut']
  if (size === 0) return ['archive_empty']
  const header = await readPiece(file, SEVEN_ZIP_START + offset, Math.min(size, LARGEST_HEADER))
  return asText(header).includes(AES_OF_7Z) ? ['archive_protected'] : []
}

export async function checkRar(file: Blob): Promise<readonly Finding[]> {
  const start = await readPiece(file, 0, RAR_START)
  const isProtected = start[6] === 1 ? isRar5Protected(start) : isRar4Protected(start)
  return isProtected ? ['archive_protected'] : []
}

/** The first block is then the one that tells how headers are encrypted: checksum, size, type. */
function isRar5Protected(start: Uint8Array): boolean {
  let position = RAR_5_MARK + 4
  while (((start[position] ?? 0) & 0x80) !== 0) position++ // the size: seven bits a byte
  return start[position + 1] === ENCRYPTION_OF_RAR_5
}

function isRar4Protected(start: Uint8Array): boolean {
  const view = viewOf(start)
  if (start.length < RAR_4_MARK + 13 || start[RAR_4_MARK + 2] !== MAIN_OF_RAR_4) return false
  if ((view.getUint16(RAR_4_MARK + 3, true) & 0x80) !== 0) return true // headers are encrypted
  const next = RAR_4_MARK + view.getUint16(RAR_4_MARK + 5, true)
  return next + 5 <= start.length && start[next + 2] === FILE_OF_RAR_4 && (view.getUint16(next + 3, true) & 4) !== 0
}
