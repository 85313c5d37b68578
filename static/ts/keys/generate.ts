// SPDX-License-Identifier: EUPL-1.2
import type { Bytes } from '../bytes'
import { type KeyPair, readCertificate, selfSign } from './certificate'
import * as der from './der'
import { importPrivateKey } from './private-key'

export type KeyAlgorithm = 'RSA-3072' | 'RSA-4096' | 'P-256'

export interface KeyRequest {
  readonly algorithm: KeyAlgorithm
  readonly commonName: string
  readonly now: Date
}

/** A new key pair; `pkcs8` is its private key in clear, for the PKCS#12 alone: the caller wipes it (`fill(0)`). */
export interface GeneratedKeyPair extends KeyPair {
  readonly pkcs8: Bytes
}

/**
 * Generates an encryption key and its self-signed certificate.
 *
 * WebCrypto lets no key both sign and decrypt. So the key is generated extractable for its one signature, and imported again from its
 * PKCS#8 for opening, not extractable.
 */
export async function generateKeyPair({ algorithm, commonName, now }: KeyRequest): Promise<GeneratedKeyPair> {
  const generated = algorithm === 'P-256' ? await generateEc() : await generateRsa(algorithm === 'RSA-3072' ? 3072 : 4096)
  const { publicKeyInfo, pkcs8, kind, sign } = generated
  try {
    const certificate = await readCertificate(await selfSign({ commonName, publicKeyInfo, kind, now }, sign))
    return { certificate, pkcs8, privateKey: await importPrivateKey(pkcs8) }
  } catch (error) {
    pkcs8.fill(0)
    throw error
  }
}

interface SigningKey {
  readonly publicKeyInfo: Bytes
  readonly pkcs8: Bytes
  readonly kind: 'RSA' | 'EC'
  readonly sign: (tbs: Bytes) => Promise<Bytes>
}

async function generateRsa(modulusLength: number): Promise<SigningKey> {
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength, publicExponent: Uint8Array.of(1, 0, 1) }
  const { publicKey, privateKey } = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const sign = async (tbs: Bytes): Promise<Bytes> => new Uint8Array(await crypto.subtle.sign(algorithm.name, privateKey, tbs))
  return { ...(await exportPair(publicKey, privateKey)), kind: 'RSA', sign }
}

async function generateEc(): Promise<SigningKey> {
  const { publicKey, privateKey } = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits'])
  const { publicKeyInfo, pkcs8 } = await exportPair(publicKey, privateKey)
  const signingKey = await crypto.subtle.importKey('pkcs8', pkcs8, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])
  const sign = async (tbs: Bytes): Promise<Bytes> =>
    encodeSignature(new Uint8Array(await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, signingKey, tbs)))
  return { publicKeyInfo, pkcs8, kind: 'EC', sign }
}

async function exportPair(publicKey: CryptoKey, privateKey: CryptoKey): Promise<Pick<SigningKey, 'publicKeyInfo' | 'pkcs8'>> {
  const publicKeyInfo = new Uint8Array(await crypto.subtle.exportKey('spki', publicKey))
  return { publicKeyInfo, pkcs8: new Uint8Array(await crypto.subtle.exportKey('pkcs8', privateKey)) }
}

/** WebCrypto gives r ‖ s where X.509 wants ECDSA-Sig-Value (RFC 3279, § 2.2.3). */
function encodeSignature(raw: Bytes): Bytes {
  const half = raw.length / 2
  return der.sequence(der.unsignedInteger(raw.subarray(0, half)), der.unsignedInteger(raw.subarray(half)))
}
