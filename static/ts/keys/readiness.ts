// SPDX-License-Identifier: EUPL-1.2
// What the cryptography of this computer can do: each algorithm of an opening, really used, and how fast.
import { equal, randomBytes } from '../bytes'
import { BLOCK_SIZE } from '../envelope/cms'

const FEWEST_BLOCKS = 3
const LONGEST = 1500 // milliseconds, but for the fewest blocks

/** Uses each algorithm that opening a bid needs; an error where one is missing, or wrong. */
export async function useAlgorithms(): Promise<void> {
  const secret = randomBytes(32)
  const opened = await Promise.all([throughRsa(secret), throughAes(secret)])
  const [mine, theirs] = await agree()
  if (!opened.every((bytes) => equal(bytes, secret)) || !equal(mine, theirs)) throw new Error('an algorithm is wrong')
}

/** Bytes that are decrypted and digested in a second, by blocks of the size that bids have; `clock` is in milliseconds. */
export async function measureSpeed(clock: () => number): Promise<number> {
  const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
  const cipher = { name: 'AES-GCM', iv: randomBytes(12) }
  const sealed = await crypto.subtle.encrypt(cipher, key, new Uint8Array(BLOCK_SIZE))
  const start = clock()
  let blocks = 0
  do {
    await crypto.subtle.digest('SHA-256', await crypto.subtle.decrypt(cipher, key, sealed))
    blocks += 1
  } while (blocks < FEWEST_BLOCKS || clock() - start < LONGEST)
  return (blocks * BLOCK_SIZE * 1000) / Math.max(1, clock() - start)
}

async function throughRsa(secret: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const algorithm = { name: 'RSA-OAEP', hash: 'SHA-256', modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) }
  const { publicKey, privateKey } = await crypto.subtle.generateKey(algorithm, false, ['encrypt', 'decrypt'])
  const sealed = await crypto.subtle.encrypt('RSA-OAEP', publicKey, secret)
  return new Uint8Array(await crypto.subtle.decrypt('RSA-OAEP', privateKey, sealed))
}

async function throughAes(secret: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
  const cipher = { name: 'AES-GCM', iv: randomBytes(12) }
  return new Uint8Array(await crypto.subtle.decrypt(cipher, key, await crypto.subtle.encrypt(cipher, key, secret)))
}

/** The secret on which two keys of P-256 agree, as each computes it. */
async function agree(): Promise<[Uint8Array, Uint8Array]> {
  const algorithm = { name: 'ECDH', namedCurve: 'P-256' }
  const [mine, theirs] = await Promise.all([
    crypto.subtle.generateKey(algorithm, false, ['deriveBits']),
    crypto.subtle.generateKey(algorithm, false, ['deriveBits']),
  ])
  const derive = async (privateKey: CryptoKey, publicKey: CryptoKey): Promise<Uint8Array> =>
    new Uint8Array(await crypto.subtle.deriveBits({ name: 'ECDH', public: publicKey }, privateKey, 256))
  return [await derive(mine.privateKey, theirs.publicKey), await derive(theirs.privateKey, mine.publicKey)]
}
