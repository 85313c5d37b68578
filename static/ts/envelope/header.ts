// SPDX-License-Identifier: EUPL-1.2
// The header of a block: who may open it, its nonce, and where its ciphertext lies.
// Source: docs/envelope-format.md § 3, § 4, § 9 and § 10.
import { type Bytes, equal } from '../bytes'
import type { Certificate } from '../keys/certificate'
import * as der from '../keys/der'
import { DerError, Reader, TAG } from '../keys/der'
import { AUTH_ENVELOPED_DATA, DATA, EC_PUBLIC_KEY, ECDH, gcmAlgorithm, OAEP, TAIL_SIZE, VERSION_0, VERSION_3 } from './algorithms'
import { Malformed, NotARecipient, Unsupported } from './errors'

const RECIPIENT_LIMIT = 64

/** What one recipient is given; `point` is the ephemeral public key of a key agreement, and is what makes it one. */
export interface RecipientInfo {
  readonly version: Bytes
  /** An IssuerAndSerialNumber, or a subject key identifier as `[0]`. */
  readonly identifier: Bytes
  readonly algorithm: Bytes
  readonly encryptedKey: Bytes
  readonly agreement?: { readonly originatorAlgorithm: Bytes; readonly point: Bytes }
}

/** The beginning of a block, up to its first byte of ciphertext. */
export interface Header {
  readonly recipients: readonly RecipientInfo[]
  readonly nonce: Bytes
  readonly ciphertextStart: number
  readonly ciphertextEnd: number
  /** Bytes of the whole sealed block. */
  readonly blockSize: number
}

/** Header of a block of a deposit, strictly as § 3 and § 4; `prefix` may stop anywhere after it. */
export function readHeader(prefix: Bytes): Header {
  const header = read(prefix, false)
  if (header.recipients.length === 0 || header.recipients.length > RECIPIENT_LIMIT) throw new Malformed('a block has 1 to 64 recipients')
  if (!header.recipients.every(isOurs)) throw new Unsupported('a recipient info is not of this format')
  return header
}

/** Header of what another tool sealed (§ 10): infos of other kinds are passed over. */
export function readMessageHeader(prefix: Bytes): Header {
  return read(prefix, true)
}

/** The first info that names this certificate. */
export function infoFor(header: Header, { issuerAndSerial, subjectKeyIdentifier }: Certificate): RecipientInfo {
  const names = [issuerAndSerial]
  if (subjectKeyIdentifier !== undefined) names.push(keyIdentifier(subjectKeyIdentifier))
  const info = header.recipients.find(({ identifier }) => names.some((name) => equal(name, identifier)))
  if (info === undefined) throw new NotARecipient('no recipient info for this certificate')
  return info
}

function isOurs({ version, identifier, algorithm, agreement }: RecipientInfo): boolean {
  if (identifier[0] !== TAG.sequence) return false
  return agreement === undefined
    ? equal(version, VERSION_0) && equal(algorithm, OAEP)
    : equal(version, VERSION_3) && equal(algorithm, ECDH) && equal(agreement.originatorAlgorithm, EC_PUBLIC_KEY)
}

function read(prefix: Bytes, isLenient: boolean): Header {
  try {
    return readContentInfo(new Reader(prefix, 0, Number.MAX_SAFE_INTEGER), isLenient)
  } catch (cause) {
    if (cause instanceof DerError) throw new Malformed('not an envelope', { cause })
    throw cause
  }
}

function readContentInfo(reader: Reader, isLenient: boolean): Header {
  const contentInfo = reader.sequence()
  expect(contentInfo.next(TAG.oid).whole, AUTH_ENVELOPED_DATA)
  const content = contentInfo.open(der.contextTag(0))
  contentInfo.end()
  const enveloped = content.sequence()
  content.end()
  expect(enveloped.next(TAG.integer).whole, VERSION_0)
  const recipients = readRecipientInfos(enveloped.open(TAG.set), isLenient)
  const encrypted = enveloped.sequence()
  if (enveloped.offset + TAIL_SIZE !== enveloped.limit) throw new DerError('a tag, and nothing else, follows the content')
  return { recipients, ...readEncryptedContent(encrypted), blockSize: enveloped.limit }
}

