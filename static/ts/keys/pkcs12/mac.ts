// SPDX-License-Identifier: EUPL-1.2
// The integrity of a PKCS#12 by its password (RFC 7292, § 4 and appendix B; RFC 9579).
import { sha1 } from '@noble/hashes/legacy.js'
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js'
import { type Bytes, concat, randomBytes } from '../../bytes'
import * as der from '../der'
import { type Reader, TAG } from '../der'
import { UnsupportedProtection } from '../errors'
import { OID } from '../oids'
import { checkIterations, derivePbkdf2, type Pbkdf2Parameters, readPbkdf2 } from './protection'

const ITERATIONS = 100_000 // of the KDF of appendix B; the encryption's PBKDF2 is the costlier one
const MAC_KEY = 3 // appendix B.3: the purpose of the derived bytes
const ROUNDS_A_TURN = 50_000 // then the page gets a turn

// WebCrypto has no synchronous digest, and a promise a round would take minutes: hence a library's.
const HASHES = {
  'SHA-1': sha1,
  'SHA-256': sha256,
  'SHA-384': sha384,
  'SHA-512': sha512,
} as const
type HashName = keyof typeof HASHES

const HASH_OF_DIGEST: Readonly<Record<string, HashName>> = {
  [OID.sha1]: 'SHA-1',
  [OID.sha256]: 'SHA-256',
  [OID.sha384]: 'SHA-384',
  [OID.sha512]: 'SHA-512',
}
const HASH_OF_HMAC: Readonly<Record<string, HashName>> = {
  [OID.hmacWithSha256]: 'SHA-256',
  [OID.hmacWithSha384]: 'SHA-384',
  [OID.hmacWithSha512]: 'SHA-512',
}

export interface Mac {
  readonly hash: HashName
  readonly value: Bytes
  /** How the key of the HMAC comes from a password; both encodings of an empty one are in use. */
  readonly deriveKeys: (password: string) => Promise<Bytes[]>
}

/** Reads MacData; nothing is derived yet. */
export function readMac(macData: Reader): Mac {
  const digestInfo = macData.sequence()
  const algorithm = digestInfo.sequence()
  const name = algorithm.oid()
  const value = digestInfo.octets()
  if (name === OID.pbmac1) return readPbmac1(algorithm.sequence(), value)
  const hash = HASH_OF_DIGEST[name]
  if (hash === undefined) throw new UnsupportedProtection(name)
  const salt = macData.octets()
  const iterations = macData.isNext(TAG.integer) ? checkIterations(macData.count()) : 1
  const deriveKeys = (password: string): Promise<Bytes[]> =>
    Promise.all(encodePassword(password).map((encoded) => deriveMacKey(hash, encoded, salt, iterations)))
  return { hash, value, deriveKeys }
}

function readPbmac1(parameters: Reader, value: Bytes): Mac {
  const pbkdf2: Pbkdf2Parameters = readPbkdf2(parameters.sequence())
  const scheme = parameters.sequence().oid()
  const hash = HASH_OF_HMAC[scheme]
  const { keyLength } = pbkdf2
  if (hash === undefined || keyLength === undefined || keyLength < 20) throw new UnsupportedProtection(scheme) // RFC 9579, § 3
  return { hash, value, deriveKeys: async (password) => [await derivePbkdf2(pbkdf2, password, keyLength)] }
}

/** Whether the password is that of the content. */
export async function isMacOf(mac: Mac, content: Bytes, password: string): Promise<boolean> {
  for (const raw of await mac.deriveKeys(password)) {
    const key = await crypto.subtle.importKey('raw', raw, { name: 'HMAC', hash: mac.hash }, false, ['verify'])
    if (await crypto.subtle.verify('HMAC', key, mac.value, content)) return true
  }
  return false
}

/** MacData of `content`, with HMAC-SHA-256. */
export async function writeMac(content: Bytes, password: string): Promise<Bytes> {
  const salt = randomBytes(16)
  const [encoded = new Uint8Array()] = encodePassword(password)
  const raw = await deriveMacKey('SHA-256', encoded, salt, ITERATIONS)
  const key = await crypto.subtle.importKey('raw', raw, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  const value = new Uint8Array(await crypto.subtle.sign('HMAC', key, content))
  const digestInfo = der.sequence(der.algorithm(OID.sha256, der.nullValue()), der.octetString(value))
  return der.sequence(digestInfo, der.octetString(salt), der.integer(ITERATIONS))
}

/** UTF-16, big-endian, with its final NUL (appendix B.1); of an empty password, some write nothing at all. */
function encodePassword(password: string): Bytes[] {
  return password === '' ? [encodeUtf16('\0'), new Uint8Array()] : [encodeUtf16(`${password}\0`)]
}

/** A BMPString's bytes. */
export function encodeUtf16(text: string): Bytes {
  const bytes = new Uint8Array(text.length * 2)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < text.length; i++) view.setUint16(i * 2, text.charCodeAt(i))
  return bytes
}

/** Appendix B.2, for as many bytes as the hash gives: its step 6.C is never needed. */
async function deriveMacKey(hashName: HashName, password: Bytes, salt: Bytes, iterations: number): Promise<Bytes> {
  const hash = HASHES[hashName]
  const diversifier = new Uint8Array(hash.blockLen).fill(MAC_KEY)
  let digest = hash(concat(diversifier, fillBlocks(salt, hash.blockLen), fillBlocks(password, hash.blockLen)))
  for (let round = 1; round < iterations; round++) {
    if (round % ROUNDS_A_TURN === 0) await new Promise((resume) => setTimeout(resume))
    digest = hash(digest)
  }
  return Uint8Array.from(digest)
}

/** `bytes` repeated to fill whole blocks: none if it is empty. */
function fillBlocks(bytes: Bytes, blockLength: number): Bytes {
  const length = Math.ceil(bytes.length / blockLength) * blockLength
  return Uint8Array.from({ length }, (_, i) => bytes[i % bytes.length] ?? 0)
}
