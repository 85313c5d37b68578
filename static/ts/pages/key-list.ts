// SPDX-License-Identifier: EUPL-1.2
// « Administrer un Service »: choosing in the list ticks « Autre Service ».
import { find } from './page/elements'

for (const form of document.querySelectorAll('[data-service-choice]')) {
  const other = find(form, '[value=other]', HTMLInputElement)
  find(form, 'select', HTMLSelectElement).addEventListener('change', () => {
    other.checked = true
  })
}
