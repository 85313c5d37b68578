// SPDX-License-Identifier: EUPL-1.2
// What another program has already encrypted: CMS (RFC 5652, RFC 5083), PGP (RFC 9580), age (C2SP age).
import { type Bytes, fromBase64 } from '../bytes'
import type { Kind } from './kind'
import { asText, hasAt } from './piece'

const ENCRYPTED_CONTENT = [
  [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x03], // enveloped-data
  [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x06], // encrypted-data
  [0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x17], // auth-enveloped-data
]
const SEQUENCE = 0x30
const [PUBLIC_KEY_SESSION, PASSWORD_SESSION] = [1, 3]
const PADDING = 21
const PUBLIC_KEY_ALGORITHMS: readonly number[] = [1, 2, 16, 18, 25, 26]
const LAST_CIPHER = 13
const LARGEST_NAMED: readonly number[] = [2, LAST_CIPHER, 3, 16] // version, cipher, mode, size of chunks
const ENCRYPTED_PACKETS: readonly number[] = [9, 18, 20]
const FINGERPRINT_SIZES: Readonly<Record<number, number>> = { 21: 4, 33: 6 } // with the version of their key, by which they begin
const AFTER_NO_FINGERPRINT: Readonly<Record<number, number>> = { 3: 9, 6: 2 } // where the algorithm is, by version
const LARGEST_SESSION_KEY = 2048 // bytes of its packet: that of ML-KEM-1024 has some 1,700
const MOST_PACKETS = 64

/** `start` is the first KiB of the file: every format tells of itself there. */
export function isSealed(start: Bytes, kind: Kind | null): boolean {
  if (kind !== null) return false
  const text = asText(start)
  return isCms(start) || isSealedMail(text) || isSealedText(text) || isPgp(start) || text.startsWith('age-encryption.org/v1')
}

function isCms(bytes: Uint8Array): boolean {
  const [tag, length = 0] = bytes
  const content = 2 + (length & 0x80 ? length & 0x7f : 0) // 0x80: of indefinite length
  return tag === SEQUENCE && ENCRYPTED_CONTENT.some((oid) => hasAt(bytes, content, oid))
}

/** S/MIME, RFC 8551 § 3.2. */
function isSealedMail(text: string): boolean {
  return /^content-type: *application\/(?:x-)?pkcs7-mime;[^]*smime-type="?(?:enveloped|authenveloped)-data/im.test(text)
}

/** The same formats as text, between dashes. */
function isSealedText(text: string): boolean {
  const armour = /^\s*-----BEGIN ([A-Z0-9 ]+)-----([^]*)/.exec(text)
  if (armour === null) return false
  const [, label = '', body = ''] = armour
  if (label === 'AGE ENCRYPTED FILE') return true
  if (label === 'CMS' || label === 'PKCS7') return isCms(decoded(body))
  return label === 'PGP MESSAGE' && isPgp(decoded(body.slice(body.search(/\r?\n\r?\n/)))) // after its headers
}

function decoded(body: string): Bytes {
  const lines = body.split('-----', 1)[0]?.replace(/\n=[^]*$|\s/g, '') ?? ''
  const whole = /^(?:[A-Za-z0-9+/]{4})*/.exec(lines)?.[0] ?? ''
  return fromBase64(whole)
}

/** Packets of session keys, then one of encrypted data; beyond the bytes that are here, the first packet is enough. */
function isPgp(bytes: Uint8Array): boolean {
  let [position, found] = [0, false]
  for (let count = 0; count < MOST_PACKETS && position < bytes.length; count++) {
    const packet = readPacket(bytes, position)
    if (packet === null) return false
    if (ENCRYPTED_PACKETS.includes(packet.tag)) return found || isVersioned(bytes, packet)
    if (!isSessionKey(bytes, packet)) return false
    found ||= packet.tag !== PADDING
    position = packet.start + packet.length
  }
  return found
}

interface Packet {
  readonly tag: number
  readonly start: number
  readonly length: number
}

/** RFC 9580, § 5.1 and § 5.3. */
function isSessionKey(bytes: Uint8Array, { tag, start, length }: Packet): boolean {
  if (tag === PADDING) return true
  if (length > LARGEST_SESSION_KEY) return false
  const content = bytes.subarray(start)
  return tag === PUBLIC_KEY_SESSION ? isForPublicKey(content) : tag === PASSWORD_SESSION && isForPassword(content)
}

function isForPublicKey(content: Uint8Array): boolean {
  const [version = 0, size = 0, keyVersion] = content
  if (version === 6 && size > 0) return FINGERPRINT_SIZES[size] === keyVersion
  const algorithm = AFTER_NO_FINGERPRINT[version]
  return algorithm !== undefined && PUBLIC_KEY_ALGORITHMS.includes(content[algorithm] ?? 0)
}

function isForPassword(content: Uint8Array): boolean {
  const [version = 0, cipher = 0] = content
  return version >= 4 && version <= 6 && cipher <= LAST_CIPHER
}

/** A packet alone, without a session key: only the kind that names its algorithms is sure enough (§ 5.13.2). */
function isVersioned(bytes: Uint8Array, { tag, start }: Packet): boolean {
  const named = [...bytes.subarray(start, start + LARGEST_NAMED.length)]
  return tag === 18 && named[0] === 2 && named.every((value, at) => value <= (LARGEST_NAMED[at] ?? 0))
}

/** RFC 9580, § 4.2; the length is that of the first part, where there are several. */
function readPacket(bytes: Uint8Array, position: number): Packet | null {
  const header = bytes[position] ?? 0
  if ((header & 0x80) === 0) return null
  const at = (offset: number) => bytes[position + offset] ?? 0
  const long = (offset: number) => at(offset) * 2 ** 24 + at(offset + 1) * 2 ** 16 + at(offset + 2) * 2 ** 8 + at(offset + 3)
  if ((header & 0x40) === 0) return readOldPacket(header, position, at, long)
  const tag = header & 0x3f
  if (at(1) < 192) return { tag, start: position + 2, length: at(1) }
  if (at(1) < 224) return { tag, start: position + 3, length: (at(1) - 192) * 256 + at(2) + 192 }
  if (at(1) === 255) return { tag, start: position + 6, length: long(2) }
  return { tag, start: position + 2, length: 2 ** (at(1) & 0x1f) }
}

function readOldPacket(header: number, position: number, at: (offset: number) => number, long: (offset: number) => number): Packet {
  const tag = (header & 0x3c) >> 2
  const kind = header & 3
  if (kind === 0) return { tag, start: position + 2, length: at(1) }
  if (kind === 1) return { tag, start: position + 3, length: at(1) * 256 + at(2) }
  if (kind === 2) return { tag, start: position + 5, length: long(1) }
  return { tag, start: position + 1, length: Number.POSITIVE_INFINITY }
}
