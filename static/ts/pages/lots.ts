// SPDX-License-Identifier: EUPL-1.2
// The rows of lots in the consultation form: add one, remove one. The server reads Django's formset fields.
import { clone, find, findAll, show } from './page/elements'

/** Binds the remove button of a row: a removed row stays in the form, hidden, with its box ticked. */
function bindRow(row: HTMLElement, add: HTMLElement): void {
  const box = find(row, 'input[type=checkbox]', HTMLInputElement)
  const button = find(row, '[data-lot-remove]', HTMLElement)
  show(row, '[data-lot-delete]', false)
  button.hidden = false
  row.hidden = box.checked
  button.addEventListener('click', () => {
    box.checked = true
    row.hidden = true
    add.focus()
  })
}

/** A row from the template, with the number `index` in its names and identifiers. */
function newRow(fieldset: HTMLElement, index: number): HTMLElement {
  const row = clone(fieldset, 'lot')
  for (const element of findAll(row, '[name], [id], [for]')) {
    for (const name of ['name', 'id', 'for']) {
      const value = element.getAttribute(name)
      if (value !== null) element.setAttribute(name, value.replace('__prefix__', String(index)))
    }
  }
  return row
}

function bindLots(fieldset: HTMLElement): void {
  const add = find(fieldset, '[data-lots-add]', HTMLElement)
  const list = find(fieldset, '[data-lots-list]', HTMLElement)
  const total = find(fieldset, '[name$="-TOTAL_FORMS"]', HTMLInputElement)
  for (const row of findAll(list, '[data-lot]')) bindRow(row, add)
  add.hidden = false
  add.addEventListener('click', () => {
    const row = newRow(fieldset, Number(total.value))
    total.value = String(Number(total.value) + 1)
    list.append(row)
    bindRow(row, add)
    find(row, 'input[type=text]', HTMLInputElement).focus()
  })
}

for (const fieldset of findAll(document, '[data-lots]')) bindLots(fieldset)
