// SPDX-License-Identifier: EUPL-1.2
// « Ajouter un bi-clé permanent »: the key pair is made here, saved by the agent, read again from the saved file, and proven.
// The private key and the password are in no request and in no storage; what can be wiped is.
import { toBase64 } from '../bytes'
import type { Certificate } from '../keys/certificate'
import { generateKeyPair } from '../keys/generate'
import { writePkcs12 } from '../keys/pkcs12/write'
import { canUseCryptography, type IssuedChallenge, KeyFileFields, prove } from './keys/proof'
import { type KeyRequest, KeyRequestFields } from './keys/request'
import { find, say } from './page/elements'
import { Failure, sayError } from './page/errors'
import { postJson } from './page/server'

type Step = 'identify' | 'password' | 'generate' | 'reopen'
type State = 'pending' | 'current' | 'done'

/** What is known of the key pair once it is made: neither its private key nor the password. */
interface Made {
  readonly certificate: Certificate
  readonly request: Omit<KeyRequest, 'password'>
}

class NewKeyPage {
  readonly #root: HTMLElement
  readonly #request: KeyRequestFields
  readonly #keyFile: KeyFileFields
  readonly #generate: HTMLButtonElement
  readonly #save: HTMLAnchorElement
  readonly #register: HTMLButtonElement
  #made: Made | undefined
  readonly #warnOfLoss = (event: BeforeUnloadEvent): void => {
    event.preventDefault()
  }

  constructor(root: HTMLElement) {
    this.#root = root
    this.#request = new KeyRequestFields(root)
    this.#keyFile = new KeyFileFields(root)
    this.#generate = find(root, '[data-generate]', HTMLButtonElement)
    this.#save = find(root, '[data-save]', HTMLAnchorElement)
    this.#register = find(root, '[data-register]', HTMLButtonElement)
    if (canUseCryptography(this.#hook('page-error'))) this.#bind()
    else this.#generate.disabled = true
  }

  #bind(): void {
    this.#request.onSubmit(() => {
      if (!this.#generate.disabled)
        void this.#attempt(this.#generate, 'generate', async (status) => {
          await this.#makeKeyPair(status)
        })
    })
    this.#save.addEventListener('click', () => {
      this.#askForFile()
    })
    find(this.#root, '[data-reopen-form]', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault()
      if (!this.#register.disabled)
        void this.#attempt(this.#register, 'reopen', async (status) => {
          await this.#registerKeyPair(status)
        })
    })
  }

  /** Runs one gesture, its button off meanwhile; what goes wrong is told under it. */
  async #attempt(button: HTMLButtonElement, place: 'generate' | 'reopen', gesture: (status: HTMLElement) => Promise<void>): Promise<void> {
    const [status, error] = [this.#hook(`${place}-status`), this.#hook(`${place}-error`)]
    button.disabled = true
    error.replaceChildren()
    try {
      await gesture(status)
    } catch (failure) {
      status.replaceChildren()
      sayError(error, failure)
      button.disabled = false
    }
  }

  async #makeKeyPair(status: HTMLElement): Promise<void> {
    const { password, ...request } = this.#request.read()
    this.#request.lock(true)
    say(status, 'generating')
    try {
      const { certificate, pkcs8 } = await generateKeyPair({ ...request, now: new Date() })
      try {
        this.#offerFile(await writePkcs12({ pkcs8, certificate, friendlyName: request.name }, password), request.name)
      } finally {
        pkcs8.fill(0)
      }
      this.#made = { certificate, request }
    } catch (error) {
      this.#request.lock(false)
      throw error
    }
    this.#request.forgetPassword()
    addEventListener('beforeunload', this.#warnOfLoss)
    say(status, 'generated')
    this.#mark({ identify: 'done', password: 'done', generate: 'current' })
  }

  #offerFile(file: Uint8Array<ArrayBuffer>, name: string): void {
    this.#save.href = URL.createObjectURL(new Blob([file], { type: 'application/x-pkcs12' }))
    this.#save.download = `${fileName(name)}.p12`
    this.#save.hidden = false
    this.#generate.hidden = true
    this.#save.focus()
  }

  #askForFile(): void {
    this.#hook('reopen').hidden = false
    this.#hook('reopen-later').hidden = true
    this.#save.classList.replace('btn-primary', 'btn-outline-primary')
    this.#mark({ generate: 'done', reopen: 'current' })
  }

  async #registerKeyPair(status: HTMLElement): Promise<void> {
    const { registerUrl, service, csrf } = this.#root.dataset
    if (this.#made === undefined || registerUrl === undefined || service === undefined || csrf === undefined)
      throw new Failure('unexpected')
    const { certificate, request } = this.#made
    say(status, 'opening')
    const pair = await this.#keyFile.read(certificate.fingerprint)
    say(status, 'registering')
    const body = { name: request.name, is_backup: request.isBackup, service, certificate: toBase64(certificate.der) }
    const issued = (await postJson(registerUrl, body, csrf)) as IssuedChallenge
    say(status, 'proving')
    await prove(pair, issued, csrf)
    this.#finish(request.isBackup)
  }

  #finish(isBackup: boolean): void {
    removeEventListener('beforeunload', this.#warnOfLoss)
    this.#keyFile.clear()
    this.#hook('reopen').hidden = true
    this.#mark({ reopen: 'done' })
    const done = this.#hook('done')
    say(done, 'proven')
    if (isBackup) find(done, '[data-next-backup]', HTMLElement).remove()
    done.focus()
  }

  #mark(states: Partial<Record<Step, State>>): void {
    for (const [step, state] of Object.entries(states)) find(this.#root, `[data-step=${step}]`, HTMLElement).dataset.state = state
  }

  #hook(name: string): HTMLElement {
    return find(this.#root, `[data-${name}]`, HTMLElement)
  }
}

/** A name that every file system takes. */
function fileName(name: string): string {
  return name.replace(/[^\p{L}\p{N} ._-]/gu, '_').replace(/^[. ]+|[. ]+$/g, '') || 'key'
}

for (const root of document.querySelectorAll<HTMLElement>('[data-key-new]')) new NewKeyPage(root)
