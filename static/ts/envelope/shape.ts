// SPDX-License-Identifier: EUPL-1.2
// The shape of JSON values that others wrote: exact members, and what each may be.
import type { JsonObject, JsonValue } from '../canonical'

/** A value of another shape; the reader of a manifest or an index says of what. */
export class ShapeError extends Error {
  override readonly name = 'ShapeError'
}

export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
export const DIGEST = /^[0-9a-f]{64}$/
export const FILE_ID = /^[0-9a-f]{16}$/

/** A reader of the members of an object that has these and no other. */
export function members<Name extends string>(value: JsonValue, ...names: readonly Name[]): (name: Name) => JsonValue {
  if (!isObject(value) || Object.keys(value).length !== names.length || !names.every((name) => Object.hasOwn(value, name))) {
    throw new ShapeError(`an object of ${names.join(', ')} is expected`)
  }
  return (name) => value[name] ?? null
}

/** The elements of an array that has at least one. */
export function elements<T>(value: JsonValue, read: (element: JsonValue) => T): T[] {
  if (!Array.isArray(value) || value.length === 0) throw new ShapeError('an array that is not empty is expected')
  return value.map((element) => read(element as JsonValue))
}

export function text(value: JsonValue, pattern: RegExp): string {
  if (typeof value !== 'string' || !pattern.test(value)) throw new ShapeError(`a text of the form ${pattern.source} is expected`)
  return value
}

export function integer(value: JsonValue, smallest: number, largest: number = Number.MAX_SAFE_INTEGER): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < smallest || value > largest) {
    throw new ShapeError(`an integer from ${String(smallest)} to ${String(largest)} is expected`)
  }
  return value
}

export function allDifferent(values: readonly string[], what: string): void {
  if (new Set(values).size !== values.length) throw new ShapeError(`${what} comes twice`)
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
