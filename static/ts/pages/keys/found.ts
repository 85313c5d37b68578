// SPDX-License-Identifier: EUPL-1.2
// What a file holds, shown before anything of it is sent.
import { type Certificate, type KeyPair, nameOfKey } from '../../keys/certificate'
import { clone, find, inWords, show } from '../page/elements'

/** The key pairs of a file; where there are several, one is to be chosen. */
export class FoundKeys {
  readonly #place: HTMLElement
  #pairs: readonly KeyPair[] = []

  constructor(place: HTMLElement) {
    this.#place = place
  }

  show(pairs: readonly KeyPair[]): void {
    this.#pairs = pairs
    this.#place.hidden = pairs.length === 0
    show(this.#place, '[data-found-one]', pairs.length === 1)
    show(this.#place, '[data-found-several]', pairs.length > 1)
    const entries = pairs.map(({ certificate }) => describe(certificate, pairs.length > 1))
    find(this.#place, '[data-found-list]', HTMLElement).replaceChildren(...entries)
    for (const choice of this.#choices.slice(0, 1)) choice.checked = true
  }

  clear(): void {
    this.show([])
  }

  /** Called when another of several is chosen. */
  onChoice(act: () => void): void {
    this.#place.addEventListener('change', act)
  }

  get chosen(): KeyPair | undefined {
    const chosen = this.#choices.findIndex(({ checked }) => checked)
    return this.#pairs[Math.max(0, chosen)]
  }

  get #choices(): HTMLInputElement[] {
    return [...this.#place.querySelectorAll<HTMLInputElement>('[data-found-choice]')]
  }
}

/** A certificate, as people compare it: its CN, its fingerprint, its kind and its end; one of several, with its button. */
export function describe(certificate: Certificate, isChoice = false): HTMLElement {
  const entry = clone(document, 'found_key')
  if (!isChoice) find(entry, '[data-found-choice]', HTMLInputElement).remove()
  const texts = {
    common_name: certificate.commonName || '—',
    algorithm: nameOfKey(certificate.key),
    not_after: inWords(certificate.notAfter),
    fingerprint: (certificate.fingerprint.match(/.{4}/g) ?? []).join(' '),
  }
  for (const [slot, text] of Object.entries(texts)) find(entry, `[data-slot=${slot}]`, HTMLElement).textContent = text
  return entry
}
