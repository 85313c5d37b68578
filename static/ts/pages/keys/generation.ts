// SPDX-License-Identifier: EUPL-1.2
// « Utilisation d'un support vierge »: the key pair is made here, saved by the agent, and read again from the saved file.
// The private key and the password are in no request and in no storage; what can be wiped is.
import type { Certificate } from '../../keys/certificate'
import { generateKeyPair, type KeyAlgorithm } from '../../keys/generate'
import { writePkcs12 } from '../../keys/pkcs12/write'
import { find, say } from '../page/elements'
import { Failure } from '../page/errors'
import type { Desk, Path } from './desk'
import { type Checked, mark, requireRight } from './fields'
import { attempt, placesOf } from './gesture'
import { NewPasswordFields } from './new-password'
import { offerFile } from './saving'

const LONGEST_COMMON_NAME = 64 // characters

export class Generation implements Path {
  readonly #desk: Desk
  readonly #certificate: CertificateFields
  readonly #password: NewPasswordFields
  readonly #make: HTMLButtonElement
  readonly #save: HTMLAnchorElement
  #made: Certificate | undefined // neither its private key nor the password is kept
  readonly #warnOfLoss = (event: BeforeUnloadEvent): void => {
    event.preventDefault()
  }

  constructor(desk: Desk) {
    this.#desk = desk
    this.#certificate = new CertificateFields(desk.root)
    this.#password = new NewPasswordFields(find(desk.root, '[data-step=password]', HTMLElement))
    this.#make = find(desk.root, '[data-generate]', HTMLButtonElement)
    this.#save = find(desk.root, '[data-save]', HTMLAnchorElement)
    desk.identity.onName((name) => {
      this.#certificate.follow(name)
    })
    this.#save.addEventListener('click', () => {
      this.#askForFile()
    })
  }

  submitRequest(): void {
    if (this.#made === undefined)
      void attempt(this.#make, placesOf(this.#desk.root, 'generate'), async (status) => {
        await this.#makeKeyPair(status)
      })
  }

  async submitFile(status: HTMLElement): Promise<void> {
    if (this.#made === undefined) throw new Failure('unexpected')
    say(status, 'opening')
    const pair = await this.#desk.keyFile.read(this.#made.fingerprint)
    await this.#desk.register(pair, status)
    removeEventListener('beforeunload', this.#warnOfLoss)
  }

  reset(): void {
    this.#password.forget()
  }

  async #makeKeyPair(status: HTMLElement): Promise<void> {
    requireRight(this.#desk.root, this.#desk.identity, this.#certificate, this.#password)
    this.#lock(true)
    say(status, 'generating')
    try {
      this.#made = await this.#generate()
    } catch (error) {
      this.#lock(false)
      throw error
    }
    this.#password.forget()
    addEventListener('beforeunload', this.#warnOfLoss)
    say(status, 'generated')
    this.#desk.steps.mark({ identify: 'done', mode: 'done', password: 'done', generate: 'current' })
  }

  async #generate(): Promise<Certificate> {
    const { name } = this.#desk.identity.value
    const { certificate, pkcs8 } = await generateKeyPair({ ...this.#certificate.value, now: new Date() })
    try {
      offerFile(this.#save, await writePkcs12({ pkcs8, certificate, friendlyName: name }, this.#password.value), name)
    } finally {
      pkcs8.fill(0)
    }
    this.#make.hidden = true
    this.#save.focus()
    return certificate
  }

  #lock(isLocked: boolean): void {
    this.#desk.identity.lock(isLocked)
    this.#password.lock(isLocked)
  }

  #askForFile(): void {
    this.#save.classList.replace('btn-primary', 'btn-outline-primary')
    this.#desk.steps.mark({ generate: 'done' })
    this.#desk.steps.openLast(true)
  }
}

/** What the certificate will say: its CN, which is the name until someone writes another, and the kind of key. */
class CertificateFields implements Checked {
  readonly #root: HTMLElement
  readonly #commonName: HTMLInputElement
  #follows = true

  constructor(root: HTMLElement) {
    this.#root = root
    this.#commonName = find(root, '[data-common-name]', HTMLInputElement)
    this.#commonName.addEventListener('input', () => {
      this.#follows = this.#commonName.value === ''
    })
  }

  get value(): { commonName: string; algorithm: KeyAlgorithm } {
    const algorithm = find(this.#root, '[data-algorithm]:checked', HTMLInputElement).value as KeyAlgorithm
    return { commonName: this.#commonName.value.trim(), algorithm }
  }

  check(): boolean {
    const { commonName } = this.value
    return mark(this.#commonName, commonName !== '' && Array.from(commonName).length <= LONGEST_COMMON_NAME)
  }

  follow(name: string): void {
    if (this.#follows) this.#commonName.value = Array.from(name).slice(0, LONGEST_COMMON_NAME).join('')
  }
}
