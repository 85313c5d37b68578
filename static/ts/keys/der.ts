// SPDX-License-Identifier: EUPL-1.2
// DER (ITU-T X.690): what X.509, PKCS#12 and CMS are written in. Only what they need: one-byte tags, one level at a time.
import { type Bytes, compare, concat, encodeUtf8 } from '../bytes'

/** Bytes that are not DER, or not of the shape expected. */
export class DerError extends Error {
  override readonly name: string = 'DerError'
}

/** Bytes that end before an element does. */
export class CutShort extends DerError {
  override readonly name = 'CutShort'
}

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const

/** Tag `[number]` of the context, constructed: EXPLICIT, or IMPLICIT over a SEQUENCE or SET. */
export const contextTag = (number: number): number => 0xa0 | number
/** Tag `[number]` of the context over a primitive type. */
export const primitiveContextTag = (number: number): number => 0x80 | number

/** An element: its `value` and its `whole` are views of the bytes read, not copies. */
export interface Element {
  readonly tag: number
  readonly value: Bytes
  readonly whole: Bytes
}

/**
 * Reads elements one after the other, each under the tag expected; `end` refuses what is left.
 *
 * Lengths are definite and minimal. `limit` may lie beyond the bytes at hand: the beginning of a long element is read without the rest.
 */
export class Reader {
  readonly #bytes: Bytes
  readonly limit: number
  #offset: number

  constructor(bytes: Bytes, offset = 0, limit = bytes.length) {
    this.#bytes = bytes
    this.#offset = offset
    this.limit = limit
  }

  /** Where the next element begins. */
  get offset(): number {
    return this.#offset
  }

  get atEnd(): boolean {
    return this.#offset === this.limit
  }

  /** Whether the next element is there and has this tag. */
  isNext(tag: number): boolean {
    return !this.atEnd && this.#bytes[this.#offset] === tag
  }

