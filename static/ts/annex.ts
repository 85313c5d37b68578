// SPDX-License-Identifier: EUPL-1.2
// The annex of a receipt: the list of the files of a bid, which its bidder alone has. Source: `envelopes/receipts.py`.
import { type Bytes, decodeUtf8, sha256Hex } from './bytes'

export interface AnnexFile {
  readonly name: string
  readonly size: number
  readonly sha256: string
  readonly kind: string
  readonly lot: number | null
}

interface Annex {
  readonly envelopes: readonly { files: readonly Omit<AnnexFile, 'kind' | 'lot'>[]; kind: string; lot: number | null }[]
}

/** The files of an annex, in their order; null unless its SHA-256 is the one that the receipt commits to. */
export async function filesOfAnnex(annex: Bytes, sha256: string): Promise<readonly AnnexFile[] | null> {
  if ((await sha256Hex(annex)) !== sha256) return null
  const { envelopes } = JSON.parse(decodeUtf8(annex)) as Annex
  return envelopes.flatMap(({ files, kind, lot }) => files.map((file) => ({ ...file, kind, lot })))
}
