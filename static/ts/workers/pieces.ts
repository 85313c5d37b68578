// SPDX-License-Identifier: EUPL-1.2
// Digests one file after the other, whose pieces are lent by the page: see `PieceDigester`.
import { SHA256 } from '@stablelib/sha256'
import { type Bytes, LARGEST_WHOLE, sha256Hex, toHex } from '../bytes'
import type { PieceAnswer, PieceMessage } from '../pieces'

let kept: Bytes = new Uint8Array()
let length = 0
let hash: SHA256 | null = null // once the file is longer than what is kept
let last = Promise.resolve()

addEventListener('message', ({ data }: MessageEvent<PieceMessage>) => {
  last = last
    .then(async () => {
      const answer = await answerTo(data)
      postMessage(answer, { transfer: answer instanceof Uint8Array ? [answer.buffer] : [] })
    })
    .catch((error: unknown) => {
      reportError(error) // an `error` event on the side of the page: nothing waits for ever
    })
})

addEventListener('messageerror', () => {
  reportError(new Error('a piece cannot be read'))
})

function answerTo(message: PieceMessage): PieceAnswer | Promise<string> {
  if (message === 'end') return end()
  if (typeof message === 'number') begin(message)
  else add(message)
  return message
}

function begin(size: number): void {
  kept = new Uint8Array(size <= LARGEST_WHOLE ? size : 0)
  length = 0
  hash = null
}

function add(piece: Bytes): void {
  if (hash === null && length + piece.length <= kept.length) {
    kept.set(piece, length)
    length += piece.length
  } else {
    hash ??= new SHA256().update(kept.subarray(0, length))
    hash.update(piece)
  }
}

async function end(): Promise<string> {
  const digest = hash === null ? await sha256Hex(kept.subarray(0, length)) : toHex(hash.digest())
  begin(0) // the file is not kept until the next one
  return digest
}
