// SPDX-License-Identifier: EUPL-1.2
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeUtf8, encodeUtf8 } from '../../static/ts/bytes'
import { type JsonValue, NotCanonical, parseCanonical, toCanonical } from '../../static/ts/canonical'

const member = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/)
const { value: anyValue } = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom(null, true, false),
    fc.maxSafeInteger().map((number) => number + 0), // no -0
    fc.string({ unit: 'binary' }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(member, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}))

test('toCanonical sorts members and escapes as little as it can', () => {
  const value = { b: 'é\u0001"\\\n\u007f', a: [1, -2, null, true], B: {} }

  const text = decodeUtf8(toCanonical(value))

  expect(text).toBe('{"B":{},"a":[1,-2,null,true],"b":"é\\u0001\\"\\\\\\n\u007f"}')
})

test('parseCanonical gives back every value that toCanonical writes', () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      expect(parseCanonical(toCanonical(value))).toEqual(value)
    }),
  )
})

test.each([
  ['white space', '{"a": 1}'],
  ['a final line', '{"a":1}\n'],
  ['unsorted members', '{"b":1,"a":1}'],
  ['a repeated member', '{"a":1,"a":1}'],
  ['a member that begins with a digit', '{"1a":1}'],
  ['a floating number', '{"a":1.5}'],
  ['an exponent', '{"a":1e2}'],
  ['a negative zero', '{"a":-0}'],
  ['an integer above 2^53 - 1', '{"a":9007199254740992}'],
  ['a needless escape', '{"a":"\\u00e9"}'],
  ['an escaped slash', '{"a":"\\/"}'],
  ['a lone surrogate', '{"a":"\\ud800"}'],
  ['a byte order mark', '\ufeff{"a":1}'],
  ['nothing', ''],
  ['a deep nest', '['.repeat(5000) + ']'.repeat(5000)],
])('parseCanonical refuses %s', (_, text) => {
  expect(() => parseCanonical(encodeUtf8(text))).toThrow(NotCanonical)
})

test('parseCanonical refuses bytes that are not UTF-8', () => {
  expect(() => parseCanonical(Uint8Array.of(0x22, 0xff, 0x22))).toThrow(NotCanonical)
})
