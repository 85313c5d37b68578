// SPDX-License-Identifier: EUPL-1.2
// What goes wrong is told in whole sentences: the server's own where it refuses, else one of the page's, named by a code.
import { hasTemplate, hasText, say, textOf } from './elements'

export interface Refusal {
  readonly code: string
  readonly message: string
  readonly remedy: string
}

/** The server refuses; it says why, and what to do. */
export class Refused extends Error implements Refusal {
  override readonly name = 'Refused'
  readonly code: string
  readonly remedy: string

  constructor({ code, message, remedy }: Refusal) {
    super(message)
    this.code = code
    this.remedy = remedy
  }
}

/** Something failed of which the page has a sentence, named by `code`. */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly code: string

  constructor(code: string, options?: ErrorOptions) {
    super(code, options)
    this.code = code
  }
}

/** The sentence for an error, among the `data-text`s under `root`. */
export function explain(root: ParentNode, error: unknown): string {
  if (error instanceof Refused) return `${error.message} ${error.remedy}`.trim()
  const code = codeOf(error)
  return hasText(root, code) ? textOf(root, code) : textOf(root, 'unexpected', { name: error instanceof Error ? error.name : '?' })
}

/** Puts an alert in `place`, from the `data-template` for the error. */
export function sayError(place: Element, error: unknown): void {
  const alert = document.createElement('div')
  alert.className = 'alert alert-danger'
  place.replaceChildren(alert)
  if (error instanceof Refused) {
    const { code, message, remedy } = error
    alert.dataset.code = code
    say(alert, 'refused', { code, message, remedy })
  } else {
    const code = codeOf(error)
    alert.dataset.code = hasTemplate(document, code) ? code : 'unexpected'
    say(alert, alert.dataset.code)
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unexpected'
}
