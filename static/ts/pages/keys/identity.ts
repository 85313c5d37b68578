// SPDX-License-Identifier: EUPL-1.2
// « Identification du bi-clé permanent »: what people will call it, and what it is for.
import { find } from '../page/elements'
import { type Checked, mark } from './fields'

const PEM = '-----BEGIN' // pasted in the wrong place: it must not be sent

export interface Identity {
  readonly name: string
  readonly isBackup: boolean
}

export class IdentityFields implements Checked {
  readonly #root: HTMLElement
  readonly #name: HTMLInputElement
  readonly #isBackup: HTMLInputElement
  #suggested = ''

  constructor(root: HTMLElement) {
    this.#root = root
    this.#name = find(root, '[data-name]', HTMLInputElement)
    this.#isBackup = find(root, '[data-is-backup]', HTMLInputElement)
  }

  get value(): Identity {
    return { name: this.#name.value.trim(), isBackup: this.#isBackup.checked }
  }

  check(): boolean {
    const { name } = this.value
    return mark(this.#name, name !== '' && !name.includes(PEM))
  }

  onName(act: (name: string) => void): void {
    this.#name.addEventListener('input', () => {
      act(this.#name.value)
    })
  }

  /** Proposes a name, where nobody has typed one. */
  suggest(name: string): void {
    if (this.#name.value.trim() !== this.#suggested) return
    this.#suggested = Array.from(name.trim()).slice(0, this.#name.maxLength).join('')
    this.#name.value = this.#suggested
  }

  lock(isLocked: boolean): void {
    for (const hook of ['[data-identify]', '[data-modes]']) find(this.#root, hook, HTMLFieldSetElement).disabled = isLocked
  }
}