function readEncryptedContent(encrypted: Reader): Pick<Header, 'nonce' | 'ciphertextStart' | 'ciphertextEnd'> {
  expect(encrypted.next(TAG.oid).whole, DATA)
  const nonce = readNonce(encrypted.next(TAG.sequence).whole)
  const ciphertext = encrypted.open(der.primitiveContextTag(0))
  encrypted.end()
  return { nonce, ciphertextStart: ciphertext.offset, ciphertextEnd: ciphertext.limit }
}

const NONCE_START = 17 // bytes of gcmAlgorithm before its nonce
const NONCE_END = NONCE_START + 12

function readNonce(algorithm: Bytes): Bytes {
  const nonce = algorithm.slice(NONCE_START, NONCE_END)
  expect(algorithm, gcmAlgorithm(nonce))
  return nonce
}

function expect(element: Bytes, expected: Bytes): void {
  if (!equal(element, expected)) throw new Unsupported('another type, version or algorithm than this format has')
}

function readRecipientInfos(infos: Reader, isLenient: boolean): RecipientInfo[] {
  const found: RecipientInfo[] = []
  while (!infos.atEnd) {
    const { tag, value } = infos.any()
    try {
      found.push(...readRecipientInfo(tag, new Reader(value)))
    } catch (error) {
      if (!isLenient || !(error instanceof Unsupported)) throw error
    }
  }
  return found
}

function readRecipientInfo(tag: number, info: Reader): RecipientInfo[] {
  if (tag === TAG.sequence) return [readKeyTransport(info)]
  if (tag === der.contextTag(1)) return readKeyAgreement(info)
  throw new Unsupported('another kind of recipient info')
}

function readKeyTransport(info: Reader): RecipientInfo {
  const recipient = {
    version: info.next(TAG.integer).whole,
    identifier: readIdentifier(info, der.primitiveContextTag(0)),
    algorithm: info.next(TAG.sequence).whole,
    encryptedKey: info.octets(),
  }
  info.end()
  return recipient
}

function readKeyAgreement(info: Reader): RecipientInfo[] {
  const version = info.next(TAG.integer).whole
  const agreement = readOriginator(info.open(der.contextTag(0)))
  if (info.isNext(der.contextTag(1))) throw new Unsupported('user keying material')
  const algorithm = info.next(TAG.sequence).whole
  const keys = info.sequence()
  info.end()
  return keys.rest().map(({ whole }) => {
    const key = der.readSequence(whole)
    const identifier = readIdentifier(key, der.contextTag(0))
    const encryptedKey = key.octets()
    key.end()
    return { version, identifier, algorithm, encryptedKey, agreement }
  })
}

function readOriginator(originator: Reader): NonNullable<RecipientInfo['agreement']> {
  if (!originator.isNext(der.contextTag(1))) throw new Unsupported('the originator is not an ephemeral key')
  const key = originator.open(der.contextTag(1))
  originator.end()
  const originatorAlgorithm = key.next(TAG.sequence).whole
  const point = key.bits()
  key.end()
  if (point[0] !== 4) throw new DerError('the ephemeral key is not an uncompressed point')
  return { originatorAlgorithm, point }
}

/** The name of the recipient; a subject key identifier is given as `[0] IMPLICIT`, whichever way the info writes it. */
function readIdentifier(info: Reader, keyIdentifierTag: number): Bytes {
  if (info.isNext(TAG.sequence)) return info.next(TAG.sequence).whole
  if (!info.isNext(keyIdentifierTag)) throw new Unsupported('the recipient is named in another way')
  const { value } = info.next(keyIdentifierTag)
  return keyIdentifier(keyIdentifierTag === der.primitiveContextTag(0) ? value : new Reader(value).octets())
}

function keyIdentifier(value: Bytes): Bytes {
  return der.element(der.primitiveContextTag(0), value)
}
