// SPDX-License-Identifier: EUPL-1.2
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { type Bytes, toHex } from '../../../static/ts/bytes'
import { readCertificate } from '../../../static/ts/keys/certificate'
import * as der from '../../../static/ts/keys/der'
import { TooManyIterations, UnsupportedProtection, WrongPassword } from '../../../static/ts/keys/errors'
import { deriveBytes, encodeUtf16, type HashName } from '../../../static/ts/keys/pkcs12/derivation'
import { isLegacyPkcs12, openPkcs12, readPkcs12 } from '../../../static/ts/keys/pkcs12/read'
import { writePkcs12 } from '../../../static/ts/keys/pkcs12/write'
import { Bench, P_256, RSA_2048 } from '../openssl'
import { replaceInside } from '../pkcs12'

const PASSWORD = 'correct cheval ~ 42'
const OLD_WAYS = [
  ['as Internet Explorer did: RC2 and triple DES', ['-legacy']],
  ['by triple DES', ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'sha1']],
  ['by triple DES with two keys', ['-keypbe', 'PBE-SHA1-2DES', '-certpbe', 'PBE-SHA1-2DES']],
  ['by RC2 of 128 bits', ['-legacy', '-keypbe', 'PBE-SHA1-RC2-128', '-certpbe', 'PBE-SHA1-RC2-128']],
  ['by RC2 of 40 bits, its key too', ['-legacy', '-keypbe', 'PBE-SHA1-RC2-40']],
  ['by triple DES and PBKDF2', ['-keypbe', 'DES-EDE3-CBC', '-certpbe', 'DES-EDE3-CBC']],
  ['by triple DES for its key alone', ['-keypbe', 'PBE-SHA1-3DES']],
  ['by RC2 for its certificate alone', ['-legacy', '-keypbe', 'AES-256-CBC']],
  ['by triple DES without a MAC', ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-nomac']],
] as const
const bench = new Bench()

beforeAll(() => {
  bench.makeKeyPair('rsa', ...RSA_2048)
  bench.makeKeyPair('p256', ...P_256)
})

/** The PKCS#8 and the certificate that openssl has of `name`. */
function expected(name: string): { pkcs8: Bytes; der: Bytes } {
  bench.openssl('pkcs8', '-topk8', '-nocrypt', '-in', `${name}.key`, '-outform', 'DER', '-out', `${name}.pkcs8`)
  return { pkcs8: bench.read(`${name}.pkcs8`), der: bench.read(`${name}.der`) }
}

async function expectReads(file: Bytes, password: string, name: string): Promise<void> {
  const found = await readPkcs12(file, password)

  expect(found.map(({ pkcs8, certificate }) => ({ pkcs8, der: certificate.der }))).toEqual([expected(name)])
}

test.each(OLD_WAYS)('a file protected %s is read, and by its password alone', async (_, options) => {
  for (const name of ['rsa', 'p256']) {
    const file = bench.exportPkcs12(name, PASSWORD, ...options)

    await expectReads(file, PASSWORD, name)
    await expect(readPkcs12(file, 'not this one')).rejects.toThrow(WrongPassword)
    await expect(readPkcs12(file, '')).rejects.toThrow(WrongPassword)
  }
})

test.each(['élévation à Bédée', '€ 😀', ''])('an old file under the password %j is read', async (password) => {
  for (const options of [['-legacy'], ['-legacy', '-nomac'], ['-keypbe', 'DES-EDE3-CBC', '-certpbe', 'DES-EDE3-CBC']]) {
    await expectReads(bench.exportPkcs12('rsa', password, ...options), password, 'rsa')
  }
})

test('the key of an old file opens, and is not extractable', async () => {
  const [pair] = await openPkcs12(bench.exportPkcs12('rsa', PASSWORD, '-legacy'), PASSWORD)

  const { fingerprint } = await readCertificate(bench.read('rsa.der'))
  expect(pair?.certificate.fingerprint).toBe(fingerprint)
  expect(pair?.privateKey).toMatchObject({ extractable: false, algorithm: { name: 'RSA-OAEP' } })
})

test.each([
  ...OLD_WAYS.map(([way, options]) => [way, options, true] as const),
  ['with a MAC of SHA-1 over AES', ['-macalg', 'sha1'], true],
  ['by AES', [], false],
  ['by AES without a MAC', ['-nomac'], false],
  ['by nothing at all', ['-keypbe', 'NONE', '-certpbe', 'NONE', '-nomac'], false],
] as const)('isLegacyPkcs12 of a file protected %s', (_, options, isLegacy) => {
  expect(isLegacyPkcs12(bench.exportPkcs12('p256', PASSWORD, ...options))).toBe(isLegacy)
})

test('an old file written anew is no longer one, and holds the same', async () => {
  const [old] = await readPkcs12(bench.exportPkcs12('rsa', PASSWORD, '-legacy', '-name', 'Clé de 2014'), PASSWORD)
  if (old === undefined) throw new Error('one key is expected')

  const anew = await writePkcs12(old, 'another password')

  expect(isLegacyPkcs12(anew)).toBe(false)
  expect(await readPkcs12(anew, 'another password')).toEqual([old])
})

test.each([
  ['triple DES', ['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'NONE', '-nomac']],
  ['RC2', ['-legacy', '-keypbe', 'PBE-SHA1-RC2-40', '-certpbe', 'NONE', '-nomac']],
  ['triple DES and PBKDF2', ['-keypbe', 'DES-EDE3-CBC', '-certpbe', 'NONE', '-nomac']],
  ['the MAC', ['-legacy']],
] as const)('an absurd number of iterations of %s is refused before any is run', async (_, options) => {
  const file = bench.exportPkcs12('p256', PASSWORD, '-iter', '2049', ...options)

  for (const iterations of [10_000_001, 2 ** 31 - 1]) {
    const bomb = replaceInside(file, der.integer(2049), der.integer(iterations))

    await expect(readPkcs12(bomb, PASSWORD)).rejects.toThrow(TooManyIterations)
  }
})

test.each(['PBE-MD5-DES', 'PBE-SHA1-RC4-128'])('the still older %s is unsupported', async (scheme) => {
  const file = bench.exportPkcs12('p256', PASSWORD, '-legacy', '-keypbe', scheme, '-certpbe', 'NONE')

  await expect(readPkcs12(file, PASSWORD)).rejects.toThrow(UnsupportedProtection)
})

test('deriveBytes is what openssl derives', async () => {
  const hashes = fc.constantFrom<HashName>('SHA-1', 'SHA-256', 'SHA-384', 'SHA-512')
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 150 })
  const inputs = fc.tuple(hashes, bytes, fc.string({ maxLength: 80 }), fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 200 }))

  await fc.assert(
    fc.asyncProperty(inputs, fc.integer({ min: 1, max: 3 }), async ([hash, salt, text, iterations, length], purpose) => {
      const password = encodeUtf16(`${text}\0`)
      const options = {
        digest: hash.replace('SHA-1', 'SHA1').replace('-', ''),
        hexpass: toHex(password),
        hexsalt: toHex(salt),
        iter: iterations,
        id: purpose,
      }
      const words = Object.entries(options).flatMap(([name, value]) => ['-kdfopt', `${name}:${String(value)}`])

      const derived = await deriveBytes({ hash, salt: Uint8Array.from(salt), iterations }, purpose, password, length)

      expect(toHex(derived)).toBe(
        bench
          .openssl('kdf', '-keylen', String(length), ...words, 'PKCS12KDF')
          .replace(/[:\s]/g, '')
          .toLowerCase(),
      )
    }),
    { numRuns: 30 },
  )
})
