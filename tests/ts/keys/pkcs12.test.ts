// SPDX-License-Identifier: EUPL-1.2
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { type Bytes, concat, fromHex } from '../../../static/ts/bytes'
import { type KeyPair, readCertificate } from '../../../static/ts/keys/certificate'
import * as der from '../../../static/ts/keys/der'
import { NoPrivateKey, PasswordNotAscii, UnsupportedKey, WrongPassword } from '../../../static/ts/keys/errors'
import { generateKeyPair, type GeneratedKeyPair } from '../../../static/ts/keys/generate'
import { openPkcs12, readPkcs12 } from '../../../static/ts/keys/pkcs12/read'
import { writePkcs12 } from '../../../static/ts/keys/pkcs12/write'
import { Bench, P_256, P_384, RSA_2048 } from '../openssl'
import { contentsOf, indefinite, wrap } from '../pkcs12'

const NOW = new Date('2026-11-22T20:30:15Z')
const PASSWORD = 'correct cheval ~ 42'
const bench = new Bench()
let ec: GeneratedKeyPair
let ecFile: Bytes

beforeAll(async () => {
  bench.makeKeyPair('rsa', ...RSA_2048)
  bench.makeKeyPair('p256', ...P_256)
  bench.makeKeyPair('p384', ...P_384)
  ec = await generateKeyPair({ algorithm: 'P-256', commonName: 'Clé « EC »', now: NOW })
  ecFile = await writePkcs12({ pkcs8: ec.pkcs8, certificate: ec.certificate, friendlyName: 'Clé « EC »' }, PASSWORD)
})

async function openOne(file: Bytes, password: string): Promise<KeyPair> {
  const [pair, ...others] = await openPkcs12(file, password)
  if (pair === undefined || others.length > 0) throw new Error('one key is expected')
  return pair
}

/** The file of openssl whose only key is `name`'s opens as that key. */
async function expectOpens(file: Bytes, password: string, name: string): Promise<void> {
  const expected = await readCertificate(bench.read(`${name}.der`))
  const { certificate, privateKey } = await openOne(file, password)
  expect(certificate.fingerprint).toBe(expected.fingerprint)
  expect(privateKey.extractable).toBe(false)
}

test('our file opens, and what it holds is what was put in', async () => {
  const [entry] = await readPkcs12(ecFile, PASSWORD)
  const { certificate, privateKey } = await openOne(ecFile, PASSWORD)

  expect(entry?.pkcs8).toEqual(ec.pkcs8)
  expect(entry?.friendlyName).toBe('Clé « EC »')
  expect(certificate).toEqual(ec.certificate)
  expect(privateKey.algorithm).toMatchObject({ name: 'ECDH', namedCurve: 'P-256' })
})

test('writePkcs12 and openPkcs12 agree on every printable ASCII password', async () => {
  const file = { pkcs8: ec.pkcs8, certificate: ec.certificate, friendlyName: 'x' }

  await fc.assert(
    fc.asyncProperty(fc.string({ minLength: 1, maxLength: 40 }), async (password) => {
      const { certificate } = await openOne(await writePkcs12(file, password), password)

      expect(certificate.fingerprint).toBe(ec.certificate.fingerprint)
    }),
    { numRuns: 3 },
  )
})

test.each(['', 'clé', 'tab\there', 'euro€', 'emoji😀'])('writePkcs12 refuses the password %j', async (password) => {
  const file = { pkcs8: ec.pkcs8, certificate: ec.certificate, friendlyName: 'x' }

  await expect(writePkcs12(file, password)).rejects.toThrow(PasswordNotAscii)
})

test.each([
  ['by default', []],
  ['with a MAC of SHA-1', ['-macalg', 'sha1']],
  ['with a MAC of SHA-512', ['-macalg', 'sha512']],
  ['with AES-128', ['-keypbe', 'AES-128-CBC', '-certpbe', 'AES-128-CBC']],
  ['with AES-192', ['-keypbe', 'AES-192-CBC', '-certpbe', 'AES-192-CBC']],
  ['with a certificate in clear', ['-certpbe', 'NONE']],
  ['with a key in clear', ['-keypbe', 'NONE', '-certpbe', 'AES-256-CBC']],
  ['without a MAC', ['-nomac']],
  ['with a MAC of one iteration', ['-nomaciter']],
  ['with a name and a provider, as Windows', ['-name', 'Clé', '-CSP', 'Microsoft Enhanced RSA and AES Cryptographic Provider', '-LMK']],
] as const)('a file that openssl makes %s opens', async (_, options) => {
  await expectOpens(bench.exportPkcs12('rsa', PASSWORD, ...options), PASSWORD, 'rsa')
})

test.each(['p256', 'p384'])('a file of openssl with a key of %s opens', async (name) => {
  await expectOpens(bench.exportPkcs12(name, PASSWORD), PASSWORD, name)
})

