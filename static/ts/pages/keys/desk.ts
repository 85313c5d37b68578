// SPDX-License-Identifier: EUPL-1.2
import type { KeyPair } from '../../keys/certificate'
import { find, say } from '../page/elements'
import { requireRight } from './fields'
import { IdentityFields } from './identity'
import { Ending } from './ending'
import { KeyFileFields } from './proof'
import { Registration } from './registration'
import { Steps } from './steps'

/** A way of adding a key pair. */
export interface Path {
  /** What its main button, or Enter in a field, asks for. */
  submitRequest(): void
  /** The form of the key file, in the last step, was submitted. */
  submitFile(status: HTMLElement): Promise<void>
  /** Another way was chosen. */
  reset(): void
}

/** What the ways of adding a key pair share: the steps and fields of the page, and the end that they all lead to. */
export class Desk {
  readonly root: HTMLElement
  readonly steps: Steps
  readonly identity: IdentityFields
  readonly keyFile: KeyFileFields
  readonly registration: Registration
  readonly #ending: Ending

  constructor(root: HTMLElement, onMode: () => void) {
    this.root = root
    this.steps = new Steps(root, onMode)
    this.identity = new IdentityFields(root)
    this.keyFile = new KeyFileFields(find(root, '[data-reopen-form]', HTMLFormElement))
    this.registration = new Registration(root)
    this.#ending = new Ending(root)
  }

  /** Registers a key pair that was read from its file, and proves it: only then it is active. */
  async register(pair: KeyPair, status: HTMLElement): Promise<void> {
    requireRight(this.root, this.identity)
    say(status, 'registering')
    await this.registration.send(pair.certificate, this.identity.value)
    say(status, 'proving')
    const proof = await this.registration.prove(pair)
    status.replaceChildren()
    this.keyFile.clear()
    this.identity.lock(true)
    this.steps.finish()
    this.#ending.show(pair, proof, this.registration)
  }

  hook(name: string): HTMLElement {
    return find(this.root, `[data-${name}]`, HTMLElement)
  }
}
