// SPDX-License-Identifier: EUPL-1.2
// « Clés conservées dans ce navigateur »: all those of the account, whatever became of their key pairs on the site.
import { clone, find, inWords, say } from '../page/elements'
import { bindForgetting } from './forgetting'
import { attempt, type Places, placesOf } from './gesture'
import { asPair, forget, type KeptKey, keptKeys } from './kept'

/** The panel of `keys/_kept_list.html`; it shows once something is kept. */
export class KeptList {
  readonly #panel: HTMLElement
  readonly #account: string
  readonly #places: Places

  constructor(panel: HTMLElement) {
    this.#panel = panel
    this.#account = panel.dataset.account ?? ''
    this.#places = placesOf(panel, 'kept')
  }

  async refresh(): Promise<void> {
    const entries = await Promise.all((await keptKeys(this.#account)).map((kept) => this.#entry(kept)))
    find(this.#panel, '[data-kept-list]', HTMLElement).replaceChildren(...entries)
    if (entries.length > 0) this.#panel.hidden = false
  }

  async #entry(kept: KeptKey): Promise<HTMLElement> {
    const { certificate } = await asPair(kept)
    const entry = clone(this.#panel, 'kept_key')
    const texts = {
      common_name: certificate.commonName || '—',
      fingerprint: (kept.fingerprint.match(/.{4}/g) ?? []).join(' '),
      kept_at: inWords(kept.keptAt),
    }
    for (const [slot, text] of Object.entries(texts)) find(entry, `[data-slot=${slot}]`, HTMLElement).textContent = text
    const button = find(entry, '[data-ask-forget]', HTMLButtonElement)
    bindForgetting(this.#panel, button, () => {
      void attempt(button, this.#places, async (status) => {
        await this.#forget(kept, status)
      })
    })
    return entry
  }

  async #forget(kept: KeptKey, status: HTMLElement): Promise<void> {
    await forget(this.#account, kept.fingerprint)
    await this.refresh()
    say(status, 'forgotten')
    status.focus()
  }
}
