// SPDX-License-Identifier: EUPL-1.2
// The annex of a receipt: the list of the files, which this browser alone has.
import { type AnnexFile, filesOfAnnex } from '../annex'
import { encodeUtf8 } from '../bytes'
import { formatSize } from '../units'
import { forgetTheRest, formerAnnex, keptAnnex, markSaved } from './deposit/annexes'
import { clone, find, show } from './page/elements'

const panel = find(document, '[data-annex]', HTMLElement)
const { deposit = '', sha256 = '' } = panel.dataset
const own = keptAnnex(deposit, sha256)
const annex = own ?? formerAnnex(deposit)
const files = annex === null ? null : await filesOfAnnex(encodeUtf8(annex), sha256)
if (annex !== null && files !== null) {
  showAnnex(annex, files)
  if (own !== null) forgetTheRest(deposit, sha256)
} else show(panel, '[data-annex-missing]', true)

function showAnnex(text: string, files: readonly AnnexFile[]): void {
  const rows = files.map((file) => {
    const row = clone(panel, 'annex-file')
    find(row, '[data-name]', HTMLElement).textContent = file.name
    find(row, '[data-size]', HTMLElement).textContent = formatSize(file.size, document.documentElement.lang)
    find(row, '[data-sha256]', HTMLElement).textContent = file.sha256.replace(/.{4}(?=.)/g, '$& ')
    show(row, `[data-kind="${CSS.escape(file.kind)}"]`, true)
    show(row, '[data-lot-place]', file.lot !== null)
    find(row, '[data-lot]', HTMLElement).textContent = String(file.lot)
    return row
  })
  find(panel, 'tbody', HTMLElement).replaceChildren(...rows)
  const link = find(panel, '[data-annex-file]', HTMLAnchorElement)
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }))
  link.addEventListener('click', () => {
    markSaved(deposit, sha256)
  })
  show(panel, '[data-annex-here]', true)
  link.hidden = false
}
