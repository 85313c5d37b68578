// SPDX-License-Identifier: EUPL-1.2
// Fields that say themselves what is wrong with them.
import { find } from '../page/elements'
import { Failure } from '../page/errors'

export interface Checked {
  /** Whether the fields are right; those that are not are marked. */
  check(): boolean
}

/** Marks a field as right or wrong; which of both it is. */
export function mark(input: HTMLInputElement, isRight: boolean): boolean {
  input.classList.toggle('is-invalid', !isRight)
  input.setAttribute('aria-invalid', String(!isRight))
  return isRight
}

/** Checks all of them, so that all is told at once; the first field that is wrong takes the focus. */
export function requireRight(root: ParentNode, ...groups: readonly Checked[]): void {
  const verdicts = groups.map((group) => group.check())
  if (!verdicts.includes(false)) return
  find(root, '.is-invalid', HTMLInputElement).focus()
  throw new Failure('incomplete')
}
