// SPDX-License-Identifier: EUPL-1.2
// Files as programs write them, and a few that must be made byte by byte.
import { resolve } from 'node:path'
import { type Bytes, concat, encodeUtf8 } from '../../../static/ts/bytes'
import { check } from '../../../static/ts/checks/check'
import type { Finding } from '../../../static/ts/checks/findings'
import { Bench } from '../openssl'

export type Read = (name: string) => Bytes

/** What `tests/ts/checks_peer.py` writes, and a PDF that Chromium prints. */
export function makeFiles(): Bench {
  const bench = new Bench()
  bench.run(resolve('.venv/bin/python'), resolve('tests/ts/checks_peer.py'), bench.folder)
  const chromium = process.env.SIGILLE_CHROMIUM ?? 'chromium'
  const page = bench.write('page.html', '<h1>Mémoire technique</h1>')
  bench.run(chromium, '--headless', '--no-sandbox', '--disable-gpu', '--print-to-pdf=chromium.pdf', page)
  return bench
}

export async function findingsOf(content: Bytes | string, name: string): Promise<readonly Finding[]> {
  return await check(new Blob([content]), name)
}

export function littleEndian(value: number, size: number): Bytes {
  return Uint8Array.from({ length: size }, (_, rank) => Math.floor(value / 256 ** rank) % 256)
}

/** A compound file of one sector each: the allocation table, the directory, then the start of the streams. */
export function makeOle(streams: Readonly<Record<string, Bytes>>): Bytes {
  const header = new Uint8Array(512)
  header.set([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1])
  header.set(littleEndian(9, 2), 30)
  header.set(littleEndian(1, 4), 48)
  header.fill(0xff, 76)
  header.set(littleEndian(0, 4), 76)
  const table = new Uint8Array(512).fill(0xff)
  table.set([0xfd, 0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff])
  const entries = Object.keys(streams).map((name, rank) => makeOleEntry(name, rank + 2))
  const starts = Object.values(streams).map((content) => concat(content, new Uint8Array(512 - content.length)))
  return concat(header, table, ...entries, new Uint8Array(512 - 128 * entries.length), ...starts)
}

function makeOleEntry(name: string, sector: number): Bytes {
  const entry = new Uint8Array(128)
  entry.set(Uint8Array.from({ length: name.length * 2 }, (_, at) => (at % 2 === 0 ? name.charCodeAt(at / 2) : 0)))
  entry.set(littleEndian(name.length * 2 + 2, 2), 64)
  entry.set(littleEndian(sector, 4), 116)
  entry.set(littleEndian(4096, 4), 120)
  return entry
}

/** A ZIP of stored entries, with its flags; `shift` moves what its directory says of their places. */
export function makeZip(contents: Readonly<Record<string, string>>, { flags = 0, shift = 0, disk = 0 } = {}): Bytes {
  const locals: Bytes[] = []
  const centrals: Bytes[] = []
  for (const [name, text] of Object.entries(contents)) {
    const [title, content] = [encodeUtf8(name), encodeUtf8(text)]
    const sizes = concat(littleEndian(content.length, 4), littleEndian(content.length, 4), littleEndian(title.length, 2))
    const common = concat(littleEndian(20, 2), littleEndian(flags, 2), new Uint8Array(10), sizes, new Uint8Array(2))
    const offset = concat(...locals).length + shift
    locals.push(Uint8Array.of(0x50, 0x4b, 3, 4), common, title, content)
    const rest = concat(new Uint8Array(10), littleEndian(offset, 4))
    centrals.push(Uint8Array.of(0x50, 0x4b, 1, 2), littleEndian(20, 2), common, rest, title)
  }
  const [body, directory] = [concat(...locals), concat(...centrals)]
  const count = littleEndian(Object.keys(contents).length, 2)
  const places = concat(littleEndian(directory.length, 4), littleEndian(body.length, 4))
  const end = concat(Uint8Array.of(0x50, 0x4b, 5, 6), littleEndian(disk, 2), new Uint8Array(2), count, count, places, new Uint8Array(2))
  return concat(body, directory, end)
}
