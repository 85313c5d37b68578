// SPDX-License-Identifier: EUPL-1.2
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { type Bytes, concat, equal, fromHex } from '../../../static/ts/bytes'
import { type KeyPair, readCertificate } from '../../../static/ts/keys/certificate'
import * as der from '../../../static/ts/keys/der'
import {
  LegacyPkcs12,
  NoPrivateKey,
  PasswordNotAscii,
  Pkcs12Malformed,
  TooManyIterations,
  UnsupportedKey,
  WrongPassword,
} from '../../../static/ts/keys/errors'
import { generateKeyPair, type GeneratedKeyPair } from '../../../static/ts/keys/generate'
import { openPkcs12, readPkcs12 } from '../../../static/ts/keys/pkcs12/read'
import { writePkcs12 } from '../../../static/ts/keys/pkcs12/write'
import { Bench, P_256, P_384, RSA_2048 } from '../openssl'

const NOW = new Date('2026-11-22T20:30:15Z')
const PASSWORD = 'correct cheval ~ 42'
const bench = new Bench()
let rsa: GeneratedKeyPair
let ec: GeneratedKeyPair
let ecFile: Bytes

beforeAll(async () => {
  bench.makeKeyPair('rsa', ...RSA_2048)
  bench.makeKeyPair('p256', ...P_256)
  bench.makeKeyPair('p384', ...P_384)
  rsa = await generateKeyPair({ algorithm: 'RSA-3072', commonName: 'Mairie de Bédée', now: NOW })
  ec = await generateKeyPair({ algorithm: 'P-256', commonName: 'Clé « EC »', now: NOW })
  ecFile = await writePkcs12({ pkcs8: ec.pkcs8, certificate: ec.certificate, friendlyName: 'Clé « EC »' }, PASSWORD)
})

/** A PKCS#12 that openssl makes of `<name>.key` and `<name>.pem`. */
function exportByOpenssl(name: string, password: string, ...options: readonly string[]): Bytes {
  bench.openssl(
    'pkcs12',
    '-export',
    '-inkey',
    `${name}.key`,
    '-in',
    `${name}.pem`,
    '-passout',
    `pass:${password}`,
    '-out',
    'out.p12',
    ...options,
  )
  return bench.read('out.p12')
}

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

test.each(['RSA', 'EC'])('openssl opens our file of an %s key', async (kind) => {
  const { pkcs8, certificate } = kind === 'RSA' ? rsa : ec
  bench.write('ours.p12', await writePkcs12({ pkcs8, certificate, friendlyName: certificate.commonName }, PASSWORD))

  const pem = bench.openssl('pkcs12', '-in', 'ours.p12', '-passin', `pass:${PASSWORD}`, '-nodes', '-out', 'ours.pem', '-info')
  bench.openssl('pkey', '-in', 'ours.pem', '-outform', 'DER', '-out', 'ours.key')
  bench.openssl('x509', '-in', 'ours.pem', '-outform', 'DER', '-out', 'ours.der')

  expect(pem).toBe('')
  expect(bench.read('ours.der')).toEqual(certificate.der)
  bench.openssl('pkcs8', '-topk8', '-nocrypt', '-inform', 'DER', '-in', 'ours.key', '-outform', 'DER', '-out', 'ours.pkcs8')
  expect(bench.read('ours.pkcs8')).toEqual(pkcs8)
  expect(new TextDecoder('latin1').decode(bench.read('ours.pem'))).toContain('localKeyID')
})

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
  await expectOpens(exportByOpenssl('rsa', PASSWORD, ...options), PASSWORD, 'rsa')
})

test.each(['p256', 'p384'])('a file of openssl with a key of %s opens', async (name) => {
  await expectOpens(exportByOpenssl(name, PASSWORD), PASSWORD, name)
})

test.each(['élévation à Bédée', '€ 😀', ''])('a file of openssl under the password %j opens', async (password) => {
  await expectOpens(exportByOpenssl('rsa', password), password, 'rsa')
})

test.each([
  ['the key alone', ['-keypbe', 'PBE-SHA1-3DES']],
  ['the certificate alone', ['-certpbe', 'PBE-SHA1-3DES']],
  ['both, and whatever the password', ['-legacy']],
] as const)('a legacy protection of %s is told as such', async (_, options) => {
  const file = exportByOpenssl('rsa', PASSWORD, ...options)

  await expect(openPkcs12(file, 'not this one')).rejects.toThrow(LegacyPkcs12)
})

test.each([
  ['by default', []],
  ['without a MAC', ['-nomac']],
] as const)('a wrong password is told as such on a file made %s', async (_, options) => {
  const file = exportByOpenssl('rsa', PASSWORD, ...options)

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

  await expect(openPkcs12(exportByOpenssl('ed25519', PASSWORD), PASSWORD)).rejects.toThrow(UnsupportedKey)
})