test.each(['élévation à Bédée', '€ 😀', ''])('a file of openssl under the password %j opens', async (password) => {
  await expectOpens(bench.exportPkcs12('rsa', password), password, 'rsa')
})

test.each([
  ['by default', []],
  ['without a MAC', ['-nomac']],
] as const)('a wrong password is told as such on a file made %s', async (_, options) => {
  const file = bench.exportPkcs12('rsa', PASSWORD, ...options)

  await expect(openPkcs12(file, 'not this one')).rejects.toThrow(WrongPassword)
  await expect(openPkcs12(file, '')).rejects.toThrow(WrongPassword)
})

test('a file of certificates alone has no private key', async () => {
  bench.openssl('pkcs12', '-export', '-nokeys', '-in', 'rsa.pem', '-passout', `pass:${PASSWORD}`, '-out', 'certificate.p12')

  await expect(openPkcs12(bench.read('certificate.p12'), PASSWORD)).rejects.toThrow(NoPrivateKey)
})

test('a file of a key alone has no certificate to open with', async () => {
  bench.openssl('pkcs12', '-export', '-nocerts', '-inkey', 'rsa.key', '-passout', `pass:${PASSWORD}`, '-out', 'key.p12')

  await expect(openPkcs12(bench.read('key.p12'), PASSWORD)).rejects.toThrow(NoPrivateKey)
})

test('a signature key of another kind is unsupported', async () => {
  bench.makeKeyPair('ed25519', '-algorithm', 'ED25519')

  await expect(openPkcs12(bench.exportPkcs12('ed25519', PASSWORD), PASSWORD)).rejects.toThrow(UnsupportedKey)
})

test('the certificate of the key is found among others, in any order', async () => {
  bench.write('chain.pem', concat(bench.read('p256.pem'), bench.read('p384.pem')))

  await expectOpens(bench.exportPkcs12('rsa', PASSWORD, '-certfile', 'chain.pem'), PASSWORD, 'rsa')
})

test('two keys in a file come each with its certificate', async () => {
  const safes = [bench.exportPkcs12('rsa', PASSWORD, '-nomac'), bench.exportPkcs12('p256', PASSWORD, '-nomac')].map(contentsOf)
  const authenticatedSafe = der.sequence(...safes.reverse())

  const pairs = await openPkcs12(wrap(authenticatedSafe), PASSWORD)

  const kinds = pairs.map(({ certificate, privateKey }) => [certificate.commonName, privateKey.algorithm.name])
  expect(kinds).toEqual([
    ['p256', 'ECDH'],
    ['rsa', 'RSA-OAEP'],
  ])
})

test('a file in BER, as NSS writes it, opens', async () => {
  const file = bench.exportPkcs12('rsa', PASSWORD)

  await expectOpens(indefinite(file), PASSWORD, 'rsa')
})

test('a file with a PBMAC1 (RFC 9579) opens, and only by its password', async () => {
  const authenticatedSafe = der.sequence(contentsOf(bench.exportPkcs12('p256', PASSWORD, '-nomac')))
  const salt = fromHex('0011223344556677')
  const secret = await crypto.subtle.importKey('raw', new TextEncoder().encode(PASSWORD), 'PBKDF2', false, ['deriveBits'])
  const raw = await crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt, iterations: 2048 }, secret, 256)
  const key = await crypto.subtle.importKey('raw', raw, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  const value = new Uint8Array(await crypto.subtle.sign('HMAC', key, authenticatedSafe))
  const hmac = der.algorithm('1.2.840.113549.2.9', der.nullValue())
  const pbkdf2 = der.algorithm('1.2.840.113549.1.5.12', der.sequence(der.octetString(salt), der.integer(2048), der.integer(32), hmac))
  const algorithm = der.algorithm('1.2.840.113549.1.5.14', der.sequence(pbkdf2, hmac))
  const mac = der.sequence(der.sequence(algorithm, der.octetString(value)), der.octetString(fromHex('00')), der.integer(1))
  const file = wrap(authenticatedSafe, mac)

  await expectOpens(file, PASSWORD, 'p256')
  await expect(openPkcs12(file, `${PASSWORD}.`)).rejects.toThrow(WrongPassword)
})

test('an altered byte never opens as another key', async () => {
  const file = bench.exportPkcs12('p256', PASSWORD, '-iter', '1')

  await fc.assert(
    fc.asyncProperty(fc.nat(file.length - 1), fc.integer({ min: 0, max: 7 }), async (position, bit) => {
      const altered = file.slice()
      altered[position] = (altered[position] ?? 0) ^ (1 << bit)

      const outcome = await openPkcs12(altered, PASSWORD).then(
        ([pair]) => pair?.certificate.commonName,
        (error: unknown) => (error instanceof Error ? 'refused' : 'not an error'),
      )

      expect(['refused', 'p256']).toContain(outcome)
    }),
    { numRuns: 200 },
  )
})
