// SPDX-License-Identifier: EUPL-1.2
// The known answers of tests/vectors, which pytest reads too.
import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import type { Bytes } from '../../static/ts/bytes'
import { type KeyPair, readCertificate } from '../../static/ts/keys/certificate'
import { importPrivateKey } from '../../static/ts/keys/private-key'

const FOLDER = new URL('../vectors/', import.meta.url)

export interface Vector<Inputs, Expected> {
  readonly name: string
  readonly inputs: Inputs
  readonly expect: Expected | { readonly error: string }
}

/** The vectors of a file, which has some, as rows for `test.each`. */
export function loadVectors<Inputs, Expected>(file: string): (readonly [string, Vector<Inputs, Expected>])[] {
  const vectors = JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as Vector<Inputs, Expected>[]
  expect(vectors.length).toBeGreaterThan(0)
  return vectors.map((vector) => [vector.name, vector])
}

export function fromBase64(text: string): Bytes {
  return Uint8Array.from(Buffer.from(text, 'base64'))
}

export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

function fromPem(path: string): Bytes {
  return fromBase64(readFileSync(new URL(path, FOLDER), 'utf8').replace(/-----[^-]+-----|\s/g, ''))
}

const pairs = new Map<string, Promise<KeyPair>>()

/** A key of tests/vectors/keys, by its name. */
export function loadKeyPair(name: string): Promise<KeyPair> {
  const pair = pairs.get(name) ?? readKeyPair(name)
  pairs.set(name, pair)
  return pair
}

async function readKeyPair(name: string): Promise<KeyPair> {
  return {
    certificate: await readCertificate(fromPem(`keys/${name}.crt`)),
    privateKey: await importPrivateKey(fromPem(`keys/${name}.key`)),
  }
}

/** What `run` gives, or the code of the refusal that it throws: what a vector's `expect` says. Any other error is one of the test. */
export async function outcome<T>(run: () => T | Promise<T>): Promise<T | { error: string }> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof Error && 'code' in error && typeof error.code === 'string') return { error: error.code }
    throw error
  }
}
