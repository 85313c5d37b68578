// SPDX-License-Identifier: EUPL-1.2
import { describe, expect, test } from 'vitest'
import { decodeUtf8, sha256Hex, toHex } from '../../static/ts/bytes'
import { type JsonValue, parseCanonical, toCanonical } from '../../static/ts/canonical'
import { checkLength, openBlock, openMessage, unwrapContentKey } from '../../static/ts/envelope/cms'
import { readHeader } from '../../static/ts/envelope/header'
import { checkIndexFits, readIndex, readManifest } from '../../static/ts/envelope/manifest'
import { answerChallenge, openChallenge } from '../../static/ts/keys/challenge'
import { fromBase64, loadKeyPair, loadVectors, outcome, toBase64 } from './vectors'

describe('blocks.json', () => {
  interface Inputs {
    block: string
    key: string
    file_id: string
    number: number
    is_last: boolean
  }
  test.each(loadVectors<Inputs, { plaintext: string; content_key: string }>('blocks.json'))('%s', async (_, vector) => {
    const { block, key, file_id, number, is_last } = vector.inputs
    const pair = await loadKeyPair(key)

    const result = await outcome(async () => {
      const plaintext = await openBlock(fromBase64(block), { fileId: file_id, number, isLast: is_last }, pair)
      const contentKey = await unwrapContentKey(readHeader(fromBase64(block)), pair)
      return { content_key: toHex(contentKey), plaintext: toBase64(plaintext) }
    })

    expect(result).toEqual(vector.expect)
  })
})

describe('messages.json', () => {
  test.each(loadVectors<{ message: string; key: string }, { plaintext: string }>('messages.json'))('%s', async (_, vector) => {
    const { message, key } = vector.inputs
    const pair = await loadKeyPair(key)

    const result = await outcome(async () => ({ plaintext: toBase64(await openMessage(fromBase64(message), pair)) }))

    expect(result).toEqual(vector.expect)
  })
})

describe('canonical.json', () => {
  test.each(loadVectors<{ bytes: string }, { value: JsonValue }>('canonical.json'))('%s', async (_, vector) => {
    const { bytes } = vector.inputs

    const result = await outcome(() => ({ value: parseCanonical(fromBase64(bytes)) }))

    expect(result).toEqual(vector.expect)
    if ('value' in result) expect(toBase64(toCanonical(result.value))).toBe(bytes)
  })
})

describe('manifests.json', () => {
  test.each(loadVectors<{ bytes: string }, { sha256: string; manifest: JsonValue }>('manifests.json'))('%s', async (_, vector) => {
    const bytes = fromBase64(vector.inputs.bytes)

    const result = await outcome(async () => ({
      sha256: await sha256Hex(bytes),
      manifest: { block_size: 8_388_608, ...readManifest(bytes), version: 1 },
    }))

    expect(result).toEqual(vector.expect)
  })
})

describe('indexes.json', () => {
  interface Inputs {
    bytes: string
    manifest?: string
    envelope?: string
  }
  test.each(loadVectors<Inputs, { index: JsonValue }>('indexes.json'))('%s', async (_, vector) => {
    const { bytes, manifest: manifestBytes, envelope: envelopeId } = vector.inputs

    const result = await outcome(() => {
      const index = readIndex(fromBase64(bytes))
      if (manifestBytes !== undefined) {
        const manifest = readManifest(fromBase64(manifestBytes))
        const envelope = manifest.envelopes.find(({ id }) => id === envelopeId)
        if (envelope === undefined) throw new Error('no such envelope in the manifest')
        checkIndexFits(index, manifest, envelope)
      }
      return { index: { ...index, version: 1 } }
    })

    expect(result).toEqual(vector.expect)
  })
})

describe('challenges.json', () => {
  interface Inputs {
    block: string
    key: string
    origin: string
  }
  test.each(loadVectors<Inputs, { nonce: string; context: string; answer: string }>('challenges.json'))('%s', async (_, vector) => {
    const { block, key, origin } = vector.inputs
    const pair = await loadKeyPair(key)

    const result = await outcome(async () => {
      const { nonce, context } = await openChallenge(fromBase64(block), pair, origin)
      return { nonce: toHex(nonce), context: decodeUtf8(context), answer: await answerChallenge(fromBase64(block), pair, origin) }
    })

    expect(result).toEqual(vector.expect)
  })
})

describe('lengths.json', () => {
  test.each(loadVectors<{ size: number; number: number; is_last: boolean }, { fits: true }>('lengths.json'))('%s', async (_, vector) => {
    const { size, number, is_last } = vector.inputs

    const result = await outcome(() => {
      checkLength(size, { number, isLast: is_last })
      return { fits: true }
    })

    expect(result).toEqual(vector.expect)
  })
})
