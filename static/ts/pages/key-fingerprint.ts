// SPDX-License-Identifier: EUPL-1.2
// Fingerprints: copied by a button, printed. Without a clipboard (an address without https), a click selects the whole of one.
import { find, findAll, textOf } from './page/elements'

const told = document.querySelector('[data-copy-told]')

for (const button of findAll(document, '[data-copy]')) {
  // The types promise a clipboard; an insecure page has none.
  const clipboard = navigator.clipboard as Clipboard | undefined
  if (clipboard === undefined) continue
  button.hidden = false
  button.addEventListener('click', () => {
    clipboard.writeText(button.dataset.copy ?? '').then(
      () => {
        tell(button, 'copied')
      },
      () => {
        tell(button, 'not_copied')
      },
    )
  })
}

for (const button of findAll(document, '[data-print]')) {
  button.hidden = false
  button.addEventListener('click', () => {
    window.print()
  })
}

/** Said to screen readers, and shown by the button until the next one is used. */
function tell(button: HTMLElement, outcome: 'copied' | 'not_copied'): void {
  for (const other of findAll(document, '[data-copy-state]')) delete other.dataset.copyState
  button.dataset.copyState = outcome
  if (told === null) return
  told.textContent = ''
  // A region that says the same again says nothing: it is emptied first, and a reader notices what follows.
  requestAnimationFrame(() => {
    told.textContent = textOf(document, outcome, { name: button.dataset.name ?? '' })
  })
  find(button, '.bi', HTMLElement).className = outcome === 'copied' ? 'bi bi-clipboard-check' : 'bi bi-clipboard-x'
}
