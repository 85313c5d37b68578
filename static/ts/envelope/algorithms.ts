// SPDX-License-Identifier: EUPL-1.2
// What a sealed block writes, as the DER that it is: an algorithm is recognised by its bytes.
// Source: docs/envelope-format.md § 3, § 4 and § 10.
import { type Bytes, concat, equal } from '../bytes'
import * as der from '../keys/der'
import { OID } from '../keys/oids'

export const CONTENT_KEY_SIZE = 32 // bytes
export const NONCE_SIZE = 12 // bytes
export const TAG_SIZE = 16 // bytes
export const TAG_HEAD = Uint8Array.of(der.TAG.octetString, TAG_SIZE)
export const TAIL_SIZE = TAG_HEAD.length + TAG_SIZE

export const AUTH_ENVELOPED_DATA = der.oid(OID.authEnvelopedData)
export const DATA = der.oid(OID.data)
export const EC_PUBLIC_KEY = der.algorithm(OID.ecPublicKey)
export const VERSION_0 = der.integer(0)
export const VERSION_3 = der.integer(3)

/** AlgorithmIdentifier of AES-256-GCM with this nonce and a tag of 16 bytes. */
export function gcmAlgorithm(nonce: Bytes): Bytes {
  return der.algorithm(OID.aes256Gcm, der.sequence(der.octetString(nonce), der.integer(TAG_SIZE)))
}

const SHA256_FORMS = [der.algorithm(OID.sha256, der.nullValue()), der.algorithm(OID.sha256)] as const // ours, and OpenSSL's
const EMPTY_LABEL = der.explicit(2, der.algorithm(OID.pSpecified, der.octetString(new Uint8Array())))

function oaepAlgorithm(digest: Bytes, maskDigest: Bytes, ...source: readonly Bytes[]): Bytes {
  const mask = der.explicit(1, der.algorithm(OID.mgf1, maskDigest))
  return der.algorithm(OID.rsaesOaep, der.sequence(der.explicit(0, digest), mask, ...source))
}

export const OAEP = oaepAlgorithm(SHA256_FORMS[0], SHA256_FORMS[0])

const READABLE_OAEP = SHA256_FORMS.flatMap((digest) =>
  SHA256_FORMS.flatMap((maskDigest) => [oaepAlgorithm(digest, maskDigest), oaepAlgorithm(digest, maskDigest, EMPTY_LABEL)]),
)

export function isReadableOaep(algorithm: Bytes): boolean {
  return READABLE_OAEP.some((readable) => equal(readable, algorithm))
}

/** How an ECDH secret becomes the key that wraps the content key (RFC 5753, § 7.2). */
export interface Agreement {
  readonly algorithm: Bytes
  readonly hash: 'SHA-256' | 'SHA-1'
  /** Bytes of the key-encryption key. */
  readonly size: number
  readonly sharedInfo: Bytes
}

function agreementOf(kdf: string, hash: Agreement['hash'], wrap: string, size: number): Agreement {
  const wrapAlgorithm = der.algorithm(wrap)
  const bits = new Uint8Array(4)
  new DataView(bits.buffer).setUint32(0, size * 8)
  const sharedInfo = der.sequence(wrapAlgorithm, der.explicit(2, der.octetString(bits)))
  return { algorithm: der.algorithm(kdf, wrapAlgorithm), hash, size, sharedInfo }
}

const ECDH_AGREEMENT = agreementOf(OID.ecdhSha256Kdf, 'SHA-256', OID.aes256Wrap, 32)
export const ECDH = ECDH_AGREEMENT.algorithm

const READABLE_AGREEMENTS = (
  [
    [OID.aes128Wrap, 16],
    [OID.aes192Wrap, 24],
    [OID.aes256Wrap, 32],
  ] as const
).flatMap(([wrap, size]) => [agreementOf(OID.ecdhSha256Kdf, 'SHA-256', wrap, size), agreementOf(OID.ecdhSha1Kdf, 'SHA-1', wrap, size)])

/** The agreement that § 10 reads under this algorithm. */
export function readableAgreement(algorithm: Bytes): Agreement | undefined {
  return READABLE_AGREEMENTS.find((agreement) => equal(agreement.algorithm, algorithm))
}

/** X9.63's key derivation (SEC 1, § 3.6.1). */
export async function deriveKeyEncryptionKey({ hash, size, sharedInfo }: Agreement, secret: Bytes): Promise<Bytes> {
  const rounds: Bytes[] = []
  for (let counter = 1; concat(...rounds).length < size; counter++) {
    const input = concat(secret, Uint8Array.of(0, 0, 0, counter), sharedInfo)
    rounds.push(new Uint8Array(await crypto.subtle.digest(hash, input)))
    input.fill(0)
  }
  return concat(...rounds).slice(0, size)
}
