// SPDX-License-Identifier: EUPL-1.2
// « Utilisation d'un bi-clé existant », from its certificate alone: registered, and proven with its key file at once or later.
import type { Certificate } from '../../keys/certificate'
import { readCertificateFile } from '../../keys/certificate-file'
import { acceptDrops, find, say } from '../page/elements'
import { Failure } from '../page/errors'
import { readKeyFile } from '../page/key-file'
import type { Desk, Path } from './desk'
import { requireRight } from './fields'
import { describe } from './found'
import { attempt, placesOf, type Places } from './gesture'

export class CertificateAlone implements Path {
  readonly #desk: Desk
  readonly #file: HTMLInputElement
  readonly #send: HTMLButtonElement
  readonly #places: Places
  #certificate: Certificate | undefined

  constructor(desk: Desk) {
    this.#desk = desk
    this.#file = find(desk.root, '[data-certificate-file]', HTMLInputElement)
    this.#send = find(desk.root, '[data-send-certificate]', HTMLButtonElement)
    this.#places = placesOf(desk.root, 'certificate')
    this.#file.addEventListener('change', () => {
      this.#look()
    })
    acceptDrops(desk.hook('certificate-drop'), (files) => {
      this.#file.files = files
      this.#look()
    })
  }

  submitRequest(): void {
    void attempt(this.#send, this.#places, async (status) => {
      await this.#register(status)
    })
  }

  /** The challenge of the registration may be too old by now: the same registration gives another. */
  async submitFile(status: HTMLElement): Promise<void> {
    if (this.#certificate === undefined) throw new Failure('unexpected')
    say(status, 'opening')
    await this.#desk.register(await this.#desk.keyFile.read(this.#certificate.fingerprint), status)
    this.#places.status.replaceChildren() // it said that the key pair was not proven
  }

  reset(): void {
    this.#file.value = ''
    this.#show(undefined)
  }

  /** What holds a private key is told at once, and never sent. */
  #look(): void {
    this.#show(undefined)
    void attempt(this.#send, this.#places, async () => {
      this.#show(await this.#read())
    })
  }

  async #read(): Promise<Certificate> {
    const file = this.#file.files?.[0]
    if (file === undefined) throw new Failure('no_certificate')
    const bytes = await readKeyFile(file) // the limit of a key file is large for a certificate
    try {
      return await readCertificateFile(bytes)
    } catch (error) {
      bytes.fill(0) // it may be a private key
      throw error
    }
  }

  #show(certificate: Certificate | undefined): void {
    this.#certificate = certificate
    this.#places.status.replaceChildren()
    this.#desk.hook('certificate-found').replaceChildren(...(certificate === undefined ? [] : [describe(certificate)]))
    if (certificate !== undefined) this.#desk.identity.suggest(certificate.commonName)
  }

  async #register(status: HTMLElement): Promise<void> {
    const certificate = this.#certificate ?? (await this.#read())
    this.#show(certificate)
    requireRight(this.#desk.root, this.#desk.identity)
    say(status, 'registering')
    await this.#desk.registration.send(certificate, this.#desk.identity.value)
    this.#desk.identity.lock(true)
    find(this.#desk.root, '[data-certificate]', HTMLFieldSetElement).disabled = true
    this.#send.hidden = true
    say(status, 'registered')
    find(status, '[data-later]', HTMLAnchorElement).href = `${this.#desk.registration.url}#drill`
    this.#desk.registration.showWarnings(find(status, '[data-warnings]', HTMLElement))
    this.#desk.steps.mark({ identify: 'done', mode: 'done', certificate: 'done' })
    this.#desk.steps.openLast(true)
  }
}
