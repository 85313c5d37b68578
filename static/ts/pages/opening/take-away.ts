// SPDX-License-Identifier: EUPL-1.2
// Taking a deposit away as an archive: the form does it by itself, once what must be asked was.
import { alertWith, find, textOf } from '../page/elements'
import { hasSealedApplication } from './envelope'
import { isOnPurpose } from './exception'

/** `form` is that of a deposit. Where the server would refuse, the page would be left, and the key on it forgotten. */
export function prepareTaking(root: HTMLElement, form: HTMLFormElement): void {
  const deposit = form.closest<HTMLElement>('[data-deposit]') ?? root
  const exception = form.dataset.accepts ?? ''
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void take()
  })

  async function take(): Promise<void> {
    const waits = waitsForApplication(deposit)
    alertWith(find(deposit, '[data-take-error]', HTMLElement), waits ? textOf(root, 'application_first_of_all') : undefined)
    if (waits || !(await isOnPurpose(root, exception))) return
    const accepts = find(form, '[name="accepts"]', HTMLInputElement)
    accepts.value = exception
    form.submit()
    accepts.value = '' // it is asked again the next time
    find(deposit, '[data-take-status]', HTMLElement).textContent = textOf(root, 'taking')
  }
}

/** The archive has all the envelopes, and applications are opened before offers. */
function waitsForApplication(deposit: HTMLElement): boolean {
  return hasSealedApplication(deposit) && deposit.querySelector('[data-kind="offer"]') !== null
}
