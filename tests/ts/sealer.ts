// SPDX-License-Identifier: EUPL-1.2
// A sealer of blocks, for tests alone: the server's is in Python.
// Source: docs/envelope-format.md § 3 to § 7.
import { type Bytes, concat, randomBytes, sha256Hex } from '../../static/ts/bytes'
import { type JsonValue, toCanonical } from '../../static/ts/canonical'
import {
  AUTH_ENVELOPED_DATA,
  DATA,
  EC_PUBLIC_KEY,
  ECDH,
  gcmAlgorithm,
  OAEP,
  readableAgreement,
  deriveKeyEncryptionKey,
} from '../../static/ts/envelope/algorithms'
import { BLOCK_SIZE, nonceOf, type Place } from '../../static/ts/envelope/cms'
import type { ManifestFile } from '../../static/ts/envelope/manifest'
import type { Certificate } from '../../static/ts/keys/certificate'
import * as der from '../../static/ts/keys/der'

/** One sealed block; another length of the content key than 32 bytes is a fault. */
export async function sealBlock(plaintext: Bytes, certificates: readonly Certificate[], place: Place, keyLength = 32): Promise<Bytes> {
  const contentKey = randomBytes(keyLength)
  const nonce = nonceOf(place)
  const key = await crypto.subtle.importKey('raw', contentKey, 'AES-GCM', false, ['encrypt'])
  const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce }, key, plaintext))
  const infos = await Promise.all(certificates.map((certificate) => recipientInfo(certificate, contentKey)))
  const ciphertext = der.element(der.primitiveContextTag(0), sealed.subarray(0, -16))
  const content = der.sequence(DATA, gcmAlgorithm(nonce), ciphertext)
  const enveloped = der.sequence(der.integer(0), der.setOf(...infos), content, der.octetString(sealed.subarray(-16)))
  return der.sequence(AUTH_ENVELOPED_DATA, der.explicit(0, enveloped))
}

async function recipientInfo(certificate: Certificate, contentKey: Bytes): Promise<Bytes> {
  const { issuerAndSerial, publicKeyInfo, key } = certificate
  if (key.kind === 'RSA') {
    const publicKey = await crypto.subtle.importKey('spki', publicKeyInfo, { name: 'RSA-OAEP', hash: 'SHA-256' }, false, ['encrypt'])
    const encryptedKey = new Uint8Array(await crypto.subtle.encrypt('RSA-OAEP', publicKey, contentKey))
    return der.sequence(der.integer(0), issuerAndSerial, OAEP, der.octetString(encryptedKey))
  }
  if (key.kind !== 'EC') throw new Error('a key of another kind')
  const curve = { name: 'ECDH', namedCurve: key.curve }
  const publicKey = await crypto.subtle.importKey('raw', key.point, curve, false, [])
  const ephemeral = await crypto.subtle.generateKey(curve, false, ['deriveBits'])
  const bits = key.curve === 'P-256' ? 256 : 384
  const secret = new Uint8Array(await crypto.subtle.deriveBits({ name: 'ECDH', public: publicKey }, ephemeral.privateKey, bits))
  const point = new Uint8Array(await crypto.subtle.exportKey('raw', ephemeral.publicKey))
  const originator = der.explicit(0, der.explicit(1, EC_PUBLIC_KEY, der.bitString(point)))
  const encryptedKey = der.sequence(issuerAndSerial, der.octetString(await wrap(secret, contentKey)))
  return der.explicit(1, der.integer(3), originator, ECDH, der.sequence(encryptedKey))
}

async function wrap(secret: Bytes, contentKey: Bytes): Promise<Bytes> {
  const agreement = readableAgreement(ECDH)
  if (agreement === undefined) throw new Error('our own agreement is not readable')
  const wrappingKey = await crypto.subtle.importKey('raw', await deriveKeyEncryptionKey(agreement, secret), 'AES-KW', false, ['wrapKey'])
  const key = await crypto.subtle.importKey('raw', contentKey, 'AES-GCM', true, ['encrypt'])
  return new Uint8Array(await crypto.subtle.wrapKey('raw', key, wrappingKey, 'AES-KW'))
}

/** A sealed file: what the manifest says of it, and its blocks. */
export interface SealedFile {
  readonly file: ManifestFile
  readonly blocks: readonly Bytes[]
}

/** Seals a file, cut as § 2 says or as `cuts` does. */
export async function sealFile(
  plaintext: Bytes,
  certificates: readonly Certificate[],
  id: string,
  cuts?: readonly number[],
): Promise<SealedFile> {
  const lengths = cuts ?? Array.from({ length: Math.max(1, Math.ceil(plaintext.length / BLOCK_SIZE)) }, () => BLOCK_SIZE)
  const blocks: Bytes[] = []
  let offset = 0
  for (const [number, length] of lengths.entries()) {
    const piece = plaintext.subarray(offset, offset + length)
    blocks.push(await sealBlock(piece, certificates, { fileId: id, number, isLast: number === lengths.length - 1 }))
    offset += length
  }
  return listed(id, blocks)
}

/** The manifest's entry of these blocks, whatever they are. */
export async function listed(id: string, blocks: readonly Bytes[]): Promise<SealedFile> {
  return {
    file: { id, blocks: await Promise.all(blocks.map(async (block) => ({ sha256: await sha256Hex(block), size: block.length }))) },
    blocks,
  }
}

export function sealJson(value: JsonValue, certificates: readonly Certificate[], id: string): Promise<SealedFile> {
  return sealFile(concat(toCanonical(value)), certificates, id)
}
