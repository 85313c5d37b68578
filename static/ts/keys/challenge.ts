// SPDX-License-Identifier: EUPL-1.2
// The challenge of a key: proof that it opens what is sealed to it, by the very code of the opening day.
// Source: docs/envelope-format.md § 11.
import { type Bytes, concat, encodeUtf8, equal, toHex } from '../bytes'
import { NotCanonical, parseCanonical } from '../canonical'
import { openBlock } from '../envelope/cms'
import { DIGEST, members, ShapeError, text, UUID } from '../envelope/shape'
import type { KeyPair } from './certificate'
import { BadChallenge } from './errors'

const PREFIX = encodeUtf8('sigille-challenge-v1\0')
const ANSWER_PREFIX = encodeUtf8('sigille-answer-v1\0')
const NONCE_SIZE = 32 // bytes
const PLACE = { fileId: '0'.repeat(16), number: 0, isLast: true }

/** A challenge opened, which is of this site and to this key. */
export interface Challenge {
  readonly nonce: Bytes
  readonly context: Bytes
}

/** The answer, in hexadecimal, to a challenge sealed to this key; `origin` is the page's own, `block` is used up. */
export async function answerChallenge(block: Bytes, pair: KeyPair, origin: string): Promise<string> {
  const { nonce, context } = await openChallenge(block, pair, origin)
  const key = await crypto.subtle.importKey('raw', nonce, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  nonce.fill(0)
  return toHex(new Uint8Array(await crypto.subtle.sign('HMAC', key, concat(ANSWER_PREFIX, context))))
}

/** Opens a challenge; what is not one must not be answered, or the answer would tell of a bid's block. */
export async function openChallenge(block: Bytes, pair: KeyPair, origin: string): Promise<Challenge> {
  const plaintext = await openBlock(block, PLACE, pair)
  const nonceEnd = PREFIX.length + NONCE_SIZE
  if (plaintext.length < nonceEnd || !equal(plaintext.subarray(0, PREFIX.length), PREFIX)) throw new BadChallenge('not a challenge')
  const context = plaintext.slice(nonceEnd)
  const { fingerprint, origin: sealedOrigin } = readContext(context)
  if (sealedOrigin !== origin) throw new BadChallenge('a challenge of another site')
  if (fingerprint !== pair.certificate.fingerprint) throw new BadChallenge('a challenge to another key')
  return { nonce: plaintext.slice(PREFIX.length, nonceEnd), context }
}

function readContext(context: Bytes): { fingerprint: string; origin: string } {
  try {
    const member = members(parseCanonical(context), 'challenge', 'fingerprint', 'origin')
    text(member('challenge'), UUID)
    return { fingerprint: text(member('fingerprint'), DIGEST), origin: text(member('origin'), /^https?:/) }
  } catch (cause) {
    if (cause instanceof NotCanonical || cause instanceof ShapeError) throw new BadChallenge('its context cannot be read', { cause })
    throw cause
  }
}
