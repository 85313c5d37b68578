// SPDX-License-Identifier: EUPL-1.2
// The rows of lots in the consultation form: add one, remove one. The server reads Django's formset fields.

/** Binds the remove button of a row: a removed row stays in the form, hidden, with its box ticked. */
function bindRow(row: HTMLElement, add: HTMLElement): void {
  const box = row.querySelector<HTMLInputElement>('input[type=checkbox]')
  const button = row.querySelector<HTMLElement>('[data-lot-remove]')
  const checkbox = row.querySelector<HTMLElement>('[data-lot-delete]')
  if (!box || !button || !checkbox) return
  checkbox.hidden = true
  button.hidden = false
  row.hidden = box.checked
  button.addEventListener('click', () => {
    box.checked = true
    row.hidden = true
    add.focus()
  })
}

/** A row from the template, with the number `index` in its names and identifiers. */
function newRow(template: HTMLTemplateElement, index: number): HTMLElement | null {
  const row = (template.content.cloneNode(true) as DocumentFragment).querySelector<HTMLElement>('[data-lot]')
  for (const element of row?.querySelectorAll('[name], [id], [for]') ?? []) {
    for (const name of ['name', 'id', 'for']) {
      const value = element.getAttribute(name)
      if (value !== null) element.setAttribute(name, value.replace('__prefix__', String(index)))
    }
  }
  return row
}

function bindLots(fieldset: HTMLElement): void {
  const add = fieldset.querySelector<HTMLElement>('[data-lots-add]')
  const list = fieldset.querySelector<HTMLElement>('[data-lots-list]')
  const template = fieldset.querySelector<HTMLTemplateElement>('[data-lots-template]')
  const total = fieldset.querySelector<HTMLInputElement>('[name$="-TOTAL_FORMS"]')
  if (!add || !list || !template || !total) return
  for (const row of list.querySelectorAll<HTMLElement>('[data-lot]')) bindRow(row, add)
  add.hidden = false
  add.addEventListener('click', () => {
    const row = newRow(template, Number(total.value))
    if (!row) return
    total.value = String(Number(total.value) + 1)
    list.append(row)
    bindRow(row, add)
    row.querySelector<HTMLInputElement>('input[type=text]')?.focus()
  })
}

for (const fieldset of document.querySelectorAll<HTMLElement>('[data-lots]')) bindLots(fieldset)
