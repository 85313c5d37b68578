// SPDX-License-Identifier: EUPL-1.2
// The steps of the page that adds a key pair: which of them a way of adding needs, and how far one is.
import { find, findAll, show } from '../page/elements'

export type Step = 'identify' | 'mode' | 'password' | 'generate' | 'certificate' | 'reopen'
export type State = 'pending' | 'current' | 'done'
/** Made here, from its key file, or from its certificate alone. */
export type Mode = 'generate' | 'key_file' | 'certificate'

export class Steps {
  readonly #root: HTMLElement

  constructor(root: HTMLElement, onChange: () => void) {
    this.#root = root
    for (const radio of findAll(root, '[data-mode], [data-source]')) {
      radio.addEventListener('change', () => {
        this.#showMode()
        onChange()
      })
    }
    this.#showMode()
  }

  get mode(): Mode {
    if (find(this.#root, '[data-mode]:checked', HTMLInputElement).value === 'generate') return 'generate'
    return find(this.#root, '[data-source]:checked', HTMLInputElement).value as Mode
  }

  mark(states: Partial<Record<Step, State>>): void {
    for (const [step, state] of Object.entries(states)) find(this.#root, `[data-step=${step}]`, HTMLElement).dataset.state = state
  }

  /** Lets the key file be chosen: in the last step, once the steps before are done. */
  openLast(isOpen: boolean): void {
    show(this.#root, '[data-reopen]', isOpen)
    show(this.#root, '[data-reopen-later]', !isOpen)
    this.mark({ reopen: isOpen ? 'current' : 'pending' })
  }

  /** All is done: nothing more is asked for. */
  finish(): void {
    show(this.#root, '[data-reopen]', false)
    for (const step of findAll(this.#root, '[data-step]')) step.dataset.state = 'done'
  }

  /** Shows what is `data-for` the mode, and only that. */
  #showMode(): void {
    for (const element of findAll(this.#root, '[data-for]')) {
      element.hidden = !(element.dataset.for ?? '').split(' ').includes(this.mode)
    }
    this.openLast(this.mode === 'key_file')
  }
}
