// SPDX-License-Identifier: EUPL-1.2
// « Conserver dans ce navigateur »: a key that has just been proven is kept on demand, and forgotten on demand.
import type { KeyPair } from '../../keys/certificate'
import { find, inWords, say, show } from '../page/elements'
import { Failure } from '../page/errors'
import { bindForgetting } from './forgetting'
import { attempt, type Places, placesOf } from './gesture'
import { forget, keep, keptKeys } from './kept'

/** The panel of `keys/_keep.html`. */
export class KeepPanel {
  readonly #panel: HTMLElement
  readonly #fingerprint: string
  readonly #places: Places
  #pair: KeyPair | undefined

  constructor(panel: HTMLElement, fingerprint: string) {
    this.#panel = panel
    this.#fingerprint = fingerprint
    this.#places = placesOf(panel, 'keep')
    const [keepIt, forgetIt] = [find(panel, '[data-keep]', HTMLButtonElement), find(panel, '[data-ask-forget]', HTMLButtonElement)]
    keepIt.addEventListener('click', () => {
      void attempt(keepIt, this.#places, async (status) => {
        await this.#keep(status)
      })
    })
    bindForgetting(panel, forgetIt, () => {
      void attempt(forgetIt, this.#places, async (status) => {
        await this.#forget(status)
      })
    })
    void this.#refresh()
  }

  /** The key was proven from its file: it may be kept. */
  offer(pair: KeyPair): void {
    this.#pair = pair
    void this.#refresh()
  }

  async #keep(status: HTMLElement): Promise<void> {
    if (this.#pair === undefined) throw new Failure('unexpected')
    await keep(this.#account, this.#pair, new Date()).catch((cause: unknown) => {
      throw new Failure('cannot_keep', { cause })
    })
    await this.#refresh()
    say(status, 'kept')
    status.focus()
  }

  async #forget(status: HTMLElement): Promise<void> {
    await forget(this.#account, this.#fingerprint)
    await this.#refresh()
    say(status, 'forgotten')
    status.focus()
  }

  async #refresh(): Promise<void> {
    const kept = (await keptKeys(this.#account)).find(({ fingerprint }) => fingerprint === this.#fingerprint)
    show(this.#panel, '[data-is-kept]', kept !== undefined)
    show(this.#panel, '[data-may-keep]', kept === undefined && this.#pair !== undefined)
    show(this.#panel, '[data-not-kept]', kept === undefined && this.#pair === undefined)
    show(this.#panel, '[data-may-vanish]', !(await navigator.storage.persisted()))
    find(this.#panel, '[data-kept-at]', HTMLElement).textContent = kept === undefined ? '' : inWords(kept.keptAt)
  }

  get #account(): string {
    return this.#panel.dataset.account ?? ''
  }
}
