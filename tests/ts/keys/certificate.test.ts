// SPDX-License-Identifier: EUPL-1.2
import { beforeAll, expect, test } from 'vitest'
import { type Bytes, sha256Hex, toHex } from '../../../static/ts/bytes'
import { nameOfKey, readCertificate, writeTime } from '../../../static/ts/keys/certificate'
import { readSequence, TAG } from '../../../static/ts/keys/der'
import { CertificateMalformed, InvalidCommonName } from '../../../static/ts/keys/errors'
import { type GeneratedKeyPair, generateKeyPair, type KeyAlgorithm } from '../../../static/ts/keys/generate'
import { Bench, P_384 } from '../openssl'

const NOW = new Date('2026-11-22T20:30:15.250Z')
const NAME = 'Société d’Économie <mixte> & Cie'
const ALGORITHMS = ['RSA-3072', 'RSA-4096', 'P-256'] as const
const bench = new Bench()
const generated = new Map<KeyAlgorithm, GeneratedKeyPair>()

beforeAll(async () => {
  for (const algorithm of ALGORITHMS) {
    const pair = await generateKeyPair({ algorithm, commonName: NAME, now: NOW })
    generated.set(algorithm, pair)
    bench.write(`${algorithm}.der`, pair.certificate.der)
    bench.openssl('x509', '-inform', 'DER', '-in', `${algorithm}.der`, '-out', `${algorithm}.pem`)
  }
}, 60_000)

function pairOf(algorithm: KeyAlgorithm): GeneratedKeyPair {
  const pair = generated.get(algorithm)
  if (pair === undefined) throw new Error(`no ${algorithm}`)
  return pair
}

test.each(ALGORITHMS)('nameOfKey gives %s its name', (algorithm) => {
  expect(nameOfKey(pairOf(algorithm).certificate.key)).toBe(algorithm)
})

test.each([
  [[0x00, 0x80, 0x00], 'RSA-16'],
  [[0x7f, 0xff], 'RSA-15'],
  [[0x01], 'RSA-1'],
])('nameOfKey counts the bits of the modulus %j', (modulus, name) => {
  expect(nameOfKey({ kind: 'RSA', modulus: Uint8Array.from(modulus) })).toBe(name)
})

test.each(ALGORITHMS)('a certificate of %s passes the self-signed check of openssl', (algorithm) => {
  const output = bench.openssl('verify', '-check_ss_sig', '-attime', '1795380000', '-CAfile', `${algorithm}.pem`, `${algorithm}.pem`)

  expect(output).toBe(`${algorithm}.pem: OK\n`)
})

test.each([
  ['RSA-3072', 'Key Encipherment, Data Encipherment', '(3072 bit)'],
  ['RSA-4096', 'Key Encipherment, Data Encipherment', '(4096 bit)'],
  ['P-256', 'Key Agreement', '(256 bit)'],
] as const)('a certificate of %s says what openssl expects', (algorithm, usage, size) => {
  const text = bench.openssl('x509', '-in', `${algorithm}.pem`, '-noout', '-text')

  expect(text).toContain('Version: 3 (0x2)')
  expect(text).toContain(size)
  expect(text).toMatch(/X509v3 Basic Constraints: critical\s+CA:FALSE/)
  expect(text).toMatch(new RegExp(`X509v3 Key Usage: critical\\s+${usage}\n`))
  expect(text).toMatch(/X509v3 Subject Key Identifier: \s+(?:[0-9A-F]{2}:){19}[0-9A-F]{2}\n/)
  expect(text).toContain('Not Before: Nov 22 20:25:15 2026 GMT')
  expect(text).toContain('Not After : Nov 22 20:30:15 2028 GMT')
})

test.each(ALGORITHMS)('readCertificate reads back a certificate of %s', async (algorithm) => {
  const { certificate } = pairOf(algorithm)

  const fingerprint = bench.openssl('x509', '-in', `${algorithm}.pem`, '-noout', '-fingerprint', '-sha256')

  expect(certificate.commonName).toBe(NAME)
  expect(certificate.notBefore).toEqual(new Date('2026-11-22T20:25:15Z'))
  expect(certificate.notAfter).toEqual(new Date('2028-11-22T20:30:15Z'))
  expect(fingerprint.replaceAll(':', '').toLowerCase()).toContain(certificate.fingerprint)
  expect(certificate.fingerprint).toBe(await sha256Hex(certificate.der))
  expect(certificate.subjectKeyIdentifier).toHaveLength(20)
})

test('serial numbers are of 127 random bits: positive, in 16 bytes at most, all different', async () => {
  const request = { algorithm: 'P-256', commonName: 'x', now: NOW } as const
  const pairs = await Promise.all(Array.from({ length: 40 }, () => generateKeyPair(request)))

  const serials = pairs.map(({ certificate }) => serialOf(certificate.issuerAndSerial))

  expect(new Set(serials.map(toHex)).size).toBe(40)
  expect(serials.every((serial) => serial.length <= 16 && (serial[0] ?? 0) < 0x80)).toBe(true)
  expect(serials.some((serial) => serial.length === 16 && (serial[0] ?? 0) >= 0x40)).toBe(true)
})

function serialOf(issuerAndSerial: Bytes): Bytes {
  const reader = readSequence(issuerAndSerial)
  reader.any()
  return reader.next(TAG.integer).value
}

test.each(ALGORITHMS)('the private key of %s cannot be exported', async (algorithm) => {
  const { privateKey } = pairOf(algorithm)

  expect(privateKey.extractable).toBe(false)
  expect(privateKey.usages).toEqual([algorithm === 'P-256' ? 'deriveBits' : 'decrypt'])
  await expect(crypto.subtle.exportKey('pkcs8', privateKey)).rejects.toThrow(DOMException)
})

test.each([
  ['empty', ''],
  ['of 65 characters', 'é'.repeat(65)],
  ['with a control character', 'a\u0000b'],
  ['with a lone surrogate', 'a\ud800'],
])('generateKeyPair refuses a common name %s', async (_, commonName) => {
  await expect(generateKeyPair({ algorithm: 'P-256', commonName, now: NOW })).rejects.toThrow(InvalidCommonName)
})

test('generateKeyPair takes a common name of 64 characters', async () => {
  const commonName = 'é'.repeat(64)

  const { certificate } = await generateKeyPair({ algorithm: 'P-256', commonName, now: NOW })

  expect(certificate.commonName).toBe(commonName)
})

test('writeTime takes the long form from 2050', () => {
  const text = (date: string): string => new TextDecoder().decode(writeTime(new Date(date)))

  expect(text('2049-12-31T23:59:59Z')).toBe('\u0017\u000d491231235959Z')
  expect(text('2050-01-01T00:00:00Z')).toBe('\u0018\u000f20500101000000Z')
})

test('readCertificate reads what openssl makes', async () => {
  bench.makeKeyPair('Élan', ...P_384)

  const certificate = await readCertificate(bench.read('Élan.der'))

  expect(certificate.key.kind).toBe('EC')
  expect(certificate.notAfter.getTime() - certificate.notBefore.getTime()).toBe(30 * 24 * 3600 * 1000)
  expect(certificate.subjectKeyIdentifier).toHaveLength(20)
})

test('readCertificate refuses every truncation, and something after', async () => {
  const { der } = pairOf('P-256').certificate
  const altered: Bytes[] = Array.from({ length: der.length }, (_, length) => der.slice(0, length))
  altered.push(Uint8Array.of(...der, 0))

  for (const bytes of altered) await expect(readCertificate(bytes)).rejects.toThrow(CertificateMalformed)
})
