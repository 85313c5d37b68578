// SPDX-License-Identifier: EUPL-1.2
// The first two steps of a new key pair: what it is called and how it is made, and the password of its file.
import type { KeyAlgorithm } from '../../keys/generate'
import { estimateStrength } from '../../keys/password'
import { isPortablePassword } from '../../keys/pkcs12/write'
import { find, say } from '../page/elements'
import { Failure } from '../page/errors'

const SHORTEST_PASSWORD = 12 // characters
const LONGEST_COMMON_NAME = 64 // characters

export interface KeyRequest {
  readonly name: string
  readonly commonName: string
  readonly isBackup: boolean
  readonly algorithm: KeyAlgorithm
  readonly password: string
}

export class KeyRequestFields {
  readonly #root: HTMLElement
  readonly #name: HTMLInputElement
  readonly #commonName: HTMLInputElement
  readonly #password: HTMLInputElement
  readonly #again: HTMLInputElement

  constructor(root: HTMLElement) {
    this.#root = root
    this.#name = this.#input('name')
    this.#commonName = this.#input('common-name')
    this.#password = this.#input('password')
    this.#again = this.#input('password-again')
    this.#followName()
    this.#password.addEventListener('input', () => {
      this.#showStrength()
    })
  }

  onSubmit(act: () => void): void {
    find(this.#root, '[data-request-form]', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault()
      act()
    })
  }

  /** What was asked for; each field that is wrong says so, and the first one takes the focus. */
  read(): KeyRequest {
    const [name, commonName, password] = [this.#name.value.trim(), this.#commonName.value.trim(), this.#password.value]
    const checks = [
      this.#check(this.#name, name !== ''),
      this.#check(this.#commonName, commonName !== '' && Array.from(commonName).length <= LONGEST_COMMON_NAME),
      this.#checkPassword(password),
      this.#check(this.#again, password === this.#again.value),
    ]
    if (checks.includes(false)) {
      find(this.#root, '.is-invalid', HTMLInputElement).focus()
      throw new Failure('incomplete')
    }
    return { name, commonName, password, isBackup: this.#input('is-backup').checked, algorithm: this.#algorithm() }
  }

  /** Nothing changes while the key is made, nor after. */
  lock(isLocked: boolean): void {
    for (const hook of ['[data-identify]', '[data-protect]']) find(this.#root, hook, HTMLFieldSetElement).disabled = isLocked
  }

  forgetPassword(): void {
    this.#password.value = ''
    this.#again.value = ''
  }

  #checkPassword(password: string): boolean {
    const code = password.length < SHORTEST_PASSWORD ? 'password_short' : isPortablePassword(password) ? undefined : 'password_not_ascii'
    if (code !== undefined) say(find(this.#root, '[data-password-error]', HTMLElement), code)
    return this.#check(this.#password, code === undefined)
  }

  #check(input: HTMLInputElement, isRight: boolean): boolean {
    input.classList.toggle('is-invalid', !isRight)
    input.setAttribute('aria-invalid', String(!isRight))
    return isRight
  }

  #algorithm(): KeyAlgorithm {
    return find(this.#root, '[data-algorithm]:checked', HTMLInputElement).value as KeyAlgorithm
  }

  /** The CN is the name's until someone writes another. */
  #followName(): void {
    let follows = true
    this.#commonName.addEventListener('input', () => {
      follows = this.#commonName.value === ''
    })
    this.#name.addEventListener('input', () => {
      if (follows) this.#commonName.value = Array.from(this.#name.value).slice(0, LONGEST_COMMON_NAME).join('')
    })
  }

  #showStrength(): void {
    const strength = this.#password.value === '' ? 0 : estimateStrength(this.#password.value)
    find(this.#root, '[data-strength-meter]', HTMLMeterElement).value = strength
    const place = find(this.#root, '[data-strength]', HTMLElement)
    if (this.#password.value === '') place.replaceChildren()
    else say(place, `strength_${String(strength)}`)
  }

  #input(hook: string): HTMLInputElement {
    return find(this.#root, `[data-${hook}]`, HTMLInputElement)
  }
}
