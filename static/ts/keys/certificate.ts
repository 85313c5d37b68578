// SPDX-License-Identifier: EUPL-1.2
// X.509 v3 certificates of encryption keys (RFC 5280): what an opener needs of any, and how ours are made.
import { type Bytes, encodeUtf8, randomBytes, sha256, sha256Hex } from '../bytes'
import * as der from './der'
import { DerError, type Element, type Reader, TAG } from './der'
import { CertificateMalformed, InvalidCommonName } from './errors'
import { OID } from './oids'

export type Curve = 'P-256' | 'P-384'

/** What kind of key a certificate certifies; `other` is one that no envelope is sealed to. */
export type KeyKind =
  | { readonly kind: 'RSA'; readonly modulus: Bytes }
  | { readonly kind: 'EC'; readonly curve: Curve; readonly point: Bytes }
  | { readonly kind: 'other' }

export interface Certificate {
  readonly der: Bytes
  /** SHA-256 of `der`, in hexadecimal. */
  readonly fingerprint: string
  /** DER of CMS's IssuerAndSerialNumber, copied byte for byte. */
  readonly issuerAndSerial: Bytes
  /** Value of the extension; `undefined` where there is none. */
  readonly subjectKeyIdentifier: Bytes | undefined
  /** DER of SubjectPublicKeyInfo. */
  readonly publicKeyInfo: Bytes
  readonly key: KeyKind
  /** The subject's first common name; empty where there is none. It is what a stranger wrote: show it escaped. */
  readonly commonName: string
  readonly notBefore: Date
  readonly notAfter: Date
}

/** A certificate and what opens what is sealed to it. */
export interface KeyPair {
  readonly certificate: Certificate
  /** RSA-OAEP with SHA-256 (`decrypt`) or ECDH (`deriveBits`); not extractable. */
  readonly privateKey: CryptoKey
}

/** A key as it is shown: `RSA-3072`, `P-256`; empty where nothing is sealed to its kind. */
export function nameOfKey(key: KeyKind): string {
  if (key.kind === 'RSA') {
    const significant = key.modulus.subarray(key.modulus.findIndex((byte) => byte !== 0))
    return `RSA-${String(significant.length * 8 - Math.clz32(significant[0] ?? 0) + 24)}`
  }
  return key.kind === 'EC' ? key.curve : ''
}

/** Reads a certificate in DER. Neither its signature nor its dates are checked: the server assesses it. */
export async function readCertificate(bytes: Bytes): Promise<Certificate> {
  const fingerprint = await sha256Hex(bytes)
  try {
    return { der: bytes, fingerprint, ...readTbs(tbsOf(bytes)) }
  } catch (cause) {
    if (cause instanceof DerError || cause instanceof TypeError) throw new CertificateMalformed('not a certificate', { cause })
    throw cause
  }
}

function tbsOf(bytes: Bytes): Reader {
  const certificate = der.readSequence(bytes)
  const tbs = certificate.sequence()
  certificate.next(TAG.sequence) // signatureAlgorithm
  certificate.next(TAG.bitString)
  certificate.end()
  return tbs
}

function readTbs(tbs: Reader): Omit<Certificate, 'der' | 'fingerprint'> {
  tbs.optional(der.contextTag(0)) // version
  const serial = tbs.next(TAG.integer)
  tbs.next(TAG.sequence) // signature
  const issuer = tbs.next(TAG.sequence)
  const validity = tbs.sequence()
  const subject = tbs.sequence()
  const publicKeyInfo = tbs.next(TAG.sequence).whole
  return {
    issuerAndSerial: der.sequence(issuer.whole, serial.whole),
    notBefore: readTime(validity.any()),
    notAfter: readTime(validity.any()),
    commonName: readCommonName(subject),
    publicKeyInfo,
    key: readKeyKind(publicKeyInfo),
    subjectKeyIdentifier: readSubjectKeyIdentifier(tbs.rest()),
  }
}

function readKeyKind(publicKeyInfo: Bytes): KeyKind {
  const info = der.readSequence(publicKeyInfo)
  const algorithm = info.sequence()
  const name = algorithm.oid()
  if (name === OID.rsaEncryption) {
    return { kind: 'RSA', modulus: der.readSequence(info.bits()).next(TAG.integer).value }
  }
  const curve = name === OID.ecPublicKey && algorithm.isNext(TAG.oid) ? curveOf(algorithm.oid()) : undefined
  return curve === undefined ? { kind: 'other' } : { kind: 'EC', curve, point: info.bits() }
}

/** The curve of this object identifier, if it is one of ours. */
export function curveOf(identifier: string): Curve | undefined {
  if (identifier === OID.p256) return 'P-256'
  return identifier === OID.p384 ? 'P-384' : undefined
}

function readTime({ tag, value }: Element): Date {
  const text = String.fromCharCode(...value.subarray(0, 16))
  const match = (tag === TAG.utcTime ? UTC_TIME : GENERALIZED_TIME).exec(text)
  if (match === null) throw new DerError('not a time')
  const [year = 0, month = 0, ...rest] = match.slice(1).map(Number)
  return new Date(Date.UTC(tag === TAG.utcTime ? fullYear(year) : year, month - 1, ...rest))
}

const UTC_TIME = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/
const GENERALIZED_TIME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/

