// SPDX-License-Identifier: EUPL-1.2
// Files that nobody should have to wait for: each test ends within the seconds that a person would.
import fc from 'fast-check'
import { beforeAll, expect, test, vi } from 'vitest'
import { type Bytes, concat, encodeUtf8 } from '../../../static/ts/bytes'
import * as der from '../../../static/ts/keys/der'
import { KeyFileError, Pkcs12Empty, Pkcs12Malformed, Pkcs12TooLarge, Pkcs12Truncated } from '../../../static/ts/keys/errors'
import { TooManyIterations, UnsupportedProtection, WrongPassword } from '../../../static/ts/keys/errors'
import { OID } from '../../../static/ts/keys/oids'
import { protect } from '../../../static/ts/keys/pkcs12/protection'
import { isLegacyPkcs12, readPkcs12 } from '../../../static/ts/keys/pkcs12/read'
import { Bench, P_256 } from '../openssl'
import { indefinite, replaceInside, wrap } from '../pkcs12'

vi.setConfig({ testTimeout: 5000 })

const PASSWORD = 'correct cheval ~ 42'
const MANY = [10_000_001, 2 ** 31 - 1, 2 ** 46]
const FEW = 900_000 // of eleven keys, all the same too many
const HMAC_SHA_256 = der.algorithm(OID.hmacWithSha256, der.nullValue())
const bench = new Bench()
const revealed = new Map<number, Bytes>() // key files whose keys are hidden in an encrypted content, by iterations of each
let modern: Bytes
let legacy: Bytes

beforeAll(async () => {
  bench.makeKeyPair('p256', ...P_256)
  modern = bench.exportPkcs12('p256', PASSWORD, '-iter', '2049')
  legacy = bench.exportPkcs12('p256', PASSWORD, '-legacy', '-iter', '2049')
  for (const iterations of [...MANY, FEW]) {
    const bags = Array.from({ length: 11 }, () => shroudedBag(iterations))
    revealed.set(iterations, wrap(der.sequence(await encryptedDataOf(...bags))))
  }
})

/** An INTEGER of up to six bytes. */
function integer(count: number): Bytes {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(count))
  return der.unsignedInteger(bytes)
}

function pbkdf2(iterations: number, ...keyLength: readonly Bytes[]): Bytes {
  return der.algorithm(OID.pbkdf2, der.sequence(der.octetString(new Uint8Array(8)), integer(iterations), ...keyLength, HMAC_SHA_256))
}

/** A bag of a key of nothing, of which only the cost of its protection matters. */
function shroudedBag(iterations: number): Bytes {
  const cipher = der.algorithm(OID.aes256Cbc, der.octetString(new Uint8Array(16)))
  const scheme = der.algorithm(OID.pbes2, der.sequence(pbkdf2(iterations), cipher))
  return der.sequence(der.oid(OID.shroudedKeyBag), der.explicit(0, der.sequence(scheme, der.octetString(new Uint8Array(16)))))
}

const dataOf = (...bags: readonly Bytes[]): Bytes =>
  der.sequence(der.oid(OID.data), der.explicit(0, der.octetString(der.sequence(...bags))))

async function encryptedDataOf(...bags: readonly Bytes[]): Promise<Bytes> {
  const { algorithm, protectedContent } = await protect(der.sequence(...bags), PASSWORD)
  const content = der.sequence(der.oid(OID.data), algorithm, der.element(der.primitiveContextTag(0), protectedContent))
  return der.sequence(der.oid(OID.encryptedData), der.explicit(0, der.sequence(der.integer(0), content)))
}

function macOf(iterations: number, ...keyLength: readonly Bytes[]): Bytes {
  const algorithm = der.algorithm(OID.pbmac1, der.sequence(pbkdf2(iterations, ...keyLength), HMAC_SHA_256))
  const digestInfo = der.sequence(algorithm, der.octetString(new Uint8Array(32)))
  return der.sequence(digestInfo, der.octetString(new Uint8Array(8)), der.integer(1))
}

test.each(MANY)('%i iterations of the MAC are refused', async (iterations) => {
  const bomb = replaceInside(
    bench.exportPkcs12('p256', PASSWORD, '-keypbe', 'NONE', '-certpbe', 'NONE'),
    der.integer(2048),
    integer(iterations),
  )

  await expect(readPkcs12(bomb, PASSWORD)).rejects.toThrow(TooManyIterations)
})

test.each(MANY)('%i iterations of PBKDF2 are refused, whatever they protect', async (iterations) => {
  for (const options of [
    ['-certpbe', 'NONE'],
    ['-keypbe', 'NONE', '-certpbe', 'AES-256-CBC'],
  ]) {
    const file = bench.exportPkcs12('p256', PASSWORD, '-iter', '2049', '-nomac', ...options)

    await expect(readPkcs12(replaceInside(file, der.integer(2049), integer(iterations)), PASSWORD)).rejects.toThrow(TooManyIterations)
  }
})

test.each(MANY)('%i iterations of a PBMAC1 are refused', async (iterations) => {
  const bomb = wrap(der.sequence(dataOf()), macOf(iterations, der.integer(32)))

  await expect(readPkcs12(bomb, PASSWORD)).rejects.toThrow(TooManyIterations)
})

