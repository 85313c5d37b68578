// SPDX-License-Identifier: EUPL-1.2
import { beforeAll, describe, expect, it } from 'vitest'
import { encodeUtf8, toBase64 } from '../../../static/ts/bytes'
import { Bench, RSA_2048 } from '../openssl'
import { findingsOf } from './files'

const bench = new Bench()

beforeAll(() => {
  bench.makeKeyPair('buyer', ...RSA_2048)
  bench.write('offer.txt', '42 000 euros')
})

describe('CMS of openssl', () => {
  it.each([
    ['sealed.p7m', ['-encrypt', '-outform', 'DER', '-aes256']],
    ['sealed.gcm.p7m', ['-encrypt', '-outform', 'DER', '-aes-256-gcm']],
    ['sealed.streamed.p7m', ['-encrypt', '-outform', 'DER', '-stream', '-aes256']],
    ['sealed.pem', ['-encrypt', '-outform', 'PEM', '-aes256']],
    ['sealed.eml', ['-encrypt', '-outform', 'SMIME', '-aes256']],
  ])('is told where it is sealed: %s', async (name, options) => {
    bench.openssl('cms', ...options, '-binary', '-in', 'offer.txt', '-out', name, 'buyer.pem')

    expect(await findingsOf(bench.read(name), name)).toEqual(['already_sealed'])
  })

  it.each([
    ['signed.p7m', ['-outform', 'DER', '-nodetach']],
    ['signed.p7s', ['-outform', 'DER']],
    ['signed.pem', ['-outform', 'PEM', '-nodetach']],
    ['signed.eml', ['-outform', 'SMIME']],
  ])('is not where it is signed: %s', async (name, options) => {
    bench.openssl('cms', '-sign', '-signer', 'buyer.pem', '-inkey', 'buyer.key', '-in', 'offer.txt', '-out', name, ...options)

    expect(await findingsOf(bench.read(name), name)).toEqual([])
  })
})

/** The first packet is as GnuPG writes it, of RSA-3072 or of a password, or of version 6; the second has the encrypted data. */
const PGP = {
  'for a key of version 6': Uint8Array.from([
    0xc1,
    70,
    6,
    33,
    6,
    ...Array<number>(32).fill(7),
    25,
    ...Array<number>(34).fill(5),
    0xd2,
    20,
    2,
    9,
    2,
    6,
  ]),
  'to nobody that it names': Uint8Array.from([0xc1, 37, 6, 0, 25, ...Array<number>(34).fill(5), 0xd2, 20, 2, 9, 2, 6]),
  'without its session key': Uint8Array.from([0xd2, 20, 2, 9, 2, 6, ...Array<number>(16).fill(7)]),
  'for a key': Uint8Array.from([0x85, 1, 0x8c, 3, ...Array<number>(8).fill(7), 1, ...Array<number>(386).fill(5), 0xd2, 20, 1, 2, 3]),
  'with a password': Uint8Array.from([0x8c, 0x0d, 4, 9, 3, 2, ...Array<number>(8).fill(7), 0x60, 0xd2, 20, 1, 2, 3]),
} as const

describe('PGP', () => {
  it.each(Object.entries(PGP))('is told, %s, as bytes and as text', async (_what, message) => {
    const armour = (headers: string) =>
      `-----BEGIN PGP MESSAGE-----\n${headers}\n${toBase64(message).replace(/.{64}/g, '$&\n')}\n=abcd\n-----END PGP MESSAGE-----\n`

    expect(await findingsOf(message, 'a.pdf.gpg')).toEqual(['already_sealed'])
    for (const headers of ['', 'Comment: x\n']) expect(await findingsOf(armour(headers), 'a.asc')).toEqual(['already_sealed'])
  })

  it.each([
    ['a signature', Uint8Array.from([0x89, 1, 0x33, 4, 0, 1, 8])],
    ['encrypted by no known mode', Uint8Array.from([0xd2, 20, 2, 9, 4, 6, ...Array<number>(16).fill(7)])],
    ['for a key of no known version', Uint8Array.from([0xc1, 70, 6, 33, 5, ...Array<number>(67).fill(7), 0xd2, 20, 1, 2, 3])],
    ['for a key, and larger than any', Uint8Array.from([0x85, 0x20, 0, 3, ...Array<number>(8).fill(7), 1, ...Array<number>(1200).fill(5)])],
    ['a signed message', Uint8Array.from([0x90, 0x0d, 3, 0, 8, 1, 2, 3])],
  ])('is not where it is %s', async (_what, message) => {
    const armour = `-----BEGIN PGP MESSAGE-----\n\n${toBase64(message)}\n-----END PGP MESSAGE-----\n`

    expect(await findingsOf(message, 'a.gpg')).toEqual([])
    expect(await findingsOf(armour, 'a.asc')).toEqual([])
  })
})

it.each([
  ['a.age', 'age-encryption.org/v1\n-> X25519 abc'],
  ['a.age', '-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n'],
])('age is told: %s, %s', async (name, content) => {
  expect(await findingsOf(encodeUtf8(content), name)).toEqual(['already_sealed'])
})
