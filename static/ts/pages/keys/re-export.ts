// SPDX-License-Identifier: EUPL-1.2
// A key file with an old protection is written anew, with a modern one: saved, then chosen again like any other.
import type { KeyPair } from '../../keys/certificate'
import { find, say } from '../page/elements'
import { Failure } from '../page/errors'
import { requireRight } from './fields'
import { attempt, placesOf } from './gesture'
import { NewPasswordFields } from './new-password'
import type { KeyFileFields } from './proof'
import { offerFile } from './saving'

export class ReExport {
  readonly #place: HTMLElement
  readonly #keyFile: KeyFileFields
  readonly #onSaved: () => void

  /** `onSaved` is called once the new file is saved: it is to be read in place of the old one. */
  constructor(place: HTMLElement, keyFile: KeyFileFields, onSaved: () => void) {
    this.#place = place
    this.#keyFile = keyFile
    this.#onSaved = onSaved
  }

  clear(): void {
    this.#place.replaceChildren()
  }

  offer(chosen: () => KeyPair | undefined): void {
    say(this.#place, 're_export')
    const [form, button] = [find(this.#place, 'form', HTMLFormElement), find(this.#place, '[type=submit]', HTMLButtonElement)]
    const password = new NewPasswordFields(form)
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      void attempt(button, placesOf(form, 're-export'), async (status) => {
        requireRight(form, password)
        await this.#write(chosen(), password, status)
        button.hidden = true
      })
    })
  }

  async #write(pair: KeyPair | undefined, password: NewPasswordFields, status: HTMLElement): Promise<void> {
    if (pair === undefined) throw new Failure('unexpected')
    const { fingerprint, commonName } = pair.certificate
    say(status, 'writing')
    const link = find(this.#place, '[data-save-again]', HTMLAnchorElement)
    offerFile(link, await this.#keyFile.writeAgain(fingerprint, password.value), commonName)
    password.forget()
    password.lock(true)
    say(status, 'written')
    link.addEventListener('click', () => {
      this.#askForNewFile()
    })
    link.focus()
  }

  #askForNewFile(): void {
    this.#keyFile.clear()
    this.#onSaved()
    say(find(this.#place, '[data-re-export-status]', HTMLElement), 're_exported')
    this.#keyFile.focus()
  }
}
