// SPDX-License-Identifier: EUPL-1.2
// The annex that this browser could not keep: the page is the only place where it is, until it is saved as a file.
import { find, findAll, show } from '../page/elements'
import type { Annex } from './annexes'

export class UnkeptAnnex {
  readonly #dialog: HTMLDialogElement
  #offered: string | null = null
  #saved: string | null = null

  constructor(dialog: HTMLDialogElement) {
    this.#dialog = dialog
    this.#link.addEventListener('click', () => {
      this.#saved = this.#offered
      show(dialog, '[data-annex-saved]', true)
    })
    dialog.addEventListener('cancel', (event) => {
      if (this.#isConcluded) event.preventDefault()
    })
    dialog.addEventListener('close', () => {
      if (this.#isConcluded) dialog.showModal() // a browser lets `cancel` be prevented so many times
    })
  }

  /** Whether leaving the page would lose it. */
  get isPending(): boolean {
    return this.#offered !== this.#saved
  }

  offer({ sha256, text }: Annex): void {
    if (sha256 === this.#offered) return
    URL.revokeObjectURL(this.#link.href)
    this.#link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }))
    this.#offered = sha256
    show(this.#dialog, '[data-annex-unkept]', true)
    show(this.#dialog, '[data-annex-saved]', !this.isPending)
  }

  /** The browser keeps the annex of the list as it is now: what was offered before is of no use. */
  withdraw(): void {
    this.#offered = this.#saved = null
    show(this.#dialog, '[data-annex-unkept]', false)
  }

  /** The bid is submitted; the page stays, so that the annex can be saved. */
  conclude(receipt: string): void {
    this.#dialog.dataset.isSubmitted = ''
    for (const element of findAll(this.#dialog, '[data-before]')) element.hidden = true
    find(this.#dialog, '[data-receipt]', HTMLAnchorElement).href = receipt
    show(this.#dialog, '[data-submitted]', true)
    this.#dialog.setAttribute('aria-labelledby', 'submitted-title')
    if (!this.#dialog.open) this.#dialog.showModal() // it was closed while the answer was on its way
    this.#link.setAttribute('aria-describedby', 'submitted-title') // a screen reader says both
    this.#link.focus()
  }

  get #isConcluded(): boolean {
    return this.#dialog.dataset.isSubmitted !== undefined
  }

  get #link(): HTMLAnchorElement {
    return find(this.#dialog, '[data-annex-file]', HTMLAnchorElement)
  }
}
