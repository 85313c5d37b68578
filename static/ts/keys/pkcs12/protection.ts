// SPDX-License-Identifier: EUPL-1.2
// How a password protects a key or a set of certificates: PBES2 (RFC 8018), or what old files use instead (RFC 7292, appendix C).
import { type Bytes, encodeUtf8, randomBytes } from '../../bytes'
import * as der from '../der'
import { DerError, type Reader, TAG } from '../der'
import { LegacyReaderMissing, UnsupportedProtection } from '../errors'
import { OID } from '../oids'
import { costOfAppendixB, costOfPbkdf2, readIterations } from './cost'
import { type Derivation, deriveBytes, encodePassword, type HashName, PURPOSE } from './derivation'

const ITERATIONS = 600_000 // of PBKDF2-HMAC-SHA-256, half a second in a browser

const HASH_OF_PRF: Readonly<Record<string, HashName>> = {
  [OID.hmacWithSha1]: 'SHA-1',
  [OID.hmacWithSha256]: 'SHA-256',
  [OID.hmacWithSha384]: 'SHA-384',
  [OID.hmacWithSha512]: 'SHA-512',
}
const KEY_BITS_OF_CIPHER: Readonly<Record<string, number>> = { [OID.aes128Cbc]: 128, [OID.aes192Cbc]: 192, [OID.aes256Cbc]: 256 }
const LEGACY_SCHEMES: Readonly<Record<string, LegacyCipher>> = {
  [OID.pbeWithSha1And3KeyTripleDes]: { name: '3DES', keyLength: 24 },
  [OID.pbeWithSha1And2KeyTripleDes]: { name: '3DES', keyLength: 16 },
  [OID.pbeWithSha1And128BitRc2]: { name: 'RC2', keyLength: 16 },
  [OID.pbeWithSha1And40BitRc2]: { name: 'RC2', keyLength: 5 },
}
const LEGACY_BLOCK_LENGTH = 8 // bytes, of RC2 and triple DES alike

export interface Pbkdf2Parameters extends Derivation {
  /** Bytes; where it is written. */
  readonly keyLength: number | undefined
}

/** Of PBES2 with AES-CBC, which browsers have. */
interface AesParameters {
  readonly pbkdf2: Pbkdf2Parameters
  readonly keyBits: number
  readonly iv: Bytes
}

interface ModernProtection extends AesParameters {
  readonly isLegacy: false
  readonly cost: number
}

/** A cipher that browsers do not have, in CBC. */
export interface LegacyCipher {
  readonly name: '3DES' | 'RC2'
  /** Bytes. */
  readonly keyLength: number
}

export interface LegacyKey {
  readonly key: Bytes
  readonly iv: Bytes
}

interface LegacyProtection {
  readonly isLegacy: true
  readonly cost: number
  readonly cipher: LegacyCipher
  /** One for each encoding of the password: both encodings of an empty one are in use. */
  readonly deriveKeys: (password: string) => Promise<LegacyKey[]>
}

export type Protection = ModernProtection | LegacyProtection

/** Reads an AlgorithmIdentifier of encryption; nothing is derived yet. */
export function readProtection(algorithm: Reader): Protection {
  const scheme = algorithm.oid()
  const legacy = LEGACY_SCHEMES[scheme]
  if (legacy !== undefined) return readLegacyScheme(legacy, algorithm.sequence())
  if (scheme !== OID.pbes2) throw new UnsupportedProtection(scheme)
  const parameters = algorithm.sequence()
  const pbkdf2 = readPbkdf2(parameters.sequence())
  const cipher = parameters.sequence()
  const cipherName = cipher.oid()
  if (cipherName === OID.tripleDesCbc) return tripleDesByPbkdf2(pbkdf2, readIv(cipher, LEGACY_BLOCK_LENGTH))
  const keyBits = KEY_BITS_OF_CIPHER[cipherName]
  if (keyBits === undefined) throw new UnsupportedProtection(cipherName)
  return { isLegacy: false, cost: costOfPbkdf2(pbkdf2, keyBits / 8), pbkdf2, keyBits, iv: readIv(cipher, 16) }
}

function readLegacyScheme(cipher: LegacyCipher, parameters: Reader): LegacyProtection {
  const derivation: Derivation = { hash: 'SHA-1', salt: parameters.octets(), iterations: readIterations(parameters) }
  const deriveKey = async (encoded: Bytes): Promise<LegacyKey> => ({
    key: await deriveBytes(derivation, PURPOSE.key, encoded, cipher.keyLength),
    iv: await deriveBytes(derivation, PURPOSE.iv, encoded, LEGACY_BLOCK_LENGTH),
  })
  const cost = costOfAppendixB(derivation, cipher.keyLength) + costOfAppendixB(derivation, LEGACY_BLOCK_LENGTH)
  return { isLegacy: true, cost, cipher, deriveKeys: (password) => Promise.all(encodePassword(password).map(deriveKey)) }
}

