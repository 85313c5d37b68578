// SPDX-License-Identifier: EUPL-1.2
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { type Bytes, encodeUtf8, equal } from '../../../static/ts/bytes'
import { openBlock, openMessage, type Place } from '../../../static/ts/envelope/cms'
import { Damaged, EnvelopeRefused, Malformed, NotARecipient } from '../../../static/ts/envelope/errors'
import { readHeader } from '../../../static/ts/envelope/header'
import { type GeneratedKeyPair, generateKeyPair } from '../../../static/ts/keys/generate'
import { Bench } from '../openssl'
import { sealBlock } from '../sealer'

const NOW = new Date('2026-11-22T20:30:15Z')
const PLACE: Place = { fileId: '00112233445566ff', number: 7, isLast: true }
const PLAINTEXT = encodeUtf8('Acte d’engagement')
const KINDS = ['rsa', 'ec'] as const
type Kind = (typeof KINDS)[number]

const bench = new Bench()
const pairs = new Map<Kind, GeneratedKeyPair>()

beforeAll(async () => {
  pairs.set('rsa', await generateKeyPair({ algorithm: 'RSA-3072', commonName: 'Clé RSA', now: NOW }))
  pairs.set('ec', await generateKeyPair({ algorithm: 'P-256', commonName: 'Clé EC', now: NOW }))
  for (const [kind, { certificate, pkcs8 }] of pairs) {
    bench.write(`${kind}.der`, certificate.der)
    bench.write(`${kind}.key`, pkcs8)
    bench.openssl('x509', '-inform', 'DER', '-in', `${kind}.der`, '-out', `${kind}.pem`)
  }
  bench.write('plaintext', PLAINTEXT)
})

function pairOf(kind: Kind): GeneratedKeyPair {
  const pair = pairs.get(kind)
  if (pair === undefined) throw new Error(kind)
  return pair
}

function seal(...kinds: readonly Kind[]): Promise<Bytes> {
  return sealBlock(
    PLAINTEXT,
    kinds.map((kind) => pairOf(kind).certificate),
    PLACE,
  )
}

test.each([
  ['rsa', ['-keyopt', 'rsa_padding_mode:oaep', '-keyopt', 'rsa_oaep_md:sha256']],
  ['ec', ['-keyopt', 'ecdh_kdf_md:sha256']],
  ['ec', []],
] as const)('what openssl seals to our %s certificate opens, named either way', async (kind, options) => {
  for (const naming of [[], ['-keyid']]) {
    const words = ['cms', '-encrypt', '-binary', '-aes-256-gcm', ...naming, '-outform', 'DER', '-in', 'plaintext', '-out', 'message']
    bench.openssl(...words, '-recip', `${kind}.pem`, ...options)

    expect(await openMessage(bench.read('message'), pairOf(kind))).toEqual(PLAINTEXT)
  }
})

test.each(KINDS)('a block of the format opens by openssl with the key of %s', async (kind) => {
  bench.write('block', await seal('rsa', 'ec'))

  const words = ['cms', '-decrypt', '-binary', '-inform', 'DER', '-in', 'block', '-inkey', `${kind}.key`, '-keyform', 'DER']
  bench.openssl(...words, '-recip', `${kind}.pem`, '-out', 'opened')

  expect(bench.read('opened')).toEqual(PLAINTEXT)
})

test('a block opens by each of its recipients', async () => {
  const block = await seal('ec', 'rsa')

  for (const kind of KINDS) expect(await openBlock(block.slice(), PLACE, pairOf(kind))).toEqual(PLAINTEXT)
})

test('a block does not open by the key of another', async () => {
  await expect(openBlock(await seal('ec'), PLACE, pairOf('rsa'))).rejects.toThrow(NotARecipient)
})

test('a block of 65 recipients is malformed, one of 64 is not', async () => {
  const block = (count: number): Promise<Bytes> => seal(...Array.from({ length: count }, () => 'ec' as const))

  expect(readHeader(await block(64)).recipients).toHaveLength(64)
  await expect(openBlock(await block(65), PLACE, pairOf('ec'))).rejects.toThrow(Malformed)
})

test.each(KINDS)('a content key of 16 bytes is damage, by the key of %s', async (kind) => {
  const { certificate, privateKey } = pairOf(kind)
  const block = await sealBlock(PLAINTEXT, [certificate], PLACE, 16)

  await expect(openBlock(block, PLACE, { certificate, privateKey })).rejects.toThrow(Damaged)
})

test('no bit of a block can be flipped', async () => {
  const block = await seal('ec')

  for (let bit = 0; bit < block.length * 8; bit++) {
    await expect(openBlock(flip(block, bit), PLACE, pairOf('ec'))).rejects.toThrow(EnvelopeRefused)
  }
})

test('no bit of a block of two recipients can be flipped, whoever opens', async () => {
  const block = await seal('ec', 'rsa')

  await fc.assert(
    fc.asyncProperty(fc.nat(block.length * 8 - 1), fc.constantFrom(...KINDS), async (bit, kind) => {
      const opened = await openBlock(flip(block, bit), PLACE, pairOf(kind)).catch((error: unknown) => error)

      // The name and the key of the other recipient are not this one's to verify: the manifest's digest does.
      const isOpen = opened instanceof Uint8Array
      expect(isOpen ? equal(opened, PLAINTEXT) : opened instanceof EnvelopeRefused).toBe(true)
    }),
    { numRuns: 500 },
  )
})

test('a block cut anywhere is malformed, and so is one that something follows', async () => {
  const block = await seal('ec')
  const cuts = Array.from({ length: block.length }, (_, length) => block.slice(0, length))

  for (const altered of [...cuts, Uint8Array.of(...block, 0)]) {
    await expect(openBlock(altered, PLACE, pairOf('ec'))).rejects.toThrow(Malformed)
  }
})

test('a header is read from the beginning of its block alone', async () => {
  const block = await seal('ec', 'rsa')
  const header = readHeader(block)

  expect(readHeader(block.slice(0, header.ciphertextStart))).toEqual(header)
  expect(header.ciphertextEnd - header.ciphertextStart).toBe(PLAINTEXT.length)
  expect(header.blockSize).toBe(block.length)
  expect(() => readHeader(block.slice(0, header.ciphertextStart - 1))).toThrow(Malformed)
})

test('any bytes are refused by both readers, and never otherwise than as an envelope', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 80 }), async (input) => {
      const bytes = Uint8Array.from(input)

      await expect(openBlock(bytes, PLACE, pairOf('ec'))).rejects.toThrow(EnvelopeRefused)
      await expect(openMessage(bytes, pairOf('ec'))).rejects.toThrow(EnvelopeRefused)
    }),
  )
})

function flip(block: Bytes, bit: number): Bytes {
  const flipped = block.slice()
  flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  return flipped
}
