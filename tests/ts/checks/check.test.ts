// SPDX-License-Identifier: EUPL-1.2
import { beforeAll, describe, expect, it } from 'vitest'
import { encodeUtf8, randomBytes } from '../../../static/ts/bytes'
import { check } from '../../../static/ts/checks/check'
import type { Bench } from '../openssl'
import { findingsOf, littleEndian, makeFiles, makeOle, makeZip } from './files'

let bench: Bench

beforeAll(() => {
  bench = makeFiles()
})

describe('a good file has nothing to tell:', () => {
  it.each([
    'chromium.pdf',
    'deflated.zip',
    'stored.zip',
    'streamed.zip',
    'streams.pdf',
    'text.docx',
    'text.odt',
    'updated-streams.pdf',
    'updated-table.pdf',
    'weasyprint-2.0.pdf',
    'weasyprint.pdf',
  ])('%s', async (name) => {
    expect(await findingsOf(bench.read(name), name)).toEqual([])
  })

  it.each([
    ['notes.txt', 'Quarante-deux mille euros'],
    ['prix.xls', '<html><table></table></html>'],
    ['plan.dwg', 'AC1027\0\0'],
    ['sans extension', '%PDF'],
    ['page.eml', `Subject: x\n\n%PDF-1.4`],
  ])('%s', async (name, content) => {
    expect(await findingsOf(content, name)).toEqual([])
  })

  it('bytes at random', async () => {
    const found = await Promise.all(Array.from({ length: 2000 }, async () => await findingsOf(randomBytes(1500), 'x.bin')))

    expect(found.flat()).toEqual([])
  })
})

describe('it is told of a file that', () => {
  it.each([
    ['has a password', 'password-table.pdf', 'pdf_protected'],
    ['has a password', 'password-streams.pdf', 'pdf_protected'],
    ['has macros', 'macros.docx', 'macros'],
    ['has macros', 'macros.ods', 'macros'],
    ['has no entry', 'none.zip', 'archive_empty'],
    ['is a sealed bid of ours', 'bid.zip', 'already_sealed'],
  ])('%s: %s', async (_what, name, finding) => {
    expect(await findingsOf(bench.read(name), name)).toEqual([finding])
  })

  it('is empty', async () => {
    expect(await findingsOf('', 'a.pdf')).toEqual(['empty'])
  })

  it.each([
    ['a.pdf', 'Bonjour'],
    ['a.pdf', 'PK\u0003\u0004'],
    ['a.zip', 'Bonjour'],
    ['a.docx', '%PDF-1.7'],
    ['a.JPG', '\u0089PNG'],
    ['a.doc', '%PDF-1.7'],
  ])('is not what its name says: %s, %s', async (name, content) => {
    expect(await findingsOf(content, name)).toContain('not_its_type')
  })

  it.each(['a.docm', 'a.xlsm', 'a.pptm', 'a.XLTM'])('may have macros by its name: %s', async (name) => {
    expect(await findingsOf(makeZip({ 'word/document.xml': 'x' }), name)).toEqual(['macros'])
  })

  it('is an ODF document with a password', async () => {
    const manifest = '<manifest:file-entry><manifest:encryption-data/></manifest:file-entry>'
    const document = makeZip({ mimetype: 'application/vnd.oasis.opendocument.text', 'META-INF/manifest.xml': manifest })

    expect(await findingsOf(document, 'a.odt')).toEqual(['document_protected'])
  })
})

describe('a compound file', () => {
  const word = Uint8Array.from([0xec, 0xa5, ...Array<number>(8).fill(0), 0, 0])
  const protectedWord = Uint8Array.from([...word.subarray(0, 11), 1])
  const record = (kind: number, length: number) => [...littleEndian(kind, 2), ...littleEndian(length, 2), ...Array<number>(length).fill(0)]

  it.each([
    ['a.docx', { EncryptionInfo: word, EncryptedPackage: word }, ['document_protected']],
    ['a.doc', { WordDocument: word }, []],
    ['a.doc', { WordDocument: protectedWord }, ['document_protected']],
    ['a.doc', { WordDocument: word, Macros: word }, ['macros']],
    ['a.xls', { Workbook: Uint8Array.from([...record(0x809, 16), ...record(0xe1, 2)]) }, []],
    ['a.xls', { Workbook: Uint8Array.from([...record(0x809, 16), ...record(0x2f, 6)]) }, ['document_protected']],
    ['a.xls', { Workbook: word, _VBA_PROJECT_CUR: word }, ['macros']],
  ] as const)('%s with %o', async (name, streams, findings) => {
    expect(await findingsOf(makeOle(streams as Record<string, typeof word>), name)).toEqual(findings)
  })

  it('that stops before its directory is told', async () => {
    expect(await findingsOf(makeOle({ WordDocument: word }).subarray(0, 1200), 'a.doc')).toEqual(['archive_cut'])
  })
})

describe('7z and RAR', () => {
  const sevenZip = (header: string, cut = 0) => {
    const bytes = encodeUtf8(header)
    const start = [
      0x37,
      0x7a,
      0xbc,
      0xaf,
      0x27,
      0x1c,
      0,
      4,
      0,
      0,
      0,
      0,
      ...littleEndian(0, 8),
      ...littleEndian(bytes.length, 8),
      0,
      0,
      0,
      0,
    ]
    return Uint8Array.from([...start, ...bytes].slice(0, 32 + bytes.length - cut))
  }
  const rar4 = (mainFlags: number, fileFlags: number) =>
    Uint8Array.from([0x52, 0x61, 0x72, 0x21, 0x1a, 7, 0, 0, 0, 0x73, mainFlags, 0, 13, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x74, fileFlags, 0, 0, 0])
  const rar5 = (type: number) => Uint8Array.from([0x52, 0x61, 0x72, 0x21, 0x1a, 7, 1, 0, 1, 2, 3, 4, 10, type, 0, 0])

  it.each([
    ['a.7z', sevenZip('\u0017header'), []],
    ['a.7z', sevenZip('\u0017header', 1), ['archive_cut']],
    ['a.7z', sevenZip(''), ['archive_empty']],
    ['a.7z', Uint8Array.from([...sevenZip('12345').subarray(0, 32), 0x17, 6, 0xf1, 7, 1]), ['archive_protected']],
    ['a.rar', rar4(0, 0), []],
    ['a.rar', rar4(0x80, 0), ['archive_protected']],
    ['a.rar', rar4(0, 4), ['archive_protected']],
    ['a.rar', rar5(1), []],
    ['a.rar', rar5(4), ['archive_protected']],
  ])('%s %#', async (name, content, findings) => {
    expect(await findingsOf(content, name)).toEqual(findings)
  })
})

it('reads little of a large file', async () => {
  let read = 0
  class Counted extends Blob {
    override slice(start = 0, end = 0): Blob {
      read += end - start
      return super.slice(start, end)
    }
  }
  const large = new Counted([bench.read('weasyprint.pdf').subarray(0, 500), new Uint8Array(5_000_000), bench.read('weasyprint.pdf')])

  await check(large, 'a.pdf')

  expect(read).toBeLessThan(250_000)
})