function tripleDesByPbkdf2(pbkdf2: Pbkdf2Parameters, iv: Bytes): LegacyProtection {
  const cipher = { name: '3DES', keyLength: 24 } as const
  const deriveKeys = async (password: string): Promise<LegacyKey[]> => [{ key: await derivePbkdf2(pbkdf2, password, cipher.keyLength), iv }]
  return { isLegacy: true, cost: costOfPbkdf2(pbkdf2, cipher.keyLength), cipher, deriveKeys }
}

function readIv(cipher: Reader, length: number): Bytes {
  const iv = cipher.octets()
  if (iv.length !== length) throw new DerError('an initialisation vector of another length')
  return iv
}

/** Reads an AlgorithmIdentifier of key derivation, which must be PBKDF2. */
export function readPbkdf2(derivation: Reader): Pbkdf2Parameters {
  const name = derivation.oid()
  if (name !== OID.pbkdf2) throw new UnsupportedProtection(name)
  const parameters = derivation.sequence()
  const salt = parameters.octets()
  const iterations = readIterations(parameters)
  const keyLength = parameters.isNext(TAG.integer) ? parameters.count() : undefined
  const prf = parameters.atEnd ? OID.hmacWithSha1 : parameters.sequence().oid()
  const hash = HASH_OF_PRF[prf]
  if (hash === undefined) throw new UnsupportedProtection(prf)
  return { salt, iterations, hash, keyLength }
}

/** What `content` protects; a rejected promise (`OperationError`, `WrongPassword`) where the password or the bytes are wrong. */
export async function unprotect(protection: Protection, content: Bytes, password: string): Promise<Bytes> {
  if (protection.isLegacy) return unprotectLegacy(protection, content, password)
  const key = await deriveKey(protection, password, 'decrypt')
  return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-CBC', iv: protection.iv }, key, content))
}

/** The ciphers of old files are fetched with the first of them. */
async function unprotectLegacy({ cipher, deriveKeys }: LegacyProtection, content: Bytes, password: string): Promise<Bytes> {
  const { decrypt } = await import('./legacy').catch((cause: unknown) => {
    throw new LegacyReaderMissing('the ciphers of old files did not come', { cause })
  })
  const keys = await deriveKeys(password)
  return decrypt(cipher, keys, content)
}

/** `content` protected anew by AES-256-CBC, with the AlgorithmIdentifier that tells how. */
export async function protect(content: Bytes, password: string): Promise<{ algorithm: Bytes; protectedContent: Bytes }> {
  const pbkdf2 = { salt: randomBytes(16), iterations: ITERATIONS, hash: 'SHA-256', keyLength: undefined } as const
  const protection = { pbkdf2, keyBits: 256, iv: randomBytes(16) }
  const key = await deriveKey(protection, password, 'encrypt')
  const protectedContent = new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-CBC', iv: protection.iv }, key, content))
  return { algorithm: writeProtection(protection), protectedContent }
}

function writeProtection({ pbkdf2, iv }: AesParameters): Bytes {
  const prf = der.algorithm(OID.hmacWithSha256, der.nullValue())
  const derivation = der.algorithm(OID.pbkdf2, der.sequence(der.octetString(pbkdf2.salt), der.integer(pbkdf2.iterations), prf))
  return der.algorithm(OID.pbes2, der.sequence(derivation, der.algorithm(OID.aes256Cbc, der.octetString(iv))))
}

/** `length` bytes of PBKDF2 from the UTF-8 of the password. */
export async function derivePbkdf2({ salt, iterations, hash }: Pbkdf2Parameters, password: string, length: number): Promise<Bytes> {
  const secret = await crypto.subtle.importKey('raw', encodeUtf8(password), 'PBKDF2', false, ['deriveBits'])
  return new Uint8Array(await crypto.subtle.deriveBits({ name: 'PBKDF2', salt, iterations, hash }, secret, length * 8))
}

async function deriveKey(protection: AesParameters, password: string, usage: 'encrypt' | 'decrypt'): Promise<CryptoKey> {
  const raw = await derivePbkdf2(protection.pbkdf2, password, protection.keyBits / 8)
  try {
    return await crypto.subtle.importKey('raw', raw, 'AES-CBC', false, [usage])
  } catch (cause) {
    throw new UnsupportedProtection('this browser has no AES-192', { cause })
  } finally {
    raw.fill(0)
  }
}
