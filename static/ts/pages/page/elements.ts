// SPDX-License-Identifier: EUPL-1.2
// The elements of the page, its sentences (`data-text`) and its templates (`data-template`): there is no text in scripts.

type Values = Readonly<Record<string, string | number>>

/** The element of this kind that the page has by contract; an error names what a template forgot. */
export function find<T extends Element>(within: ParentNode, selector: string, kind: new () => T): T {
  const element = within.querySelector(selector)
  if (!(element instanceof kind)) throw new TypeError(`the page lacks ${selector}`)
  return element
}

export function findAll(within: ParentNode, selector: string): HTMLElement[] {
  return [...within.querySelectorAll<HTMLElement>(selector)]
}

export function show(within: ParentNode, selector: string, isShown: boolean): void {
  find(within, selector, HTMLElement).hidden = !isShown
}

/** A sentence of the page, its `{placeholders}` filled. */
export function textOf(within: ParentNode, name: string, values: Values = {}): string {
  return fill(find(within, textNamed(name), HTMLElement).textContent, values)
}

export function hasText(within: ParentNode, name: string): boolean {
  return within.querySelector(textNamed(name)) !== null
}

/** An instant, with its zone, as the language of the page writes it. */
export function inWords(instant: Date): string {
  return instant.toLocaleString(document.documentElement.lang, { dateStyle: 'long', timeStyle: 'long' })
}

export function fill(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (placeholder, name: string) => String(values[name] ?? placeholder))
}

/** The first element of a template, anew. */
export function clone(within: ParentNode, name: string): HTMLElement {
  return find(contentOf(within, name), '*', HTMLElement)
}

export function hasTemplate(within: ParentNode, name: string): boolean {
  return within.querySelector(templateNamed(name)) !== null
}

/** Puts the template `name` in `place`, its `data-slot`s filled; what was there goes. */
export function say(place: Element, name: string, slots: Values = {}): void {
  const content = contentOf(document, name)
  for (const [slot, value] of Object.entries(slots)) find(content, `[data-slot="${slot}"]`, HTMLElement).textContent = String(value)
  place.replaceChildren(content)
}

/** Shows an alert with a text, or hides it. */
export function alertWith(alert: HTMLElement, text: string | undefined): void {
  alert.textContent = text ?? ''
  alert.hidden = text === undefined
}

/** Asks by a dialog whose buttons close it: the value of the one that was pressed, empty where it was left otherwise. */
export async function answerTo(dialog: HTMLDialogElement): Promise<string> {
  dialog.returnValue = ''
  dialog.showModal()
  await new Promise((resolve) => {
    dialog.addEventListener('close', resolve, { once: true })
  })
  return dialog.returnValue
}

/** Makes these texts the items of the list in `place`. */
export function listIn(place: ParentNode, texts: readonly string[]): void {
  const items = texts.map((text) => {
    const item = document.createElement('li')
    item.textContent = text
    return item
  })
  find(place, 'ul', HTMLUListElement).replaceChildren(...items)
}

/** Gives the files dropped on `zone`, which is marked while they are over it. */
export function acceptDrops(zone: HTMLElement, take: (files: FileList) => void): void {
  const mark = (isOver: boolean) => (event: Event) => {
    event.preventDefault()
    zone.classList.toggle('is-over', isOver)
  }
  zone.addEventListener('dragover', mark(true))
  zone.addEventListener('dragleave', mark(false))
  zone.addEventListener('drop', mark(false))
  zone.addEventListener('drop', ({ dataTransfer }) => {
    if (dataTransfer !== null && dataTransfer.files.length > 0) take(dataTransfer.files)
  })
}

function contentOf(within: ParentNode, name: string): DocumentFragment {
  return document.importNode(find(within, templateNamed(name), HTMLTemplateElement).content, true)
}

/** One sentence may answer to several names. */
function textNamed(name: string): string {
  return `[data-text~="${CSS.escape(name)}"]`
}

function templateNamed(name: string): string {
  return `template[data-template="${CSS.escape(name)}"]`
}