test('the certificate of the key is found among others, in any order', async () => {
  bench.write('chain.pem', concat(bench.read('p256.pem'), bench.read('p384.pem')))

  await expectOpens(exportByOpenssl('rsa', PASSWORD, '-certfile', 'chain.pem'), PASSWORD, 'rsa')
})

test('two keys in a file come each with its certificate', async () => {
  const safes = [exportByOpenssl('rsa', PASSWORD, '-nomac'), exportByOpenssl('p256', PASSWORD, '-nomac')].map(contentsOf)
  const authenticatedSafe = der.sequence(...safes.reverse())

  const pairs = await openPkcs12(wrap(authenticatedSafe), PASSWORD)

  const kinds = pairs.map(({ certificate, privateKey }) => [certificate.commonName, privateKey.algorithm.name])
  expect(kinds).toEqual([
    ['p256', 'ECDH'],
    ['rsa', 'RSA-OAEP'],
  ])
})

test('a file in BER, as NSS writes it, opens', async () => {
  const file = exportByOpenssl('rsa', PASSWORD)

  await expectOpens(indefinite(file), PASSWORD, 'rsa')
})

test('a file with a PBMAC1 (RFC 9579) opens, and only by its password', async () => {
  const authenticatedSafe = der.sequence(contentsOf(exportByOpenssl('p256', PASSWORD, '-nomac')))
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

test.each([
  ['of the MAC', 100_000],
  ['of the encryption', 600_000],
] as const)('an absurd number of iterations %s is refused before any is run', async (_, honest) => {
  const file = replaceInside(ecFile, der.integer(honest), der.integer(10_000_001))

  await expect(openPkcs12(file, PASSWORD)).rejects.toThrow(TooManyIterations)
})

test('every truncation is malformed', async () => {
  for (let length = 0; length < ecFile.length; length += 7) {
    await expect(openPkcs12(ecFile.slice(0, length), PASSWORD)).rejects.toThrow(Pkcs12Malformed)
  }
})

test('a certificate, a text and too large a file are malformed', async () => {
  const strangers = [ec.certificate.der, new TextEncoder().encode('-----BEGIN'), new Uint8Array(5 * 1024 * 1024)]

  for (const stranger of strangers) await expect(openPkcs12(stranger, PASSWORD)).rejects.toThrow(Pkcs12Malformed)
})

test('an altered byte never opens as another key', async () => {
  const file = exportByOpenssl('p256', PASSWORD, '-iter', '1')

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

/** The ContentInfos of a PKCS#12. */
function contentsOf(file: Bytes): Bytes {
  const pfx = der.readSequence(file)
  pfx.count()
  const content = pfx.sequence()
  content.oid()
  return concat(
    ...der
      .readSequence(content.open(der.contextTag(0)).octets())
      .rest()
      .map(({ whole }) => whole),
  )
}

function wrap(authenticatedSafe: Bytes, ...mac: readonly Bytes[]): Bytes {
  const content = der.sequence(der.oid('1.2.840.113549.1.7.1'), der.explicit(0, der.octetString(authenticatedSafe)))
  return der.sequence(der.integer(3), content, ...mac)
}

/** The same element with indefinite lengths, and its octet strings in two pieces: BER, as a streaming writer leaves it. */
function indefinite(bytes: Bytes): Bytes {
  const [item] = new der.Reader(bytes).rest()
  if (item === undefined) throw new Error('nothing')
  const end = Uint8Array.of(0, 0)
  if ((item.tag & 0x20) !== 0) {
    return concat(Uint8Array.of(item.tag, 0x80), ...new der.Reader(item.value).rest().map(({ whole }) => indefinite(whole)), end)
  }
  if (item.tag !== der.TAG.octetString || item.value.length < 64) return item.whole
  const pieces = [item.value.subarray(0, 40), item.value.subarray(40)].map(der.octetString)
  return concat(Uint8Array.of(0x24, 0x80), ...pieces, end)
}

/** `from` replaced by `to` in the whole file, of which every length is written anew. */
function replaceInside(bytes: Bytes, from: Bytes, to: Bytes): Bytes {
  const items = new der.Reader(bytes).rest()
  return concat(
    ...items.map((item) => {
      if (equal(item.whole, from)) return to
      const isNested = (item.tag & 0x20) !== 0 || (item.tag === der.TAG.octetString && isSequence(item.value))
      return isNested ? der.element(item.tag, replaceInside(item.value, from, to)) : item.whole
    }),
  )
}

/** Whether the bytes are one DER sequence; a random salt that begins like one is none. */
function isSequence(bytes: Bytes): boolean {
  try {
    const items = new der.Reader(bytes).rest()
    return items.length === 1 && items[0]?.tag === der.TAG.sequence
  } catch {
    return false
  }
}
