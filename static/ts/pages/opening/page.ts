// SPDX-License-Identifier: EUPL-1.2
// Finding elements, and the texts and templates of the page: there is no text in scripts.
import { Refused } from './transport'

type Values = Readonly<Record<string, string | number>>

/** The element of this kind that the page has by contract; an error names what a template forgot. */
export function find<T extends Element>(within: ParentNode, selector: string, kind: new () => T): T {
  const element = within.querySelector(selector)
  if (!(element instanceof kind)) throw new Error(`the page lacks ${selector}`)
  return element
}

export function findAll(within: ParentNode, selector: string): HTMLElement[] {
  return [...within.querySelectorAll<HTMLElement>(selector)]
}

export function show(within: ParentNode, selector: string, isShown: boolean): void {
  find(within, selector, HTMLElement).hidden = !isShown
}

/** A sentence of the page, its `{placeholders}` filled. */
export function textOf(root: ParentNode, name: string, values: Values = {}): string {
  return fill(find(root, `[data-text="${CSS.escape(name)}"]`, HTMLElement).textContent, values)
}

export function fill(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (placeholder, name: string) => String(values[name] ?? placeholder))
}

/** The first element of a template, anew. */
export function clone(root: ParentNode, name: string): HTMLElement {
  const { content } = find(root, `template[data-template="${CSS.escape(name)}"]`, HTMLTemplateElement)
  return find(document.importNode(content, true), '*', HTMLElement)
}

/** Shows an alert with a text, or hides it. */
export function alertWith(alert: HTMLElement, text: string | undefined): void {
  alert.textContent = text ?? ''
  alert.hidden = text === undefined
}

/** The sentence for an error: the server's own, or the page's for the error's code. */
export function explain(root: ParentNode, error: unknown): string {
  if (error instanceof Refused) return error.message
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const isKnown = root.querySelector(`[data-text="${CSS.escape(code)}"]`) !== null
  return isKnown ? textOf(root, code) : textOf(root, 'unexpected', { name: error instanceof Error ? error.name : '?' })
}
