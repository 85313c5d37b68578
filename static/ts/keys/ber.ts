// SPDX-License-Identifier: EUPL-1.2
// BER, which some programs export key files in (NSS: Firefox, Thunderbird), brought back to DER's lengths.
import { type Bytes, concat } from '../bytes'
import { CutShort, DerError, element, TAG } from './der'

const DEPTH_LIMIT = 32 // a PKCS#12 has a dozen levels
const ELEMENT_LIMIT = 20_000 // a store of 150 certificates has 3,000
const CONSTRUCTED = 0x20

/** The same element with definite and minimal lengths, and its octet strings in one piece; nothing may follow it. */
export function normaliseLengths(bytes: Bytes): Bytes {
  const { der, end } = new Normaliser(bytes).elementAt(0, DEPTH_LIMIT)
  if (end !== bytes.length) throw new DerError('something is left')
  return der
}

interface Normalised {
  readonly der: Bytes
  readonly end: number
}

class Normaliser {
  readonly #bytes: Bytes
  #elementsLeft = ELEMENT_LIMIT

  constructor(bytes: Bytes) {
    this.#bytes = bytes
  }

  elementAt(offset: number, depth: number): Normalised {
    if (depth === 0) throw new DerError('nested too deep')
    if (--this.#elementsLeft < 0) throw new DerError('too many elements')
    const { tag, valueStart, length } = readLooseStart(this.#bytes, offset)
    if ((tag & CONSTRUCTED) === 0) {
      if (length === undefined) throw new DerError('a primitive element of indefinite length')
      return { der: element(tag, this.#bytes.subarray(valueStart, valueStart + length)), end: valueStart + length }
    }
    const limit = length === undefined ? undefined : valueStart + length
    const { parts, end } = this.#contentAt(valueStart, limit, depth - 1)
    return { der: tag === (TAG.octetString | CONSTRUCTED) ? joinOctets(parts) : element(tag, ...parts), end }
  }

  #contentAt(start: number, limit: number | undefined, depth: number): { parts: Bytes[]; end: number } {
    const parts: Bytes[] = []
    let offset = start
    while (limit === undefined ? !isEndOfContents(this.#bytes, offset) : offset < limit) {
      const { der, end } = this.elementAt(offset, depth)
      parts.push(der)
      offset = end
    }
    if (limit !== undefined && offset !== limit) throw new DerError('an element longer than what holds it')
    return { parts, end: limit ?? offset + 2 }
  }
}

function isEndOfContents(bytes: Bytes, offset: number): boolean {
  return bytes[offset] === 0 && bytes[offset + 1] === 0
}

/** One primitive octet string out of its pieces, which are primitive by now. */
function joinOctets(pieces: readonly Bytes[]): Bytes {
  return element(TAG.octetString, concat(...pieces.map(octetsOf)))
}

function octetsOf(piece: Bytes): Bytes {
  if (piece[0] !== TAG.octetString) throw new DerError('an octet string of other pieces than octet strings')
  const { valueStart } = readLooseStart(piece, 0)
  return piece.subarray(valueStart)
}

/** As `readStart` of DER, but any form of length; `undefined` is indefinite. */
function readLooseStart(bytes: Bytes, offset: number): { tag: number; valueStart: number; length: number | undefined } {
  const [tag, first] = bytes.subarray(offset, offset + 2)
  if (tag === undefined || first === undefined) throw new CutShort('cut short')
  if ((tag & 0x1f) === 0x1f) throw new DerError('a tag of several bytes')
  if (first === 0x80) return { tag, valueStart: offset + 2, length: undefined }
  const valueStart = offset + 2 + (first < 0x80 ? 0 : first & 0x7f)
  const length = first < 0x80 ? first : bytes.subarray(offset + 2, valueStart).reduce((sum, byte) => sum * 256 + byte, 0)
  if (valueStart + length > bytes.length) throw new CutShort('cut short')
  return { tag, valueStart, length }
}
