// SPDX-License-Identifier: EUPL-1.2
// A PDF ends with the place of its last table, from which a reader goes back to all the rest.
// Source: ISO 32000-1, § 7.5 (file structure), § 7.5.8 (cross-reference streams), § 7.6.1 (encryption).
import type { Finding } from './findings'
import { readText } from './piece'

const HEADER_WITHIN = 1024 // bytes
const TAIL = 64 * 1024 // bytes
const END_WITHIN = 1024 // bytes before the end, once zeroes and spaces are left out
const SECTION = 64 * 1024 // bytes of a table or of its dictionary that are read at once
const ENTRY_SIZE = 20 // bytes
const MOST_SUBSECTIONS = 10_000
const SUBSECTION = /\s*(\d{1,10})\s+(\d{1,10})[ \t]*(?:\r\n|\r|\n)/y
/** What follows the last end, when an update of the file was cut: an object, after comments. */
const UPDATE = /^(?:[\s\0]|%[^\r\n]*[\r\n])*\d/

export async function checkPdf(file: Blob): Promise<readonly Finding[]> {
  const tail = (await readText(file, Math.max(0, file.size - TAIL), TAIL)).replace(/[\s\0]+$/, '')
  const end = tail.lastIndexOf('%%EOF')
  if (end < tail.length - END_WITHIN || end < 0 || UPDATE.test(tail.slice(end + '%%EOF'.length))) return ['pdf_cut']
  const trailer = await lastTrailer(file, tail.slice(0, end))
  if (trailer === null) return ['pdf_damaged']
  return /\/Encrypt(?![^\s/<>[\](){}%])/.test(trailer) ? ['pdf_protected'] : []
}

/** The dictionary of the last table, empty where it cannot be told; null where there is no table. */
async function lastTrailer(file: Blob, tail: string): Promise<string | null> {
  const place = /startxref\s+(\d{1,15})\s*/.exec(tail.slice(Math.max(0, tail.lastIndexOf('startxref'))))
  if (place === null) return null
  const header = (await readText(file, 0, HEADER_WITHIN)).indexOf('%PDF-')
  for (const start of new Set([Number(place[1]), Number(place[1]) + Math.max(0, header)])) {
    const section = await readText(file, start, SECTION)
    if (/^\s*xref\s/.test(section)) return await trailerOfTable(file, start, tail)
    if (/^\s*\d+\s+\d+\s+obj\b/.test(section)) return trailerOfStream(section)
  }
  return null
}

function trailerOfStream(section: string): string | null {
  const [dictionary = ''] = section.split(/\bstream\r?\n/, 1)
  return /\/XRef\b/.test(dictionary) ? dictionary : null
}

/** Steps over the subsections of the table; where one is not as it should be, the end of the file may have the trailer. */
async function trailerOfTable(file: Blob, start: number, tail: string): Promise<string> {
  let position = start + (/^\s*xref/.exec(await readText(file, start, HEADER_WITHIN))?.[0].length ?? 0)
  for (let count = 0; count < MOST_SUBSECTIONS; count++) {
    const text = await readText(file, position, HEADER_WITHIN)
    if (/^\s*trailer/.test(text)) return await dictionaryAt(file, position)
    SUBSECTION.lastIndex = 0
    const subsection = SUBSECTION.exec(text)
    if (subsection === null) break
    position += SUBSECTION.lastIndex + Number(subsection[2]) * ENTRY_SIZE
  }
  return tail.slice(Math.max(0, tail.lastIndexOf('trailer')))
}

async function dictionaryAt(file: Blob, position: number): Promise<string> {
  const [dictionary = ''] = (await readText(file, position, SECTION)).split('startxref', 1)
  return dictionary
}
