// SPDX-License-Identifier: EUPL-1.2
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Bytes, concat, equal, fromHex } from '../../../static/ts/bytes'
import { normaliseLengths } from '../../../static/ts/keys/ber'
import * as der from '../../../static/ts/keys/der'
import { DerError, Reader, TAG } from '../../../static/ts/keys/der'

const bytes = (constraints: fc.IntArrayConstraints = {}): fc.Arbitrary<Bytes> =>
  fc.uint8Array(constraints).map((array) => Uint8Array.from(array))
const { tree } = fc.letrec<{ tree: Bytes }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5 },
    bytes({ maxLength: 300 }).map(der.octetString),
    bytes({ maxLength: 20 }).map(der.unsignedInteger),
    fc.array(tie('tree'), { maxLength: 4 }).map((parts) => der.sequence(...parts)),
    fc.array(tie('tree'), { maxLength: 2 }).map((parts) => der.explicit(0, ...parts)),
  ),
}))

test('a Reader reads what element writes, of any length', () => {
  fc.assert(
    fc.property(fc.constantFrom(0, 1, 127, 128, 255, 256, 65_535, 65_536), bytes({ maxLength: 20 }), (length, after) => {
      const value = new Uint8Array(length).fill(7)

      const reader = new Reader(concat(der.octetString(value), after))

      expect(equal(reader.octets(), value)).toBe(true)
      expect(reader.atEnd).toBe(after.length === 0)
    }),
  )
})

test('object identifiers and counts go round', () => {
  fc.assert(
    fc.property(fc.constantFrom('2.5.4.3', '1.2.840.113549.1.9.16.1.23', '2.16.840.1.101.3.4.1.46', '0.9.1'), fc.nat(), (dotted, count) => {
      expect(new Reader(der.oid(dotted)).oid()).toBe(dotted)
      expect(new Reader(der.integer(count)).count()).toBe(count)
    }),
  )
})

test.each([
  ['an indefinite length', '30800000'],
  ['a long length that fits a short one', '30810100'],
  ['a length with a leading zero', '3082000100'],
  ['a length of five bytes', '30850000000001ff'],
  ['a value cut short', '300301'],
  ['a length cut short', '3082'],
  ['no length', '30'],
  ['nothing', ''],
  ['something after it', '300000'],
  ['a tag of several bytes', '1f810100'],
])('readSequence refuses %s', (_, hex) => {
  expect(() => der.readSequence(fromHex(hex))).toThrow(DerError)
})

test.each([
  ['an empty integer', '0200'],
  ['an integer that is not minimal', '02020001'],
  ['a negative number', '0201ff'],
  ['a number above 2^47', '0207010000000000ff'],
])('count refuses %s', (_, hex) => {
  expect(() => new Reader(fromHex(hex)).count()).toThrow(DerError)
})

test.each([
  ['an empty object identifier', '0600'],
  ['one cut short', '06022a86'],
  ['an arc that is not minimal', '06032a8001'],
])('oid refuses %s', (_, hex) => {
  expect(() => new Reader(fromHex(hex)).oid()).toThrow(DerError)
})

test('a Reader of any bytes ends or throws a DerError', () => {
  fc.assert(
    fc.property(bytes({ maxLength: 60 }), (input) => {
      try {
        new Reader(input).rest()
      } catch (error) {
        expect(error).toBeInstanceOf(DerError)
      }
    }),
  )
})

test('normaliseLengths leaves DER as it is', () => {
  fc.assert(
    fc.property(tree, (input) => {
      expect(equal(normaliseLengths(input), input)).toBe(true)
    }),
  )
})

test('normaliseLengths joins an octet string in pieces, of indefinite length', () => {
  const pieces = fromHex('3080' + '2480' + '0402aabb' + '2480' + '0401cc' + '0000' + '0000' + '02810105' + '0000')

  expect(normaliseLengths(pieces)).toEqual(der.sequence(der.octetString(fromHex('aabbcc')), der.integer(5)))
})

test.each([
  ['no end of contents', '30800500'],
  ['an inner element longer than the outer one', '30030402aabb'],
  ['an octet string of integers', '2403020101'],
  ['a primitive element of indefinite length', '04800000'],
  ['a very deep nest', '3080'.repeat(2000)],
])('normaliseLengths refuses %s', (_, hex) => {
  expect(() => normaliseLengths(fromHex(hex))).toThrow(DerError)
})

test('setOf sorts as DER does', () => {
  const [one, two, long] = [der.integer(1), der.integer(2), der.octetString(fromHex('00'))]

  expect(der.setOf(long, two, one)).toEqual(der.element(TAG.set, one, two, long))
})
