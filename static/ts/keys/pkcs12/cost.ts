// SPDX-License-Identifier: EUPL-1.2
// What a file may ask of the computer, counted before any of it is done: a hostile one asks for hours.
import { DerError, type Reader } from '../der'
import { TooManyIterations } from '../errors'
import { type Derivation, digestLength, type HashName } from './derivation'

const COST_LIMIT = 10_000_000 // rounds of PBKDF2 with SHA-256 for a whole file: some seconds
const COST_OF_PART = 20_000 // of any key or certificate, to read and to compare: a store of authorities has 150
const COST_OF_ROUND: Readonly<Record<HashName, number>> = { 'SHA-1': 1, 'SHA-256': 1, 'SHA-384': 2, 'SHA-512': 2 } // measured
const COST_IN_SCRIPT: Readonly<Record<HashName, number>> = { 'SHA-1': 2, 'SHA-256': 2, 'SHA-384': 8, 'SHA-512': 8 } // of appendix B

/** What is left of the limit for a file. */
export class Budget {
  #left = COST_LIMIT

  /** Throws `TooManyIterations` once the file has asked for more than the limit. */
  spend(cost: number): void {
    this.#left -= cost
    if (this.#left < 0) throw new TooManyIterations(`${String(-this.#left)} rounds above the limit`)
  }

  /** For a key, a certificate or a set of them, with the cost of its protection if it has one. */
  spendOnPart(cost = 0): void {
    this.spend(COST_OF_PART + cost)
  }
}

/** Of `length` bytes by PBKDF2. */
export function costOfPbkdf2(derivation: Derivation, length: number): number {
  return COST_OF_ROUND[derivation.hash] * countRounds(derivation, length)
}

/** Of `length` bytes by appendix B. */
export function costOfAppendixB(derivation: Derivation, length: number): number {
  return COST_IN_SCRIPT[derivation.hash] * countRounds(derivation, length)
}

function countRounds({ hash, iterations }: Derivation, length: number): number {
  return iterations * Math.ceil(length / digestLength(hash))
}

/** A number of iterations; it may be absurd, which its cost tells. */
export function readIterations(reader: Reader): number {
  const iterations = reader.count()
  if (iterations < 1) throw new DerError('no iteration')
  return iterations
}
