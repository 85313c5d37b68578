// SPDX-License-Identifier: EUPL-1.2
// Opening one sealed block: strict for what a deposit holds (§ 9), wider for what other tools seal (§ 10).
// Source: docs/envelope-format.md § 4, § 5, § 9 and § 10.
import { type Bytes, concat, equal, fromHex } from '../bytes'
import type { KeyPair } from '../keys/certificate'
import { CONTENT_KEY_SIZE, deriveKeyEncryptionKey, isReadableOaep, readableAgreement, TAG_HEAD, TAG_SIZE } from './algorithms'
import { Damaged, Malformed, Misplaced, Unsupported } from './errors'
import { type Header, infoFor, readHeader, readMessageHeader, type RecipientInfo } from './header'

export const BLOCK_SIZE = 8 * 1024 * 1024 // bytes of plaintext

/** The place of a block in a deposit. */
export interface Place {
  /** 16 lower-case hexadecimal characters. */
  readonly fileId: string
  /** Counted from 0. */
  readonly number: number
  readonly isLast: boolean
}

/** The nonce that binds a block to its place (§ 5). */
export function nonceOf({ fileId, number, isLast }: Place): Bytes {
  const place = new Uint8Array(4)
  new DataView(place.buffer).setUint32(0, isLast ? number + 2 ** 31 : number)
  return concat(fromHex(fileId), place)
}

/** Refuses a block of `size` bytes of plaintext where none such belongs (§ 9, 7). */
export function checkLength(size: number, { number, isLast }: Pick<Place, 'number' | 'isLast'>): void {
  const smallest = isLast ? Math.min(number, 1) : BLOCK_SIZE
  if (size < smallest || size > BLOCK_SIZE) throw new Misplaced(`block ${String(number)} cannot hold ${String(size)} bytes`)
}

/**
 * The content key, 32 bytes, that a header gives to this key pair; the caller wipes it.
 *
 * The header alone proves nothing of the block: a key is right when a block opens by it.
 */
export async function unwrapContentKey(header: Header, { certificate, privateKey }: KeyPair): Promise<Bytes> {
  const info = infoFor(header, certificate)
  const unwrap = info.agreement === undefined ? unwrapByTransport(info) : unwrapByAgreement(info, info.agreement.point)
  const contentKey = await orDamaged(unwrap(privateKey))
  if (contentKey.length !== CONTENT_KEY_SIZE) throw new Damaged('the content key has not 32 bytes')
  return contentKey
}

type Unwrap = (privateKey: CryptoKey) => Promise<Bytes>

function unwrapByTransport({ algorithm, encryptedKey }: RecipientInfo): Unwrap {
  if (!isReadableOaep(algorithm)) throw new Unsupported('the content key is not encrypted by RSAES-OAEP with SHA-256')
  return async (privateKey) => new Uint8Array(await crypto.subtle.decrypt('RSA-OAEP', privateKey, encryptedKey))
}

function unwrapByAgreement({ algorithm, encryptedKey }: RecipientInfo, point: Bytes): Unwrap {
  const agreement = readableAgreement(algorithm)
  if (agreement === undefined) throw new Unsupported('the content key is not wrapped as § 10 says')
  return async (privateKey) => {
    const ephemeral = await crypto.subtle.importKey('raw', point, privateKey.algorithm, false, [])
    const secret = new Uint8Array(await crypto.subtle.deriveBits({ name: 'ECDH', public: ephemeral }, privateKey, fieldBits(privateKey)))
    const key = await importWrappingKey(await deriveKeyEncryptionKey(agreement, secret))
    secret.fill(0)
    const contentKey = await crypto.subtle.unwrapKey('raw', encryptedKey, key, 'AES-KW', 'AES-GCM', true, ['decrypt'])
    return new Uint8Array(await crypto.subtle.exportKey('raw', contentKey))
  }
}

function fieldBits({ algorithm }: CryptoKey): number {
  return 'namedCurve' in algorithm && algorithm.namedCurve === 'P-384' ? 384 : 256
}

/** Chromium has no AES-192. */
async function importWrappingKey(raw: Bytes): Promise<CryptoKey> {
  try {
    return await crypto.subtle.importKey('raw', raw, 'AES-KW', false, ['unwrapKey'])
  } catch (cause) {
    throw new Unsupported('this browser has not this key wrap', { cause })
  } finally {
    raw.fill(0)
  }
}

/** Every failure of WebCrypto is one error: an attacker learns nothing from the difference. */
async function orDamaged<T>(result: Promise<T>): Promise<T> {
  try {
    return await result
  } catch (cause) {
    if (cause instanceof DOMException) throw new Damaged('it does not open', { cause })
    throw cause
  }
}

/**
 * The plaintext of a whole block of a deposit, once its place and its tag are verified; `block` is used up.
 *
 * Neither its digest nor its length is compared with the manifest: see `openFile`.
 */
export async function openBlock(block: Bytes, place: Place, pair: KeyPair): Promise<Bytes> {
  const header = readHeader(block)
  checkWhole(block, header)
  if (!equal(header.nonce, nonceOf(place))) throw new Misplaced('the block is of another place')
  return decrypt(block, header, await unwrapContentKey(header, pair))
}

/** The plaintext of what another tool sealed to this key (§ 10); its place is not compared, `message` is used up. */
export async function openMessage(message: Bytes, pair: KeyPair): Promise<Bytes> {
  if (message[1] === 0x80) throw new Unsupported('an indefinite length')
  const header = readMessageHeader(message)
  checkWhole(message, header)
  return decrypt(message, header, await unwrapContentKey(header, pair))
}

function checkWhole(block: Bytes, { blockSize, ciphertextEnd }: Header): void {
  const tagHead = block.subarray(ciphertextEnd, ciphertextEnd + TAG_HEAD.length)
  if (block.length !== blockSize || !equal(tagHead, TAG_HEAD)) throw new Malformed('the block is cut, or does not end with its tag')
}

/** WebCrypto wants ciphertext ‖ tag: the tag slides over its own header, which spares a copy of 8 MiB. */
async function decrypt(block: Bytes, { nonce, ciphertextStart, ciphertextEnd }: Header, contentKey: Bytes): Promise<Bytes> {
  const key = await crypto.subtle.importKey('raw', contentKey, 'AES-GCM', false, ['decrypt'])
  contentKey.fill(0)
  block.copyWithin(ciphertextEnd, ciphertextEnd + TAG_HEAD.length)
  const sealed = block.subarray(ciphertextStart, ciphertextEnd + TAG_SIZE)
  return new Uint8Array(await orDamaged(crypto.subtle.decrypt({ name: 'AES-GCM', iv: nonce }, key, sealed)))
}
