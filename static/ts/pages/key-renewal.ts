// SPDX-License-Identifier: EUPL-1.2
// « Renouveler »: the date chosen goes where the registration takes it from.
import { find } from './page/elements'

for (const root of document.querySelectorAll<HTMLElement>('[data-key-new]')) {
  const date = find(root, '[data-retires-on]', HTMLInputElement)
  date.addEventListener('change', () => {
    date.setAttribute('aria-invalid', String(!date.checkValidity()))
    date.classList.toggle('is-invalid', !date.checkValidity())
    if (date.checkValidity()) root.dataset.retiresAt = date.value
  })
}
