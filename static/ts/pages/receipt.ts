// SPDX-License-Identifier: EUPL-1.2
// The annex of a receipt: the list of the files, which this browser alone has.
import { encodeUtf8, sha256Hex } from '../bytes'
import { formatSize } from '../units'
import { keptAnnex } from './deposit/memory'
import { clone, find, show } from './page/elements'

interface Annex {
  readonly envelopes: readonly { files: readonly { name: string; size: number; sha256: string }[]; kind: string; lot: number | null }[]
}

const panel = find(document, '[data-annex]', HTMLElement)
const { deposit = '', sha256 = '' } = panel.dataset
const annex = keptAnnex(deposit)
if (annex !== null && (await sha256Hex(encodeUtf8(annex))) === sha256) showAnnex(annex)
else show(panel, '[data-annex-missing]', true)

function showAnnex(text: string): void {
  const { envelopes } = JSON.parse(text) as Annex
  const rows = envelopes.flatMap(({ files, kind, lot }) =>
    files.map((file) => {
      const row = clone(panel, 'annex-file')
      find(row, '[data-name]', HTMLElement).textContent = file.name
      find(row, '[data-size]', HTMLElement).textContent = formatSize(file.size, document.documentElement.lang)
      find(row, '[data-sha256]', HTMLElement).textContent = file.sha256.replace(/.{4}(?=.)/g, '$& ')
      show(row, `[data-kind="${CSS.escape(kind)}"]`, true)
      show(row, '[data-lot-place]', lot !== null)
      find(row, '[data-lot]', HTMLElement).textContent = String(lot)
      return row
    }),
  )
  find(panel, 'tbody', HTMLElement).replaceChildren(...rows)
  const link = find(panel, '[data-annex-file]', HTMLAnchorElement)
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }))
  show(panel, '[data-annex-here]', true)
}
