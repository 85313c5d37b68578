// SPDX-License-Identifier: EUPL-1.2
// Digests files one after the other, piece by piece: none is ever whole in memory.
import { sha256 } from '@noble/hashes/sha2.js'
import { toHex } from '../bytes'
import type { DigestAnswer } from '../digest'
import { answerQuestions } from '../worker'

answerQuestions((file: Blob): Promise<DigestAnswer> => digestOf(file).catch(() => null))

async function digestOf(file: Blob): Promise<string> {
  const hash = sha256.create()
  const reader = file.stream().getReader()
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) hash.update(piece.value)
  return toHex(hash.digest())
}
