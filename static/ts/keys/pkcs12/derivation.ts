// SPDX-License-Identifier: EUPL-1.2
// How PKCS#12 makes keys out of a password (RFC 7292, appendix B): for the MAC of most files, and for all that old ones protect.
import { sha1 } from '@noble/hashes/legacy.js'
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js'
import type { CHash, Hash as LibraryHash } from '@noble/hashes/utils.js'
import { type Bytes, concat } from '../../bytes'

const ROUNDS_A_TURN = 50_000 // then the page gets a turn

/** What derived bytes are for (appendix B.3). */
export const PURPOSE = { key: 1, iv: 2, mac: 3 } as const

export type HashName = 'SHA-1' | 'SHA-256' | 'SHA-384' | 'SHA-512'

interface Hash {
  readonly length: number
  readonly blockLength: number
  /** The digest of `first`, then of that digest and so on; `first` is wiped. */
  readonly repeat: (first: Bytes, times: number) => Promise<Bytes>
}

// WebCrypto has no synchronous digest, and a promise a round would take minutes: hence a library's.
const HASHES: Readonly<Record<HashName, Hash>> = {
  'SHA-1': hashOf(sha1),
  'SHA-256': hashOf(sha256),
  'SHA-384': hashOf(sha384),
  'SHA-512': hashOf(sha512),
}

function hashOf<Running extends LibraryHash<Running>>(library: CHash<Running>): Hash {
  const length = library.outputLen
  async function repeat(first: Bytes, times: number): Promise<Bytes> {
    const fresh = library.create()
    const work = fresh.clone() // the same for all rounds: twice as fast as one each
    const digest = new Uint8Array(length)
    work.update(first).digestInto(digest)
    first.fill(0)
    for (let round = 1; round < times; round++) {
      if (round % ROUNDS_A_TURN === 0) await new Promise((resume) => setTimeout(resume))
      fresh._cloneInto(work).update(digest).digestInto(digest)
    }
    work.destroy()
    return digest
  }
  return { length, blockLength: library.blockLen, repeat }
}

/** Bytes of a digest. */
export const digestLength = (hash: HashName): number => HASHES[hash].length

/** UTF-16, big-endian, with its final NUL (appendix B.1); of an empty password, some write nothing at all: both are to be tried. */
export function encodePassword(password: string): Bytes[] {
  return password === '' ? [encodeUtf16('\0'), new Uint8Array()] : [encodeUtf16(`${password}\0`)]
}

/** A BMPString's bytes. */
export function encodeUtf16(text: string): Bytes {
  const bytes = new Uint8Array(text.length * 2)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < text.length; i++) view.setUint16(i * 2, text.charCodeAt(i))
  return bytes
}

export interface Derivation {
  readonly hash: HashName
  readonly salt: Bytes
  readonly iterations: number
}

/** `length` bytes out of an encoded password (appendix B.2, of which the numbers are the steps). */
export async function deriveBytes(derivation: Derivation, purpose: number, password: Bytes, length: number): Promise<Bytes> {
  const hash = HASHES[derivation.hash]
  const diversifier = new Uint8Array(hash.blockLength).fill(purpose) // 1
  const input = concat(fillBlocks(derivation.salt, hash.blockLength), fillBlocks(password, hash.blockLength)) // 2 to 4
  const derived = new Uint8Array(length)
  for (let offset = 0; offset < length; offset += hash.length) {
    const digest = await hash.repeat(concat(diversifier, input), derivation.iterations) // 6.A
    derived.set(digest.subarray(0, length - offset), offset) // 7, 8
    addToBlocks(input, fillBlocks(digest, hash.blockLength)) // 6.B, 6.C
    digest.fill(0)
  }
  input.fill(0)
  return derived
}

/** Adds the block, and one, to each block of `input`, modulo 2^(8 × its length). */
function addToBlocks(input: Bytes, block: Bytes): void {
  for (let start = 0; start < input.length; start += block.length) {
    let carry = 1
    for (let i = block.length - 1; i >= 0; i--) {
      carry += (input[start + i] ?? 0) + (block[i] ?? 0)
      input[start + i] = carry & 0xff
      carry >>= 8
    }
  }
}

/** `bytes` repeated to fill whole blocks: none if it is empty. */
function fillBlocks(bytes: Bytes, blockLength: number): Bytes {
  const length = Math.ceil(bytes.length / blockLength) * blockLength
  return Uint8Array.from({ length }, (_, i) => bytes[i % bytes.length] ?? 0)
}
