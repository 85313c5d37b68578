// SPDX-License-Identifier: EUPL-1.2
// PKCS#8 private keys (RFC 5208): what they are, and how the browser takes them.
import { type Bytes, equal } from '../bytes'
import { type Curve, curveOf, type KeyKind } from './certificate'
import * as der from './der'
import { type Reader, TAG } from './der'
import { UnsupportedKey } from './errors'
import { OID } from './oids'

type PrivateKeyInfo =
  | { readonly kind: 'RSA'; readonly modulus: Bytes }
  | { readonly kind: 'EC'; readonly curve: Curve; readonly point: Bytes | undefined } // the point is where the file gives it
  | { readonly kind: 'other' }

/**
 * Makes a key that opens, and that nobody can export, from its PKCS#8, which the caller wipes.
 *
 * An RSA key is imported for RSA-OAEP with SHA-256, whatever it was generated for.
 */
export async function importPrivateKey(pkcs8: Bytes): Promise<CryptoKey> {
  const info = readPrivateKeyInfo(pkcs8)
  if (info.kind === 'other') throw new UnsupportedKey('neither RSA nor on P-256 or P-384')
  const bare = withoutAttributes(pkcs8)
  try {
    return info.kind === 'RSA'
      ? await crypto.subtle.importKey('pkcs8', bare, { name: 'RSA-OAEP', hash: 'SHA-256' }, false, ['decrypt'])
      : await crypto.subtle.importKey('pkcs8', bare, { name: 'ECDH', namedCurve: info.curve }, false, ['deriveBits'])
  } catch (cause) {
    throw new UnsupportedKey('this browser refuses the key', { cause })
  } finally {
    bare.fill(0)
  }
}

/** Whether the private key is that of the public one; `undefined` where the file does not tell. */
export function isKeyOf(pkcs8: Bytes, key: KeyKind): boolean | undefined {
  const info = readPrivateKeyInfo(pkcs8)
  if (info.kind === 'RSA') return key.kind === 'RSA' && equal(info.modulus, key.modulus)
  if (info.kind === 'other' || key.kind !== 'EC' || key.curve !== info.curve) return false
  return info.point === undefined ? undefined : equal(info.point, key.point)
}

/** Whether it is RSA or on one of our curves. */
export function isKnownKind(pkcs8: Bytes): boolean {
  return readPrivateKeyInfo(pkcs8).kind !== 'other'
}

function readPrivateKeyInfo(pkcs8: Bytes): PrivateKeyInfo {
  const info = der.readSequence(pkcs8)
  info.count() // version
  const algorithm = info.sequence()
  const name = algorithm.oid()
  if (name === OID.rsaEncryption) {
    const key = der.readSequence(info.octets())
    key.count()
    return { kind: 'RSA', modulus: key.next(TAG.integer).value }
  }
  const curve = name === OID.ecPublicKey && algorithm.isNext(TAG.oid) ? curveOf(algorithm.oid()) : undefined
  if (curve === undefined) return { kind: 'other' }
  return { kind: 'EC', curve, point: readPoint(der.readSequence(info.octets())) }
}

/** The public key of an ECPrivateKey (RFC 5915), which is optional. */
function readPoint(key: Reader): Bytes | undefined {
  key.count()
  key.octets()
  key.optional(der.contextTag(0))
  return key.isNext(der.contextTag(1)) ? key.open(der.contextTag(1)).bits() : undefined
}

/** Windows adds attributes, at which some engines balk. */
function withoutAttributes(pkcs8: Bytes): Bytes {
  const info = der.readSequence(pkcs8)
  const [version, algorithm, key] = [info.next(TAG.integer), info.next(TAG.sequence), info.next(TAG.octetString)]
  return der.sequence(version.whole, algorithm.whole, key.whole)
}
