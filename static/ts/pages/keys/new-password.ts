// SPDX-License-Identifier: EUPL-1.2
// The password of a key file about to be written: typed twice, its strength shown.
import { estimateStrength } from '../../keys/password'
import { isPortablePassword } from '../../keys/pkcs12/write'
import { find, say } from '../page/elements'
import { type Checked, mark } from './fields'

const SHORTEST = 12 // characters

export class NewPasswordFields implements Checked {
  readonly #root: ParentNode
  readonly #password: HTMLInputElement
  readonly #again: HTMLInputElement

  constructor(root: ParentNode) {
    this.#root = root
    this.#password = find(root, '[data-password]', HTMLInputElement)
    this.#again = find(root, '[data-password-again]', HTMLInputElement)
    this.#password.addEventListener('input', () => {
      this.#showStrength()
    })
  }

  get value(): string {
    return this.#password.value
  }

  check(): boolean {
    const password = this.value
    const code = password.length < SHORTEST ? 'password_short' : isPortablePassword(password) ? undefined : 'password_not_ascii'
    if (code !== undefined) say(find(this.#root, '[data-password-error]', HTMLElement), code)
    const isRight = mark(this.#password, code === undefined)
    return mark(this.#again, password === this.#again.value) && isRight
  }

  lock(isLocked: boolean): void {
    find(this.#root, '[data-protect]', HTMLFieldSetElement).disabled = isLocked
  }

  forget(): void {
    this.#password.value = ''
    this.#again.value = ''
    this.#showStrength()
  }

  #showStrength(): void {
    const isEmpty = this.value === ''
    const strength = isEmpty ? 0 : estimateStrength(this.value)
    find(this.#root, '[data-strength-meter]', HTMLMeterElement).value = strength
    const place = find(this.#root, '[data-strength]', HTMLElement)
    if (isEmpty) place.replaceChildren()
    else say(place, `strength_${String(strength)}`)
  }
}
