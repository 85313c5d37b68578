// SPDX-License-Identifier: EUPL-1.2
// RC2 and triple DES in CBC, which old key files are protected by: imported on demand alone, as most files need neither.
import blockCipher from 'node-forge/lib/cipher.js'
import 'node-forge/lib/des.js'
import rc2 from 'node-forge/lib/rc2.js'
import util from 'node-forge/lib/util.js'
import { type Bytes, concat } from '../../bytes'
import { TAG } from '../der'
import { WrongPassword } from '../errors'
import type { LegacyCipher, LegacyKey } from './protection'

const BLOCK_LENGTH = 8 // bytes

/**
 * The SEQUENCE that `content` hides under one of the keys, which are wiped. Throws `WrongPassword` where it is under none of them.
 *
 * A wrong key passes for right once in 2^16, and what follows is no DER: only the MAC of the file tells for certain.
 */
export function decrypt(cipher: LegacyCipher, keys: readonly LegacyKey[], content: Bytes): Bytes {
  try {
    const clear = content.length % BLOCK_LENGTH === 0 ? keys.map((key) => withoutPadding(decipher(cipher, key, content))) : []
    const [found, ...others] = clear.filter((bytes) => bytes?.[0] === TAG.sequence)
    for (const other of others) other?.fill(0)
    if (found === undefined) throw new WrongPassword('it does not decrypt')
    return found
  } finally {
    for (const { key } of keys) key.fill(0)
  }
}

/** All blocks, the padding with them. */
function decipher({ name, keyLength }: LegacyCipher, { key, iv }: LegacyKey, content: Bytes): Bytes {
  const output = new Output(content.length)
  if (name === 'RC2') {
    const running = rc2.createDecryptionCipher(util.createBuffer(key), keyLength * 8)
    running.start(util.createBuffer(iv), output)
    running.update(util.createBuffer(content))
  } else {
    const keys = keyLength === 24 ? key : concat(key, key.subarray(0, BLOCK_LENGTH)) // the third of two keys is the first
    const running = blockCipher.createDecipher('3DES-CBC', util.createBuffer(keys))
    running.start({ iv: util.createBuffer(iv), output })
    running.update(util.createBuffer(content))
  }
  return output.bytes
}

/** What the ciphers write into: their own buffers are strings, which cannot be wiped. */
class Output {
  readonly bytes: Bytes
  readonly #view: DataView
  #offset = 0

  constructor(length: number) {
    this.bytes = new Uint8Array(length)
    this.#view = new DataView(this.bytes.buffer)
  }

  putInt16Le(word: number): void {
    this.#view.setInt16(this.#offset, word, true)
    this.#offset += 2
  }

  putInt32(word: number): void {
    this.#view.setInt32(this.#offset, word)
    this.#offset += 4
  }
}

/** The padding of PKCS#7 taken away; nothing where it is wrong, and then the bytes are wiped. */
function withoutPadding(bytes: Bytes): Bytes | undefined {
  const count = bytes.at(-1) ?? 0
  const end = bytes.length - count
  if (count > 0 && count <= BLOCK_LENGTH && bytes.subarray(end).every((byte) => byte === count)) return bytes.subarray(0, end)
  bytes.fill(0)
  return undefined
}
