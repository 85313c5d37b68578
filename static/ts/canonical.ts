// SPDX-License-Identifier: EUPL-1.2
import { type Bytes, decodeUtf8, encodeUtf8, equal } from './bytes'

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject
export interface JsonObject {
  readonly [member: string]: JsonValue
}

/** Bytes or a value that have no canonical form, or are not in it. */
export class NotCanonical extends Error {
  readonly code = 'not_canonical'
  override readonly name = 'NotCanonical'
}

const MEMBER = /^[A-Za-z_][A-Za-z0-9_]*$/
const DEPTH_LIMIT = 64 // our deepest text has 6 levels; a stack must not overflow on a hostile one

/** Canonical form of `value`. Source: docs/envelope-format.md § 8. */
export function toCanonical(value: JsonValue): Bytes {
  return encodeUtf8(write(value, DEPTH_LIMIT))
}

/** Value of `bytes`, which must be its own canonical form; a repeated member is not. */
export function parseCanonical(bytes: Uint8Array): JsonValue {
  const value = parse(bytes)
  if (!equal(bytes, toCanonical(value))) throw new NotCanonical('not its own canonical form')
  return value
}

function parse(bytes: Uint8Array): JsonValue {
  try {
    return JSON.parse(decodeUtf8(bytes)) as JsonValue
  } catch (cause) {
    throw new NotCanonical('not JSON in UTF-8', { cause })
  }
}

function write(value: JsonValue, depth: number): string {
  if (depth === 0) throw new NotCanonical('nested too deep')
  if (typeof value === 'number') return writeInteger(value)
  if (typeof value === 'string') return writeString(value)
  if (value === null || typeof value === 'boolean') return String(value)
  if (isArray(value)) return `[${value.map((item) => write(item, depth - 1)).join(',')}]`
  return writeObject(value, depth)
}

function writeInteger(value: number): string {
  if (!Number.isSafeInteger(value)) throw new NotCanonical('a number that is not a safe integer')
  return String(value)
}

function writeString(value: string): string {
  if (!value.isWellFormed()) throw new NotCanonical('a lone surrogate')
  return JSON.stringify(value) // escapes exactly as § 8 does (ECMA-262, QuoteJSONString)
}

function writeObject(value: JsonObject, depth: number): string {
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, item]) => `${writeMember(name)}:${write(item, depth - 1)}`).join(',')}}`
}

function writeMember(name: string): string {
  if (!MEMBER.test(name)) throw new NotCanonical('a member that is not of letters, digits and _')
  return `"${name}"`
}

/** `Array.isArray` does not narrow read-only arrays. */
function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value)
}
