// SPDX-License-Identifier: EUPL-1.2
// The page's hooks and sentences: `data-…` attributes, and `<template data-message="…">`s, cloned where they are to be read.
import { EnvelopeRefused } from '../../envelope/errors'
import { ServerRefusal } from './transport'

/** The element of this kind that `hook` selects under `root`; our templates have it. */
export function find<T extends Element>(root: ParentNode, hook: string, kind: new () => T): T {
  const found = root.querySelector(hook)
  if (!(found instanceof kind)) throw new TypeError(`the page lacks ${hook}`)
  return found
}

/** Puts the sentence `name` in `place`, with `slots` filled in; what was there goes. */
export function say(place: Element, name: string, slots: Readonly<Record<string, string>> = {}): void {
  const template = find(document, `template[data-message="${name}"]`, HTMLTemplateElement)
  const sentence = document.importNode(template.content, true)
  for (const [slot, text] of Object.entries(slots)) find(sentence, `[data-slot="${slot}"]`, HTMLElement).textContent = text
  place.replaceChildren(sentence)
}

/** Tells what went wrong, as a warning in `place`. */
export function sayError(place: Element, error: unknown): void {
  const alert = document.createElement('div')
  alert.className = 'alert alert-danger'
  alert.dataset.code = codeOf(error)
  place.replaceChildren(alert)
  if (error instanceof ServerRefusal) say(alert, 'refused', { message: error.message, remedy: error.remedy, code: error.code })
  else say(alert, codeOf(error))
}

/** The name of the sentence to say; `unexpected` where the page has none. */
function codeOf(error: unknown): string {
  if (error instanceof EnvelopeRefused) return 'bad_challenge' // the challenge is the only envelope here
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return 'unexpected'
  const isKnown = error instanceof ServerRefusal || document.querySelector(`template[data-message="${error.code}"]`) !== null
  return isKnown ? error.code : 'unexpected'
}

/** Whether this page may use cryptography; if not, `place` says so. */
export function canUseCryptography(place: Element): boolean {
  if (isSecureContext) return true
  sayError(place, Object.assign(new Error(), { code: 'unsupported' }))
  return false
}
