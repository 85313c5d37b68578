// SPDX-License-Identifier: EUPL-1.2
import { decodeUtf8, sha256Hex } from '../../bytes'
import { toCanonical } from '../../canonical'
import { postJson } from '../page/server'
import type { Annex } from './annexes'
import { csrfToken, type PageData } from './data'
import type { FileRow } from './file-row'
import { rememberSent } from './sent'

interface Part {
  readonly id: string
  readonly kind: string
  readonly lot: number | null
  readonly files: readonly { id: string; name: string; size: number; sha256: string }[]
}

/**
 * Submits the files of these rows; the address of the receipt.
 *
 * `keep` is given the annex before, as the answer may be lost.
 */
export async function submit(data: PageData, rows: readonly FileRow[], salt: string, keep: (annex: Annex) => void): Promise<string> {
  const parts = partsOf(data, rows)
  keep(await annexOf(data.deposit, parts, salt))
  const body = { annex_salt: salt, envelopes: parts.map(({ id, files }) => ({ id, files })), follows: data.follows }
  const { receipt } = (await postJson(data.submitUrl, body, csrfToken(data))) as { receipt: string }
  const { id, reference } = data.consultation
  rememberSent(
    id,
    reference,
    parts.flatMap(({ files }) => files),
  )
  return receipt
}

/** The file that the bidder keeps, byte for byte what the server takes the digest of: `envelopes/receipts.py`. */
async function annexOf(deposit: string, parts: readonly Part[], salt: string): Promise<Annex> {
  const envelopes = parts.map(({ files, kind, lot }) => ({
    files: files.map(({ name, sha256, size }) => ({ name, sha256, size })),
    kind,
    lot,
  }))
  const bytes = toCanonical({ deposit, envelopes, salt, version: 1 })
  return { deposit, text: decodeUtf8(bytes), sha256: await sha256Hex(bytes) }
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
