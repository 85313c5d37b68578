// SPDX-License-Identifier: EUPL-1.2
// « Ajouter un bi-clé permanent »: made here, or one that exists; registered and proven. Each way has its module.
import { CertificateAlone } from './keys/certificate-alone'
import { Desk, type Path } from './keys/desk'
import { ExistingFile } from './keys/existing-file'
import { Generation } from './keys/generation'
import { attempt, placesOf } from './keys/gesture'
import { canUseCryptography } from './keys/proof'
import type { Mode } from './keys/steps'
import { find, findAll } from './page/elements'

class NewKeyPage {
  readonly #desk: Desk
  readonly #paths: Readonly<Record<Mode, Path>>

  constructor(root: HTMLElement) {
    const desk = new Desk(root, () => {
      this.#changeMode()
    })
    this.#desk = desk
    this.#paths = { generate: new Generation(desk), key_file: new ExistingFile(desk), certificate: new CertificateAlone(desk) }
    this.#onSubmit('request-form', () => {
      this.#path.submitRequest()
    })
    const register = find(root, '[data-register]', HTMLButtonElement)
    this.#onSubmit('reopen-form', () => {
      void attempt(register, placesOf(root, 'reopen'), async (status) => {
        await this.#path.submitFile(status)
      })
    })
  }

  get #path(): Path {
    return this.#paths[this.#desk.steps.mode]
  }

  #changeMode(): void {
    this.#desk.keyFile.clear()
    for (const path of Object.values(this.#paths)) path.reset()
    for (const place of findAll(this.#desk.root, '[role=alert], [role=status]')) place.replaceChildren()
  }

  #onSubmit(form: string, act: () => void): void {
    find(this.#desk.root, `[data-${form}]`, HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault()
      act()
    })
  }
}

for (const root of findAll(document, '[data-key-new]')) {
  if (canUseCryptography(find(root, '[data-page-error]', HTMLElement))) new NewKeyPage(root)
  else for (const button of root.querySelectorAll('button')) button.disabled = true
}
