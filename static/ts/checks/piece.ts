// SPDX-License-Identifier: EUPL-1.2
// A file is read by pieces of a known size, never whole.
import type { Bytes } from '../bytes'

/** Bytes of the file from `start`, fewer where it ends. */
export async function readPiece(file: Blob, start: number, length: number): Promise<Bytes> {
  return new Uint8Array(await file.slice(start, start + length).arrayBuffer())
}

/** The same as a text of one character a byte, so that a place in it is a place in the file. */
export async function readText(file: Blob, start: number, length: number): Promise<string> {
  return asText(await readPiece(file, start, length))
}

export function asText(bytes: Uint8Array): string {
  return new TextDecoder('latin1').decode(bytes)
}

/** Whether `bytes` has `expected` at `offset`. */
export function hasAt(bytes: Uint8Array, offset: number, expected: readonly number[]): boolean {
  return expected.every((byte, i) => bytes[offset + i] === byte)
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
