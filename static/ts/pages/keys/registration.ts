// SPDX-License-Identifier: EUPL-1.2
// What the site is told of a key pair: its certificate and its name, then the answer to the challenge; and what it says to it.
import { toBase64 } from '../../bytes'
import type { Certificate, KeyPair } from '../../keys/certificate'
import { clone, find } from '../page/elements'
import { Failure, type Refusal } from '../page/errors'
import { postJson } from '../page/server'
import type { Identity } from './identity'
import { answerFor, type IssuedChallenge, type Proof } from './proof'

interface Registered extends IssuedChallenge {
  readonly detail_url: string
  readonly warnings?: readonly Refusal[]
}

export class Registration {
  readonly #root: HTMLElement
  #registered: Registered | undefined

  constructor(root: HTMLElement) {
    this.#root = root
  }

  /** Sends the certificate; again, it gives another challenge, while the key pair is not proven. */
  async send(certificate: Certificate, { name, isBackup }: Identity): Promise<void> {
    const { service, replaces, retiresAt } = this.#root.dataset // a renewal says what it replaces, and when
    const renewal = replaces === undefined ? {} : { replaces, retires_on: retiresAt }
    const body = { name, is_backup: isBackup, service, certificate: toBase64(certificate.der), ...renewal }
    this.#registered = (await postJson(this.#data('registerUrl'), body, this.#data('csrf'))) as Registered
  }

  /** Answers the challenge of what was sent. */
  async prove(pair: KeyPair): Promise<Proof> {
    if (this.#registered === undefined) throw new Failure('unexpected')
    return await answerFor(pair, this.#registered, this.#data('csrf'))
  }

  /** The page of the key pair. */
  get url(): string {
    return this.#registered?.detail_url ?? ''
  }

  /** Puts in `place` what the site says of the certificate, which it accepts. */
  showWarnings(place: HTMLElement): void {
    const warnings = this.#registered?.warnings ?? []
    place.hidden = warnings.length === 0
    place.replaceChildren(...warnings.map(({ code, message, remedy }) => warningOf(code, `${message} ${remedy}`.trim())))
  }

  #data(name: string): string {
    const value = this.#root.dataset[name]
    if (value === undefined) throw new Failure('unexpected')
    return value
  }
}

function warningOf(code: string, text: string): HTMLElement {
  const warning = clone(document, 'warning')
  warning.dataset.warning = code
  find(warning, '[data-slot=text]', HTMLElement).textContent = text
  return warning
}