/** RFC 5280, § 4.1.2.5.1. */
function fullYear(twoDigits: number): number {
  return twoDigits + (twoDigits >= 50 ? 1900 : 2000)
}

function readCommonName(subject: Reader): string {
  for (const relative of subject.rest()) {
    for (const pair of new der.Reader(relative.value).rest()) {
      const attribute = new der.Reader(pair.value)
      if (attribute.oid() === OID.commonName) return decodeString(attribute.any())
    }
  }
  return ''
}

function decodeString({ tag, value }: Element): string {
  if (tag === TAG.utf8String) return new TextDecoder().decode(value)
  return new TextDecoder(tag === TAG.bmpString ? 'utf-16be' : 'latin1').decode(value)
}

function readSubjectKeyIdentifier(optionals: readonly Element[]): Bytes | undefined {
  const extensions = optionals.find(({ tag }) => tag === der.contextTag(3))
  if (extensions === undefined) return undefined
  for (const { value } of der.readSequence(extensions.value).rest()) {
    const extension = new der.Reader(value)
    if (extension.oid() !== OID.subjectKeyIdentifier) continue
    extension.optional(TAG.boolean)
    return new der.Reader(extension.octets()).octets()
  }
  return undefined
}

const VALIDITY_YEARS = 2
const CLOCK_SKEW = 5 * 60 * 1000 // milliseconds: the server's clock may be behind the browser's
const COMMON_NAME_LIMIT = 64 // characters (RFC 5280, appendix A, ub-common-name)

export interface CertificateRequest {
  /** Written as typed. */
  readonly commonName: string
  /** DER of SubjectPublicKeyInfo. */
  readonly publicKeyInfo: Bytes
  readonly kind: 'RSA' | 'EC'
  readonly now: Date
}

/** A self-signed certificate of two years for an encryption key; `sign` gives the DER of a signature with SHA-256 by that key. */
export async function selfSign(request: CertificateRequest, sign: (tbs: Bytes) => Promise<Bytes>): Promise<Bytes> {
  const tbs = await writeTbs(request)
  return der.sequence(tbs, signatureAlgorithm(request.kind), der.bitString(await sign(tbs)))
}

async function writeTbs({ commonName, publicKeyInfo, kind, now }: CertificateRequest): Promise<Bytes> {
  const name = writeName(commonName)
  const notBefore = new Date(now.getTime() - CLOCK_SKEW)
  const notAfter = new Date(now)
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + VALIDITY_YEARS)
  return der.sequence(
    der.explicit(0, der.integer(2)), // v3
    der.unsignedInteger(drawSerial()),
    signatureAlgorithm(kind),
    name,
    der.sequence(writeTime(notBefore), writeTime(notAfter)),
    name,
    publicKeyInfo,
    der.explicit(3, await writeExtensions(publicKeyInfo, kind)),
  )
}

function signatureAlgorithm(kind: 'RSA' | 'EC'): Bytes {
  return kind === 'RSA' ? der.algorithm(OID.sha256WithRsa, der.nullValue()) : der.algorithm(OID.ecdsaWithSha256)
}

/** 127 random bits: the top one is clear, so that the number is positive in 16 bytes. */
function drawSerial(): Bytes {
  const serial = randomBytes(16)
  serial[0] = (serial[0] ?? 0) & 0x7f
  return serial
}

function writeName(commonName: string): Bytes {
  const length = Array.from(commonName).length
  if (length === 0 || length > COMMON_NAME_LIMIT || !commonName.isWellFormed() || /\p{Cc}/u.test(commonName)) {
    throw new InvalidCommonName('a common name has 1 to 64 characters, none of them a control')
  }
  return der.sequence(der.setOf(der.sequence(der.oid(OID.commonName), der.utf8String(commonName))))
}

/** UTCTime until 2049, GeneralizedTime from 2050 (RFC 5280, § 4.1.2.5). */
export function writeTime(date: Date): Bytes {
  const text = `${date.toISOString().replace(/[-T:]/g, '').slice(0, 14)}Z`
  return date.getUTCFullYear() < 2050
    ? der.element(TAG.utcTime, encodeUtf8(text.slice(2)))
    : der.element(TAG.generalizedTime, encodeUtf8(text))
}

async function writeExtensions(publicKeyInfo: Bytes, kind: 'RSA' | 'EC'): Promise<Bytes> {
  const publicKey = publicKeyBits(publicKeyInfo)
  const identifier = (await sha256(publicKey)).subarray(0, 20) // RFC 7093, § 2, method 1
  const usage = kind === 'RSA' ? Uint8Array.of(4, 0b0011_0000) : Uint8Array.of(3, 0b0000_1000)
  return der.sequence(
    critical(OID.basicConstraints, der.sequence()),
    critical(OID.keyUsage, der.element(TAG.bitString, usage)), // keyEncipherment and dataEncipherment; keyAgreement
    der.sequence(der.oid(OID.subjectKeyIdentifier), der.octetString(der.octetString(identifier))),
  )
}

function critical(identifier: string, value: Bytes): Bytes {
  return der.sequence(der.oid(identifier), der.element(TAG.boolean, Uint8Array.of(0xff)), der.octetString(value))
}

function publicKeyBits(publicKeyInfo: Bytes): Bytes {
  const info = der.readSequence(publicKeyInfo)
  info.next(TAG.sequence)
  return info.bits()
}
