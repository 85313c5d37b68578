// SPDX-License-Identifier: EUPL-1.2
// Key files in PKCS#12 (RFC 7292), as OpenSSL, NSS, Java, and Windows and macOS of the last years open them.
import { type Bytes, fromHex } from '../../bytes'
import type { Certificate } from '../certificate'
import * as der from '../der'
import { PasswordNotAscii } from '../errors'
import { OID } from '../oids'
import { encodeUtf16 } from './derivation'
import { writeMac } from './mac'
import { protect } from './protection'

export interface KeyFile {
  /** The private key in clear; the caller wipes it. */
  readonly pkcs8: Bytes
  readonly certificate: Certificate
  /** The name that other programs show. */
  readonly friendlyName: string
}

/** Whether every program encodes this password alike: beyond printable ASCII, Java and others read the file as wrong. */
export function isPortablePassword(password: string): boolean {
  return /^[\x20-\x7e]+$/.test(password)
}

/**
 * A PKCS#12 of one key and its certificate, both encrypted (PBES2, AES-256-CBC), with a MAC of HMAC-SHA-256.
 *
 * Throws `PasswordNotAscii` on a password that is empty or has other characters than printable ASCII.
 */
export async function writePkcs12({ pkcs8, certificate, friendlyName }: KeyFile, password: string): Promise<Bytes> {
  if (!isPortablePassword(password)) throw new PasswordNotAscii('only printable ASCII is the same for all programs')
  const attributes = der.setOf(
    attribute(OID.friendlyName, der.element(der.TAG.bmpString, encodeUtf16(friendlyName))),
    attribute(OID.localKeyId, der.octetString(fromHex(certificate.fingerprint).subarray(0, 20))),
  )
  const contents = [await certificateSafe(certificate, attributes, password), await keySafe(pkcs8, attributes, password)]
  const authenticatedSafe = der.sequence(...contents)
  return der.sequence(der.integer(3), dataContent(authenticatedSafe), await writeMac(authenticatedSafe, password))
}

async function certificateSafe(certificate: Certificate, attributes: Bytes, password: string): Promise<Bytes> {
  const value = der.sequence(der.oid(OID.x509Certificate), der.explicit(0, der.octetString(certificate.der)))
  const bags = der.sequence(bag(OID.certificateBag, value, attributes))
  const { algorithm, protectedContent } = await protect(bags, password)
  const content = der.sequence(der.oid(OID.data), algorithm, der.element(der.primitiveContextTag(0), protectedContent))
  return der.sequence(der.oid(OID.encryptedData), der.explicit(0, der.sequence(der.integer(0), content)))
}

async function keySafe(pkcs8: Bytes, attributes: Bytes, password: string): Promise<Bytes> {
  const { algorithm, protectedContent } = await protect(pkcs8, password)
  const value = der.sequence(algorithm, der.octetString(protectedContent))
  return dataContent(der.sequence(bag(OID.shroudedKeyBag, value, attributes)))
}

function dataContent(value: Bytes): Bytes {
  return der.sequence(der.oid(OID.data), der.explicit(0, der.octetString(value)))
}

function bag(identifier: string, value: Bytes, attributes: Bytes): Bytes {
  return der.sequence(der.oid(identifier), der.explicit(0, value), attributes)
}

function attribute(identifier: string, value: Bytes): Bytes {
  return der.sequence(der.oid(identifier), der.setOf(value))
}
