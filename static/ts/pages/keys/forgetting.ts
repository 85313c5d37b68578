// SPDX-License-Identifier: EUPL-1.2
import { answerTo, find } from '../page/elements'

/**
 * Has a button of `panel` forget a kept key, once that is confirmed: without its file, it cannot be undone.
 *
 * The dialog is that of `keys/_forget.html`. It is closed before anything happens, so that the focus is back on the button.
 */
export function bindForgetting(panel: HTMLElement, button: HTMLButtonElement, forget: () => void): void {
  const dialog = find(panel, '[data-forget-dialog]', HTMLDialogElement)
  button.addEventListener('click', () => {
    void answerTo(dialog).then((answer) => {
      if (answer === 'forget') forget()
    })
  })
}