test('a PBMAC1 of a key without end is refused', async () => {
  const bomb = wrap(der.sequence(dataOf()), macOf(2048, integer(2 ** 31 - 1)))

  await expect(readPkcs12(bomb, PASSWORD)).rejects.toThrow(UnsupportedProtection)
})

test.each(MANY)('%i iterations that only the password reveals are refused', async (iterations) => {
  const bomb = revealed.get(iterations) ?? new Uint8Array()

  await expect(readPkcs12(bomb, PASSWORD)).rejects.toThrow(TooManyIterations)
})

test('iterations that are few each, and many together, are refused', async () => {
  const bags = Array.from({ length: 11 }, () => shroudedBag(FEW))

  await expect(readPkcs12(wrap(der.sequence(dataOf(...bags))), PASSWORD)).rejects.toThrow(TooManyIterations)
  await expect(readPkcs12(revealed.get(FEW) ?? new Uint8Array(), PASSWORD)).rejects.toThrow(TooManyIterations)
})

test('parts without number are refused, however little each asks for', async () => {
  const bags = Array.from({ length: 600 }, () => shroudedBag(1))

  await expect(readPkcs12(wrap(der.sequence(dataOf(...bags))), PASSWORD)).rejects.toThrow(TooManyIterations)
})

test('no iteration at all is malformed', async () => {
  const file = replaceInside(modern, der.integer(2049), der.integer(0))

  await expect(readPkcs12(file, PASSWORD)).rejects.toThrow(Pkcs12Malformed)
})

test('every truncation is told as such, in DER, in BER and of an old file', async () => {
  for (const file of [modern, indefinite(modern), legacy]) {
    for (let length = 1; length < file.length; length++) {
      await expect(readPkcs12(file.slice(0, length), PASSWORD)).rejects.toThrow(Pkcs12Truncated)
    }
  }
})

test('an empty file is told as such', async () => {
  await expect(readPkcs12(new Uint8Array(), PASSWORD)).rejects.toThrow(Pkcs12Empty)
})

test('a file of 50 MB is told as such', async () => {
  const padding = der.octetString(new Uint8Array(50 * 1024 * 1024))

  await expect(readPkcs12(der.sequence(der.integer(3), padding), PASSWORD)).rejects.toThrow(Pkcs12TooLarge)
})

test.each([
  ['a certificate', () => bench.read('p256.der')],
  ['a text', () => encodeUtf8('-----BEGIN CERTIFICATE-----')],
  ['a text that begins as a SEQUENCE does', () => encodeUtf8('00 rue de la Mairie, Bédée. '.repeat(40))],
  ['a PDF', () => encodeUtf8('%PDF-1.7')],
  ['a ZIP', () => encodeUtf8('PK\x03\x04')],
  ['zeros', () => new Uint8Array(4096)],
  ['another version of it', () => replaceInside(wrap(der.sequence()), der.integer(3), der.integer(4))],
  ['one with something after it', () => concat(modern, Uint8Array.of(0))],
  ['levels without end', () => concat(...Array.from({ length: 20_000 }, () => Uint8Array.of(0x30, 0x80)))],
  ['4 MB of levels', () => new Uint8Array(4 * 1024 * 1024).map((_, i) => (i % 2 === 0 ? 0x30 : 0x80))],
  ['4 MB of elements', () => der.sequence(new Uint8Array(4_000_000).map((_, i) => (i % 2 === 0 ? 5 : 0)))],
  ['4 MB of elements inside', () => wrap(der.sequence(new Uint8Array(4_000_000).map((_, i) => (i % 2 === 0 ? 5 : 0))))],
])('%s is no key file', async (_, make) => {
  const file = make()

  await expect(readPkcs12(file, PASSWORD)).rejects.toThrow(Pkcs12Malformed)
  expect(() => isLegacyPkcs12(file)).toThrow(Pkcs12Malformed)
})

test('twenty wrong passwords are each told as such', async () => {
  for (let i = 0; i < 20; i++) {
    for (const file of [modern, legacy]) await expect(readPkcs12(file, `wrong ${String(i)}`)).rejects.toThrow(WrongPassword)
  }
})

test('whatever is altered ends with a reason, or reads as what it was', async () => {
  const [original] = await readPkcs12(modern, PASSWORD)
  const files = [modern, legacy, bench.exportPkcs12('p256', PASSWORD, '-nomac', '-iter', '2')]
  const inputs = fc.tuple(fc.constantFrom(...files), fc.nat(), fc.integer({ min: 1, max: 255 }))

  await fc.assert(
    fc.asyncProperty(inputs, async ([file, position, mask]) => {
      const altered = file.slice()
      const index = position % file.length
      altered[index] = (altered[index] ?? 0) ^ mask

      const outcome = await readPkcs12(altered, PASSWORD).catch((error: unknown) => error)

      if (!(outcome instanceof KeyFileError)) expect(outcome).toMatchObject([{ pkcs8: original?.pkcs8 }])
    }),
    { numRuns: 200 },
  )
})

test('the wrong password of a file without a MAC never passes for another reason', async () => {
  const files = [['-nomac'], ['-nomac', '-legacy']].map((options) => bench.exportPkcs12('p256', PASSWORD, '-iter', '1', ...options))

  for (let i = 0; i < 300; i++) {
    for (const file of files) await expect(readPkcs12(file, `wrong ${String(i)}`)).rejects.toThrow(WrongPassword)
  }
}, 30_000) // six hundred files, not one
