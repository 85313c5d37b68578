// SPDX-License-Identifier: EUPL-1.2
import { find } from '../page/elements'
import { sayError } from '../page/errors'

/** Where a gesture tells what it does, and what went wrong: `[data-<name>-status]` and `[data-<name>-error]`. */
export interface Places {
  readonly status: HTMLElement
  readonly error: HTMLElement
}

export function placesOf(root: ParentNode, name: string): Places {
  return { status: find(root, `[data-${name}-status]`, HTMLElement), error: find(root, `[data-${name}-error]`, HTMLElement) }
}

/** Runs one gesture, its button off meanwhile so that it runs once; whether it succeeded. */
export async function attempt(
  button: HTMLButtonElement,
  { status, error }: Places,
  gesture: (status: HTMLElement) => Promise<void>,
): Promise<boolean> {
  if (button.disabled) return false
  button.disabled = true
  error.replaceChildren()
  try {
    await gesture(status)
    return true
  } catch (failure) {
    status.replaceChildren()
    sayError(error, failure)
    return false
  } finally {
    button.disabled = false
  }
}
