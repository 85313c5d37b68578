// SPDX-License-Identifier: EUPL-1.2
// Digests files one after the other: a large one piece by piece, and never whole in memory.
import { SHA256 } from '@stablelib/sha256'
import { LARGEST_WHOLE, sha256Hex, toHex } from '../bytes'
import type { DigestAnswer } from '../digest'
import { answerQuestions } from '../worker'

const TOLD_EACH = 16 * 1024 * 1024 // bytes

answerQuestions((file: Blob, tell): Promise<DigestAnswer> => digestOf(file, tell).catch(() => null))

async function digestOf(file: Blob, tell: (read: number) => void): Promise<string> {
  if (file.size > LARGEST_WHOLE) return digestByPieces(file, tell)
  try {
    return await sha256Hex(new Uint8Array(await file.arrayBuffer()))
  } catch {
    return digestByPieces(file, tell) // there may be no room to keep it whole; one that cannot be read fails again
  }
}

async function digestByPieces(file: Blob, tell: (read: number) => void): Promise<string> {
  const hash = new SHA256()
  const reader = file.stream().getReader()
  let [read, told] = [0, 0]
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    hash.update(piece.value)
    read += piece.value.length
    if (read - told < TOLD_EACH) continue
    told = read
    tell(read)
  }
  return toHex(hash.digest())
}
