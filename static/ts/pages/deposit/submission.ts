// SPDX-License-Identifier: EUPL-1.2
import { decodeUtf8 } from '../../bytes'
import { toCanonical } from '../../canonical'
import { postJson } from '../page/server'
import { csrfToken, type PageData } from './data'
import type { FileRow } from './file-row'
import { keepAnnex } from './memory'
import { rememberSent } from './sent'

interface Part {
  readonly id: string
  readonly kind: string
  readonly lot: number | null
  readonly files: readonly { id: string; name: string; size: number; sha256: string }[]
}

/** Submits the files of these rows, and leaves the page for the receipt. */
export async function submit(data: PageData, rows: readonly FileRow[], salt: string): Promise<void> {
  const parts = partsOf(data, rows)
  keepAnnex(data.deposit, annexOf(data.deposit, parts, salt)) // before: the answer may be lost
  const body = { annex_salt: salt, envelopes: parts.map(({ id, files }) => ({ id, files })), follows: data.follows }
  const { receipt } = (await postJson(data.submitUrl, body, csrfToken(data))) as { receipt: string }
  const { id, reference } = data.consultation
  rememberSent(
    id,
    reference,
    parts.flatMap(({ files }) => files),
  )
  location.assign(receipt)
}

/** The file that the bidder keeps, byte for byte what the server takes the digest of: `envelopes/receipts.py`. */
function annexOf(deposit: string, parts: readonly Part[], salt: string): string {
  const envelopes = parts.map(({ files, kind, lot }) => ({
    files: files.map(({ name, sha256, size }) => ({ name, sha256, size })),
    kind,
    lot,
  }))
  return decodeUtf8(toCanonical({ deposit, envelopes, salt, version: 1 }))
}

function partsOf(data: PageData, rows: readonly FileRow[]): Part[] {
  const parts = data.envelopes.map(({ id, kind, lot }) => ({
    id,
    kind,
    lot,
    files: rows.flatMap((row) => (row.envelope === id ? [announced(row)] : [])),
  }))
  return parts.filter((part) => part.files.length > 0)
}

function announced(row: FileRow): Part['files'][number] {
  return { id: row.id, name: row.known?.name ?? '', size: row.size, sha256: row.known?.sha256 ?? '' }
}
