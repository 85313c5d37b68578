// SPDX-License-Identifier: EUPL-1.2
// Digests files one after the other, piece by piece: none is ever whole in memory.
import { sha256 } from '@noble/hashes/sha2.js'
import { toHex } from '../bytes'
import type { DigestAnswer, DigestRequest } from '../digest'

let last = Promise.resolve()

addEventListener('message', (event: MessageEvent<DigestRequest>) => {
  last = last.then(() => answer(event.data))
})

async function answer({ id, file }: DigestRequest): Promise<void> {
  const digest = await digestOf(file).catch(() => null)
  postMessage({ id, sha256: digest } satisfies DigestAnswer)
}

async function digestOf(file: Blob): Promise<string> {
  const hash = sha256.create()
  const reader = file.stream().getReader()
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) hash.update(piece.value)
  return toHex(hash.digest())
}
