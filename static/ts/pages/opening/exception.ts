// SPDX-License-Identifier: EUPL-1.2
// A late or replaced deposit is opened on its own, and on purpose.
import { answerTo, find } from '../page/elements'

/** Whether it is; `exception` is "late" or "replaced", empty where nothing is asked. */
export async function isOnPurpose(root: HTMLElement, exception: string): Promise<boolean> {
  if (exception === '') return true
  return (await answerTo(find(root, `[data-exception-dialog="${exception}"]`, HTMLDialogElement))) === 'confirm'
}
