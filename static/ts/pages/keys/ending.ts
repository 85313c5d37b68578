// SPDX-License-Identifier: EUPL-1.2
// The end of the page that adds a key pair: what was done, what the site warns of, and what comes next.
import type { KeyPair } from '../../keys/certificate'
import { find, say } from '../page/elements'
import { KeepPanel } from './keep-panel'
import type { Proof } from './proof'
import type { Registration } from './registration'

export class Ending {
  readonly #place: HTMLElement

  constructor(root: HTMLElement) {
    this.#place = find(root, '[data-done]', HTMLElement)
  }

  show(pair: KeyPair, { split }: Proof, registration: Registration): void {
    say(this.#place, 'proven')
    this.#keepOnly('[data-lacks-backup]', split.lacks_backup)
    this.#keepOnly('[data-hangs-on-one-person]', split.hangs_on_one_person)
    find(this.#place, '[data-back]', HTMLElement).classList.add(split.lacks_backup ? 'btn-outline-primary' : 'btn-primary')
    registration.showWarnings(find(this.#place, '[data-warnings]', HTMLElement))
    new KeepPanel(find(this.#place, '[data-keep-panel]', HTMLElement), pair.certificate.fingerprint).offer(pair)
    this.#place.focus()
  }

  #keepOnly(selector: string, isKept: boolean): void {
    for (const element of this.#place.querySelectorAll(selector)) if (!isKept) element.remove()
  }
}
