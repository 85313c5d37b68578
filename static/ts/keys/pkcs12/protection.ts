// SPDX-License-Identifier: EUPL-1.2
// PBES2 (RFC 8018): how a password protects a key or a set of certificates.
import { type Bytes, encodeUtf8, randomBytes } from '../../bytes'
import * as der from '../der'
import { type Reader, TAG } from '../der'
import { LegacyPkcs12, TooManyIterations, UnsupportedProtection } from '../errors'
import { OID } from '../oids'

const ITERATIONS = 600_000 // of PBKDF2-HMAC-SHA-256, half a second in a browser
const ITERATION_LIMIT = 10_000_000 // a hostile file asks for hours
const LEGACY_SCHEMES = /^1\.2\.840\.113549\.1\.(12\.1\.[1-6]|5\.(1|3|4|6|10|11))$/ // RC2, RC4, DES and triple DES

const HASH_OF_PRF: Readonly<Record<string, string>> = {
  [OID.hmacWithSha1]: 'SHA-1',
  [OID.hmacWithSha256]: 'SHA-256',
  [OID.hmacWithSha384]: 'SHA-384',
  [OID.hmacWithSha512]: 'SHA-512',
}
const KEY_BITS_OF_CIPHER: Readonly<Record<string, number>> = { [OID.aes128Cbc]: 128, [OID.aes192Cbc]: 192, [OID.aes256Cbc]: 256 }

export interface Pbkdf2Parameters {
  readonly salt: Bytes
  readonly iterations: number
  readonly hash: string
  /** Bytes; where it is written. */
  readonly keyLength: number | undefined
}

/** Parameters of PBES2 with AES-CBC. */
export interface Protection {
  readonly pbkdf2: Pbkdf2Parameters
  readonly keyBits: number
  readonly iv: Bytes
}

/** Refuses a number of iterations that would freeze the computer. */
export function checkIterations(iterations: number): number {
  if (iterations < 1 || iterations > ITERATION_LIMIT) throw new TooManyIterations(`${String(iterations)} iterations`)
  return iterations
}

/** Reads an AlgorithmIdentifier of encryption. Nothing is derived yet: all parameters are checked first. */
export function readProtection(algorithm: Reader): Protection {
  const scheme = algorithm.oid()
  if (LEGACY_SCHEMES.test(scheme)) throw new LegacyPkcs12(scheme)
  if (scheme !== OID.pbes2) throw new UnsupportedProtection(scheme)
  const parameters = algorithm.sequence()
  const pbkdf2 = readPbkdf2(parameters.sequence())
  const cipher = parameters.sequence()
  const cipherName = cipher.oid()
  if (cipherName.startsWith('1.2.840.113549.3.')) throw new LegacyPkcs12(cipherName)
  const keyBits = KEY_BITS_OF_CIPHER[cipherName]
  if (keyBits === undefined) throw new UnsupportedProtection(cipherName)
  return { pbkdf2, keyBits, iv: cipher.octets() }
}

/** Reads an AlgorithmIdentifier of key derivation, which must be PBKDF2. */
export function readPbkdf2(derivation: Reader): Pbkdf2Parameters {
  const name = derivation.oid()
  if (name !== OID.pbkdf2) throw new UnsupportedProtection(name)
  const parameters = derivation.sequence()
  const salt = parameters.octets()
  const iterations = checkIterations(parameters.count())
  const keyLength = parameters.isNext(TAG.integer) ? parameters.count() : undefined
  const prf = parameters.atEnd ? OID.hmacWithSha1 : parameters.sequence().oid()
  const hash = HASH_OF_PRF[prf]
  if (hash === undefined) throw new UnsupportedProtection(prf)
  return { salt, iterations, hash, keyLength }
}

/** What `content` protects; a rejected promise (`OperationError`) where the password or the bytes are wrong. */
export async function unprotect(protection: Protection, content: Bytes, password: string): Promise<Bytes> {
  const key = await deriveKey(protection, password, 'decrypt')
  return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-CBC', iv: protection.iv }, key, content))
}

/** `content` protected anew by AES-256-CBC, with the AlgorithmIdentifier that tells how. */
export async function protect(content: Bytes, password: string): Promise<{ algorithm: Bytes; protectedContent: Bytes }> {
  const pbkdf2 = { salt: randomBytes(16), iterations: ITERATIONS, hash: 'SHA-256', keyLength: undefined }
  const protection = { pbkdf2, keyBits: 256, iv: randomBytes(16) }
  const key = await deriveKey(protection, password, 'encrypt')
  const protectedContent = new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-CBC', iv: protection.iv }, key, content))
  return { algorithm: writeProtection(protection), protectedContent }
}

function writeProtection({ pbkdf2, iv }: Protection): Bytes {
  const prf = der.algorithm(OID.hmacWithSha256, der.nullValue())
  const derivation = der.algorithm(OID.pbkdf2, der.sequence(der.octetString(pbkdf2.salt), der.integer(pbkdf2.iterations), prf))
  return der.algorithm(OID.pbes2, der.sequence(derivation, der.algorithm(OID.aes256Cbc, der.octetString(iv))))
}

/** `length` bytes of PBKDF2 from the UTF-8 of the password. */
export async function derivePbkdf2({ salt, iterations, hash }: Pbkdf2Parameters, password: string, length: number): Promise<Bytes> {
  const secret = await crypto.subtle.importKey('raw', encodeUtf8(password), 'PBKDF2', false, ['deriveBits'])
  return new Uint8Array(await crypto.subtle.deriveBits({ name: 'PBKDF2', salt, iterations, hash }, secret, length * 8))
}

async function deriveKey(protection: Protection, password: string, usage: 'encrypt' | 'decrypt'): Promise<CryptoKey> {
  const raw = await derivePbkdf2(protection.pbkdf2, password, protection.keyBits / 8)
  try {
    return await crypto.subtle.importKey('raw', raw, 'AES-CBC', false, [usage])
  } catch (cause) {
    throw new UnsupportedProtection('this browser has no AES-192', { cause })
  } finally {
    raw.fill(0)
  }
}
