// SPDX-License-Identifier: EUPL-1.2
// « Clé conservée dans ce navigateur »: offered in place of the key file, where there is one.
import type { KeyPair } from '../../keys/certificate'
import { find, show } from '../page/elements'
import { asPair, type KeptKey, keptKeys } from './kept'

export class KeptChoice {
  readonly #root: ParentNode
  #kept: readonly KeptKey[] = []

  constructor(root: ParentNode, wanted: readonly string[]) {
    this.#root = root
    if (wanted.length > 0) void this.#offer(wanted)
  }

  get isChosen(): boolean {
    return this.#kept.length > 0 && this.#choice.checked
  }

  async pairs(): Promise<KeyPair[]> {
    return await Promise.all(this.#kept.map(asPair))
  }

  async #offer(wanted: readonly string[]): Promise<void> {
    const source = find(this.#root, '[data-key-source]', HTMLElement)
    const kept = await keptKeys(source.dataset.account ?? '')
    this.#kept = kept.filter(({ fingerprint }) => wanted.includes(fingerprint))
    if (this.#kept.length === 0) return
    show(source, '[data-kept]', true)
    source.addEventListener('change', () => {
      this.#follow()
    })
    this.#follow()
  }

  #follow(): void {
    show(this.#root, '[data-from-file]', !this.isChosen)
  }

  get #choice(): HTMLInputElement {
    return find(this.#root, '[data-kept-choice]', HTMLInputElement)
  }
}
