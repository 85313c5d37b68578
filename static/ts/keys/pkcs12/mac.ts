// SPDX-License-Identifier: EUPL-1.2
// The integrity of a PKCS#12 by its password (RFC 7292, § 4 and appendix B; RFC 9579).
import { type Bytes, randomBytes } from '../../bytes'
import * as der from '../der'
import { type Reader, TAG } from '../der'
import { UnsupportedProtection } from '../errors'
import { OID } from '../oids'
import { costOfAppendixB, costOfPbkdf2, readIterations } from './cost'
import { deriveBytes, digestLength, encodePassword, type HashName, PURPOSE } from './derivation'
import { derivePbkdf2, readPbkdf2 } from './protection'

const ITERATIONS = 100_000 // of the KDF of appendix B; the encryption's PBKDF2 is the costlier one
const LARGEST_KEY = 128 // bytes of a PBMAC1's: the block of SHA-512

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
  /** Whether it is that of old files, with SHA-1. */
  readonly isLegacy: boolean
  readonly cost: number
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
  const iterations = macData.isNext(TAG.integer) ? readIterations(macData) : 1
  const derivation = { hash, salt, iterations }
  const deriveKeys = (password: string): Promise<Bytes[]> =>
    Promise.all(encodePassword(password).map((encoded) => deriveBytes(derivation, PURPOSE.mac, encoded, digestLength(hash))))
  return { hash, value, isLegacy: hash === 'SHA-1', cost: costOfAppendixB(derivation, digestLength(hash)), deriveKeys }
}

function readPbmac1(parameters: Reader, value: Bytes): Mac {
  const pbkdf2 = readPbkdf2(parameters.sequence())
  const scheme = parameters.sequence().oid()
  const hash = HASH_OF_HMAC[scheme]
  const { keyLength } = pbkdf2
  if (hash === undefined || keyLength === undefined) throw new UnsupportedProtection(scheme)
  if (keyLength < 20 || keyLength > LARGEST_KEY) throw new UnsupportedProtection(`a key of ${String(keyLength)} bytes`) // RFC 9579, § 3
  const deriveKeys = async (password: string): Promise<Bytes[]> => [await derivePbkdf2(pbkdf2, password, keyLength)]
  return { hash, value, isLegacy: false, cost: costOfPbkdf2(pbkdf2, keyLength), deriveKeys }
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
  const raw = await deriveBytes({ hash: 'SHA-256', salt, iterations: ITERATIONS }, PURPOSE.mac, encoded, digestLength('SHA-256'))
  const key = await crypto.subtle.importKey('raw', raw, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  const value = new Uint8Array(await crypto.subtle.sign('HMAC', key, content))
  const digestInfo = der.sequence(der.algorithm(OID.sha256, der.nullValue()), der.octetString(value))
  return der.sequence(digestInfo, der.octetString(salt), der.integer(ITERATIONS))
}
