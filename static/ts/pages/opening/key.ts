// SPDX-License-Identifier: EUPL-1.2
// The key pair of the agent: its file is opened here, and neither it nor its password goes anywhere.
import type { Bytes } from '../../bytes'
import { NotARecipient } from '../../envelope/errors'
import type { KeyPair } from '../../keys/certificate'
import { openPkcs12 } from '../../keys/pkcs12/read'
import { asPair, keptKeys } from '../keys/kept'
import { acceptDrops, alertWith, clone, find, show, textOf } from '../page/elements'
import { explain } from '../page/errors'
import { readKeyFile } from '../page/key-file'

export class KeyPanel {
  /** The unlocked key pair, which opens the bids of this consultation. */
  pair: KeyPair | undefined
  readonly #root: HTMLElement
  readonly #recipients: ReadonlySet<string>
  readonly #file: HTMLInputElement
  readonly #password: HTMLInputElement
  readonly #onChange: () => void
  #keptCount = 0

  /** `onChange` is called when the key pair is unlocked or forgotten. */
  constructor(root: HTMLElement, onChange: () => void) {
    this.#root = root
    this.#recipients = new Set((root.dataset.recipients ?? '').split(' '))
    this.#file = find(root, '[data-file]', HTMLInputElement)
    this.#password = find(root, '[data-password]', HTMLInputElement)
    this.#onChange = onChange
    find(root, '[data-unlock]', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault()
      void this.#unlock()
    })
    find(root, '[data-forget]', HTMLElement).addEventListener('click', () => {
      this.#hold(undefined)
      this.#file.focus()
    })
    this.#file.addEventListener('change', () => {
      this.#nameFile()
    })
    acceptDrops(find(root, '[data-drop]', HTMLElement), (files) => {
      this.#file.files = files
      this.#nameFile()
    })
    void this.#offerKept()
  }

  /** The keys that this browser keeps for this account, and that open these bids: no file is needed. */
  async #offerKept(): Promise<void> {
    const place = find(this.#root, '[data-kept]', HTMLElement)
    const kept = await keptKeys(place.dataset.account ?? '')
    const pairs = await Promise.all(kept.filter(({ fingerprint }) => this.#recipients.has(fingerprint)).map(asPair))
    this.#keptCount = pairs.length
    find(place, '[data-kept-list]', HTMLElement).replaceChildren(...pairs.map((pair) => this.#keptButton(pair)))
    place.hidden = pairs.length === 0
  }

  #keptButton(pair: KeyPair): HTMLElement {
    const button = clone(this.#root, 'kept')
    find(button, '[data-slot=name]', HTMLElement).textContent = pair.certificate.commonName
    button.addEventListener('click', () => {
      this.#hold(pair)
      find(this.#root, '[data-forget]', HTMLElement).focus()
    })
    return button
  }

  async #unlock(): Promise<void> {
    const alert = find(this.#root, '[data-key-error]', HTMLElement)
    const button = find(this.#root, '[data-unlock-button]', HTMLButtonElement)
    const status = find(this.#root, '[data-key-status]', HTMLElement)
    alertWith(alert, undefined)
    status.textContent = textOf(this.#root, 'unlocking')
    button.disabled = true
    try {
      this.#hold(await this.#recipientOf(await readKeyFile(this.#file.files?.[0])))
      this.#password.value = ''
      find(this.#root, '[data-forget]', HTMLElement).focus()
    } catch (error) {
      alertWith(alert, explain(this.#root, error))
    } finally {
      status.textContent = ''
      button.disabled = false
    }
  }

  async #recipientOf(bytes: Bytes): Promise<KeyPair> {
    const pairs = await openPkcs12(bytes, this.#password.value).finally(() => bytes.fill(0))
    const pair = pairs.find(({ certificate }) => this.#recipients.has(certificate.fingerprint))
    if (pair === undefined) throw new NotARecipient('no key of this file is a recipient')
    return pair
  }

  #hold(pair: KeyPair | undefined): void {
    this.pair = pair
    find(this.#root, '[data-key-name]', HTMLElement).textContent = pair?.certificate.commonName ?? ''
    show(this.#root, '[data-unlock]', pair === undefined)
    find(this.#root, '[data-kept]', HTMLElement).hidden = pair !== undefined || this.#keptCount === 0
    show(this.#root, '[data-unlocked]', pair !== undefined)
    this.#onChange()
  }

  #nameFile(): void {
    const file = this.#file.files?.[0]
    if (file !== undefined) find(this.#root, '[data-file-name]', HTMLElement).textContent = file.name
  }
}