  /** The next element, whatever it is. */
  any(): Element {
    const { tag, valueStart, end } = this.#bounds()
    if (end > this.#bytes.length) throw new DerError('cut short')
    const element = { tag, value: this.#bytes.subarray(valueStart, end), whole: this.#bytes.subarray(this.#offset, end) }
    this.#offset = end
    return element
  }

  /** A reader of what the next element holds; this one passes over it. */
  open(tag: number): Reader {
    const bounds = this.#bounds()
    expectTag(bounds.tag, tag)
    this.#offset = bounds.end
    return new Reader(this.#bytes, bounds.valueStart, bounds.end)
  }

  #bounds(): { tag: number; valueStart: number; end: number } {
    const tag = this.#byteAt(this.#offset)
    if ((tag & 0x1f) === 0x1f) throw new DerError('a tag of several bytes')
    const first = this.#byteAt(this.#offset + 1)
    const count = first < 0x80 ? 0 : first & 0x7f
    const valueStart = this.#offset + 2 + count
    const end = valueStart + (count === 0 ? shortLength(first) : this.#longLength(count))
    if (end > this.limit) throw new DerError('an element longer than what holds it')
    return { tag, valueStart, end }
  }

  #longLength(count: number): number {
    if (count > 6) throw new DerError('a length above 2^48')
    let length = 0
    for (let i = 0; i < count; i++) length = length * 256 + this.#byteAt(this.#offset + 2 + i)
    if (length < 0x80 || length < 256 ** (count - 1)) throw new DerError('a length that is not minimal')
    return length
  }

  #byteAt(offset: number): number {
    const byte = this.#bytes[offset]
    if (byte === undefined || offset >= this.limit) throw new DerError('cut short')
    return byte
  }

  next(tag: number): Element {
    const element = this.any()
    expectTag(element.tag, tag)
    return element
  }

  optional(tag: number): Element | undefined {
    return this.isNext(tag) ? this.any() : undefined
  }

  sequence(): Reader {
    return this.open(TAG.sequence)
  }

  octets(): Bytes {
    return this.next(TAG.octetString).value
  }

  oid(): string {
    return decodeOid(this.next(TAG.oid).value)
  }

  /** A small integer that is not negative: a version, a count. */
  count(): number {
    const { value } = this.next(TAG.integer)
    if (!isMinimalInteger(value) || value.length > 6) throw new DerError('not a small integer')
    if (((value[0] ?? 0) & 0x80) !== 0) throw new DerError('a negative number')
    return value.reduce((number, byte) => number * 256 + byte, 0)
  }

  /** Value of a BIT STRING of whole bytes. */
  bits(): Bytes {
    const { value } = this.next(TAG.bitString)
    if (value[0] !== 0) throw new DerError('a bit string that is not of whole bytes')
    return value.subarray(1)
  }

  end(): void {
    if (!this.atEnd) throw new DerError('something is left')
  }

  /** Every element that is left. */
  rest(): Element[] {
    const elements = []
    while (!this.atEnd) elements.push(this.any())
    return elements
  }
}

function expectTag(tag: number, expected: number): void {
  if (tag !== expected) throw new DerError(`tag ${String(tag)} where ${String(expected)} is expected`)
}

function shortLength(octet: number): number {
  if (octet === 0x80) throw new DerError('an indefinite length')
  return octet
}

/** Reads `bytes`, one SEQUENCE and nothing after it. */
export function readSequence(bytes: Bytes): Reader {
  const reader = new Reader(bytes)
  const content = reader.sequence()
  reader.end()
  return content
}

function isMinimalInteger(value: Uint8Array): boolean {
  const [first, second] = value
  if (first === undefined || second === undefined) return first !== undefined
  return !(first === 0 && second < 0x80) && !(first === 0xff && second >= 0x80)
}

function decodeOid(value: Uint8Array): string {
  const arcs = []
  let arc = 0
  for (const [i, byte] of value.entries()) {
    if (arc === 0 && byte === 0x80) throw new DerError('an arc that is not minimal')
    arc = arc * 128 + (byte & 0x7f)
    if (!Number.isSafeInteger(arc)) throw new DerError('an arc too large')
    if (byte < 0x80) {
      arcs.push(arc)
      arc = 0
    } else if (i === value.length - 1) throw new DerError('an object identifier cut short')
  }
  const [head] = arcs
  if (head === undefined) throw new DerError('an empty object identifier')
  const root = Math.min(2, Math.floor(head / 40))
  return [root, head - root * 40, ...arcs.slice(1)].join('.')
}

/** Element of `tag` that holds `parts`. */
export function element(tag: number, ...parts: readonly Uint8Array[]): Bytes {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  return concat(Uint8Array.of(tag, ...encodeLength(length)), ...parts)
}

function encodeLength(length: number): number[] {
  if (length < 0x80) return [length]
  const bytes = []
  for (let left = length; left > 0; left = Math.floor(left / 256)) bytes.unshift(left % 256)
  return [0x80 | bytes.length, ...bytes]
}

export const sequence = (...parts: readonly Uint8Array[]): Bytes => element(TAG.sequence, ...parts)
export const octetString = (value: Uint8Array): Bytes => element(TAG.octetString, value)
export const bitString = (value: Uint8Array): Bytes => element(TAG.bitString, Uint8Array.of(0), value)
export const utf8String = (text: string): Bytes => element(TAG.utf8String, encodeUtf8(text))
export const nullValue = (): Bytes => element(TAG.null)
/** `[number] EXPLICIT`. */
export const explicit = (number: number, ...parts: readonly Uint8Array[]): Bytes => element(contextTag(number), ...parts)
/** A SET OF, in the order of DER. */
export const setOf = (...parts: readonly Uint8Array[]): Bytes => element(TAG.set, ...[...parts].sort(compare))

/** INTEGER of an unsigned big-endian number. */
export function unsignedInteger(bytes: Uint8Array): Bytes {
  const first = bytes.findIndex((byte) => byte !== 0)
  const digits = first < 0 ? Uint8Array.of(0) : bytes.subarray(first)
  const sign = (digits[0] ?? 0) >= 0x80 ? Uint8Array.of(0) : new Uint8Array()
  return element(TAG.integer, sign, digits)
}

/** INTEGER of a count below 2³². */
export function integer(count: number): Bytes {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, count)
  return unsignedInteger(bytes)
}

export function oid(dotted: string): Bytes {
  const [first = 0, second = 0, ...arcs] = dotted.split('.').map(Number)
  return element(TAG.oid, Uint8Array.from([first * 40 + second, ...arcs].flatMap(encodeArc)))
}

function encodeArc(arc: number): number[] {
  const bytes = [arc % 128]
  for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) bytes.unshift(0x80 | (left % 128))
  return bytes
}

/** AlgorithmIdentifier. */
export const algorithm = (dotted: string, ...parameters: readonly Uint8Array[]): Bytes => sequence(oid(dotted), ...parameters)
