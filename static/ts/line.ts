// SPDX-License-Identifier: EUPL-1.2
// How many bytes a second a line takes: pieces of random bytes, each twice as large as the one before.
import type { Bytes } from './bytes'

const FIRST_PIECE = 64 * 1024 // bytes
const RANDOM_AT_ONCE = 65_536 // bytes: what `getRandomValues` gives
const WHOLE = 5000 // milliseconds, about
const LONGEST = 20_000 // milliseconds, of the first piece

/** Sends one piece, and resolves when the server has it; rejects once the signal is given. */
export type Send = (piece: Bytes, signal: AbortSignal) => Promise<void>

/**
 * Bytes a second, of the largest piece that went through: small ones tell of the distance to the server.
 * At most `most` bytes in all; rejects where not even the first piece went through.
 */
export async function measureLine(send: Send, most: number, now: () => number): Promise<number> {
  const start = now()
  let rate = 0
  let last = 0 // milliseconds of the last piece
  let sent = 0
  for (let size = FIRST_PIECE; sent + size <= most; size *= 2) {
    const left = rate === 0 ? LONGEST : WHOLE - (now() - start)
    if (last * 2 > left) break
    const before = now()
    try {
      await send(randomPiece(size), AbortSignal.timeout(Math.ceil(left)))
    } catch (error) {
      if (rate === 0) throw error
      break
    }
    last = Math.max(1, now() - before)
    rate = (size * 1000) / last
    sent += size
  }
  return rate
}

/** Random, so that nothing on the way makes it smaller. */
function randomPiece(size: number): Bytes {
  const piece = new Uint8Array(size)
  for (let start = 0; start < size; start += RANDOM_AT_ONCE) {
    crypto.getRandomValues(piece.subarray(start, start + RANDOM_AT_ONCE))
  }
  return piece
}
