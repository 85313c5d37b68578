// SPDX-License-Identifier: EUPL-1.2
// PKCS#12 taken apart and put together again, for files that no program makes.
import { type Bytes, concat, equal } from '../../static/ts/bytes'
import * as der from '../../static/ts/keys/der'

/** The ContentInfos of a PKCS#12. */
export function contentsOf(file: Bytes): Bytes {
  const pfx = der.readSequence(file)
  pfx.count()
  const content = pfx.sequence()
  content.oid()
  return concat(
    ...der
      .readSequence(content.open(der.contextTag(0)).octets())
      .rest()
      .map(({ whole }) => whole),
  )
}

export function wrap(authenticatedSafe: Bytes, ...mac: readonly Bytes[]): Bytes {
  const content = der.sequence(der.oid('1.2.840.113549.1.7.1'), der.explicit(0, der.octetString(authenticatedSafe)))
  return der.sequence(der.integer(3), content, ...mac)
}

/** The same element with indefinite lengths, and its octet strings in two pieces: BER, as a streaming writer leaves it. */
export function indefinite(bytes: Bytes): Bytes {
  const [item] = new der.Reader(bytes).rest()
  if (item === undefined) throw new Error('nothing')
  const end = Uint8Array.of(0, 0)
  if ((item.tag & 0x20) !== 0) {
    return concat(Uint8Array.of(item.tag, 0x80), ...new der.Reader(item.value).rest().map(({ whole }) => indefinite(whole)), end)
  }
  if (item.tag !== der.TAG.octetString || item.value.length < 64) return item.whole
  const pieces = [item.value.subarray(0, 40), item.value.subarray(40)].map(der.octetString)
  return concat(Uint8Array.of(0x24, 0x80), ...pieces, end)
}

/** `from` replaced by `to` in the whole file, of which every length is written anew. */
export function replaceInside(bytes: Bytes, from: Bytes, to: Bytes): Bytes {
  const items = new der.Reader(bytes).rest()
  return concat(
    ...items.map((item) => {
      if (equal(item.whole, from)) return to
      const isNested = (item.tag & 0x20) !== 0 || (item.tag === der.TAG.octetString && isSequence(item.value))
      return isNested ? der.element(item.tag, replaceInside(item.value, from, to)) : item.whole
    }),
  )
}

/** Whether the bytes are one DER sequence; a random salt that begins like one is none. */
function isSequence(bytes: Bytes): boolean {
  try {
    const items = new der.Reader(bytes).rest()
    return items.length === 1 && items[0]?.tag === der.TAG.sequence
  } catch {
    return false
  }
}
