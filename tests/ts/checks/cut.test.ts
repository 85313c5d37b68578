// SPDX-License-Identifier: EUPL-1.2
// A file that a copy or a download cut: at whichever byte, it is told.
import { beforeAll, describe, expect, it } from 'vitest'
import { type Bytes, concat, encodeUtf8 } from '../../../static/ts/bytes'
import { asText } from '../../../static/ts/checks/piece'
import type { Bench } from '../openssl'
import { findingsOf, littleEndian, makeFiles, makeZip } from './files'

let bench: Bench

beforeAll(() => {
  bench = makeFiles()
})

/** The lengths at which the beginning of the file passes for a whole one. */
async function unnoticed(content: Bytes, name: string): Promise<number[]> {
  const lengths = Array.from({ length: content.length }, (_, length) => length)
  const found = await Promise.all(lengths.map(async (length) => (await findingsOf(content.subarray(0, length), name)).length))
  return lengths.filter((length) => found[length] === 0)
}

/** Where a revision of the PDF ends: whoever stops there has a good file, an earlier one. */
function ends(content: Bytes): number[] {
  const text = asText(content)
  return [...text.matchAll(/%%EOF\s*/g)].flatMap(({ 0: mark, index }) => Array.from(mark.slice(4), (_, rank) => index + 5 + rank))
}

describe('a PDF that was cut', () => {
  it.each(['weasyprint.pdf', 'streams.pdf', 'updated-table.pdf', 'updated-streams.pdf'])('is told: %s', async (name) => {
    const content = bench.read(name)

    const lengths = await unnoticed(content, name)

    expect(lengths).toEqual(ends(content).filter((length) => length < content.length))
  })

  it.each([
    [
      'zeroes, as a download that was reserved',
      (content: Bytes) => concat(content.subarray(0, content.length - 600), new Uint8Array(600)),
      ['pdf_cut'],
    ],
    ['a line at its end', (content: Bytes) => concat(content, encodeUtf8('\r\n\r\n')), []],
    ['bytes before its header, of which it does not count', (content: Bytes) => concat(encodeUtf8('\r\n\r\n'), content), []],
    ['a table that is not where it says', (content: Bytes) => moved(content, 7), ['pdf_damaged']],
    ['a table beyond its end', (content: Bytes) => moved(content, 1_000_000), ['pdf_damaged']],
  ] as const)('or has %s', async (_what, change, findings) => {
    expect(await findingsOf(change(bench.read('weasyprint.pdf')), 'a.pdf')).toEqual(findings)
  })
})

function moved(content: Bytes, shift: number): Bytes {
  const text = asText(content).replace(/startxref\n(\d+)/, (_, place: string) => `startxref\n${String(Number(place) + shift)}`)
  return Uint8Array.from(text, (letter) => CODES.get(letter) ?? letter.charCodeAt(0))
}

/** `latin1` is windows-1252 to a decoder. */
const CODES = new Map(Array.from({ length: 256 }, (_, code) => [asText(Uint8Array.of(code)), code]))

describe('a ZIP that was cut', () => {
  it.each(['deflated.zip', 'stored.zip', 'streamed.zip', 'text.docx', 'text.odt'])('is told: %s', async (name) => {
    expect(await unnoticed(bench.read(name), name)).toEqual([])
  })

  it('is told though a whole ZIP ends it', async () => {
    const inner = bench.read('stored.zip')
    const outer = concat(Uint8Array.of(0x50, 0x4b, 3, 4), new Uint8Array(200), inner)

    expect(await findingsOf(outer, 'a.zip')).toEqual(['archive_cut'])
  })

  it('is not, where a program comes before it', async () => {
    expect(await findingsOf(concat(encodeUtf8('MZ the program'), bench.read('stored.zip')), 'a.exe')).toEqual([])
  })
})

describe('a ZIP', () => {
  const contents = { 'a.txt': 'a'.repeat(50), 'b.txt': 'b'.repeat(50) }

  it('with its numbers right is good', async () => {
    expect(await findingsOf(makeZip(contents), 'a.zip')).toEqual([])
  })

  it('that a password protects is told', async () => {
    expect(await findingsOf(makeZip(contents, { flags: 1 }), 'a.zip')).toEqual(['archive_protected'])
  })

  it('of which the directory names other places is told', async () => {
    expect(await findingsOf(makeZip(contents, { shift: 10 }), 'a.zip')).toEqual(['archive_damaged'])
  })

  it('of which two entries are at the same place is told', async () => {
    const zip = makeZip(contents)
    const second = asText(zip).lastIndexOf('PK\u0001\u0002')
    zip.set(littleEndian(0, 4), second + 42)

    expect(await findingsOf(zip, 'a.zip')).toEqual(['archive_damaged'])
  })

  it('that counts more entries than it has is told', async () => {
    const zip = makeZip(contents)
    zip.set(littleEndian(3, 2), zip.length - 12)

    expect(await findingsOf(zip, 'a.zip')).toEqual(['archive_damaged'])
  })

  it('that is the first part of several is left alone', async () => {
    const parts = concat(Uint8Array.of(0x50, 0x4b, 7, 8), makeZip(contents))

    expect(await findingsOf(parts.subarray(0, 100), 'a.z01')).toEqual([])
  })

  it('that is the last part of several is left alone', async () => {
    expect(await findingsOf(makeZip(contents, { disk: 2, shift: -5 }), 'a.zip')).toEqual([])
  })
})
