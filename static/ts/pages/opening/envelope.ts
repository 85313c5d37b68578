// SPDX-License-Identifier: EUPL-1.2
// One envelope on the page: what is known of it, and how its state is shown.
import { alertWith, clone, fill, find, findAll, listIn } from '../page/elements'
import { canChooseFolder } from './folder'
import type { Declared, Written } from './local'
import type { OpenedEnvelope, OpenedFile, SealedEnvelope } from './release'

/** Whether an application among these envelopes was opened neither here nor on some computer. */
export function hasSealedApplication(envelopes: Element): boolean {
  return envelopes.querySelector('[data-kind="application"]:not([data-opened], [data-opened-locally])') !== null
}

export class EnvelopeRow {
  /** Why it is opened on purpose only: "late" or "replaced"; empty where it is opened with the others. */
  readonly exception: string
  /** Applications are opened before offers. */
  readonly rank: number
  readonly #root: HTMLElement
  readonly #element: HTMLElement

  constructor(root: HTMLElement, element: HTMLElement) {
    this.#root = root
    this.#element = element
    this.exception = element.dataset.exception ?? ''
    this.rank = element.dataset.kind === 'application' ? 0 : 1
  }

  get sealed(): SealedEnvelope {
    const { envelope: id = '', manifestUrl = '', headersUrl = '', releaseUrl = '', localUrl = '', folder = '' } = this.#element.dataset
    return { id, manifestUrl, headersUrl, releaseUrl, localUrl, folder }
  }

  /** Whether it may be opened together with others. */
  get isChoosable(): boolean {
    return this.#choice !== null
  }

  get isChosen(): boolean {
    return this.#choice?.checked ?? false
  }

  /** Whether an application of the same deposit is still sealed. */
  get waitsForApplication(): boolean {
    const siblings = this.#element.parentElement ?? this.#element
    return this.rank > 0 && hasSealedApplication(siblings)
  }

  /** Chooses it if it is of this kind, "all" being of every kind. */
  choose(kind: string): void {
    if (this.#choice !== null) this.#choice.checked = kind === 'all' || this.#element.dataset.kind === kind
  }

  onOpen(open: () => void): void {
    this.#button('open')?.addEventListener('click', open)
  }

  onOpenLocally(open: () => void): void {
    this.#button('open-locally')?.addEventListener('click', open)
  }

  /** Shows the buttons that open this envelope alone, where it is sealed. */
  allow(isUnlocked: boolean, isRunning: boolean): void {
    for (const name of ['open', 'open-locally']) {
      const button = this.#button(name)
      if (button === null) continue
      button.hidden = !isUnlocked || (name === 'open-locally' && !canChooseFolder())
      button.disabled = isRunning
    }
  }

  /** Gives the focus back to the button that was disabled while it worked, unless it went elsewhere. */
  focusAgain(): void {
    if (document.activeElement === document.body) this.#button('open-locally')?.focus()
  }

  showError(text: string | undefined): void {
    alertWith(find(this.#element, '[data-envelope-error]', HTMLElement), text)
  }

  /** Shows what the page would show of this envelope if it were loaded again. */
  showOpened({ opened_at, opened_by, key_pair, files }: OpenedEnvelope): void {
    const block = clone(this.#root, 'opened')
    const by = find(block, '[data-slot="by"]', HTMLElement)
    by.textContent = fill(by.textContent, { opened_at, opened_by, key_pair })
    find(block, '[data-slot="files"]', HTMLElement).append(...files.map((file) => this.#fileRow(file)))
    for (const element of findAll(this.#element, '[data-sealed-only]')) element.remove()
    find(this.#element, '[data-line]', HTMLElement).append(find(block, '[data-slot="badge"]', HTMLElement))
    this.#element.append(...block.children)
    this.#element.dataset.opened = ''
  }

  /** Says who opened it on a computer, and when. */
  showDeclared({ opened_at, opened_by }: Declared): void {
    this.#element.dataset.openedLocally = ''
    const places = findAll(this.#element, '[data-locally]')
    const text = fill(find(this.#root, '[data-text="opened_locally"]', HTMLElement).textContent, { opened_at, opened_by })
    if (places.some(({ textContent }) => textContent.trim() === text.trim())) return
    const line = clone(this.#root, 'opened-locally')
    line.textContent = text
    this.#element.append(line)
  }

  /** Says what is in the folder now; nothing is said of another time. */
  showWritten(written: Written | undefined): void {
    this.#element.querySelector('[data-written]')?.remove()
    if (written === undefined) return
    const { folder, files, different } = written
    const block = clone(this.#root, 'written')
    const place = find(block, '[data-slot="place"]', HTMLElement)
    place.textContent = fill(place.textContent, { folder, count: files.length })
    const warning = find(block, '[data-slot="different"]', HTMLElement)
    if (different.length === 0) warning.remove()
    else listIn(warning, different)
    this.#element.append(block)
  }

  #fileRow({ name, size, url, report_url, matches }: OpenedFile): HTMLElement {
    const row = clone(this.#root, 'file')
    find(row, '[data-slot="name"]', HTMLElement).textContent = name
    find(row, '[data-slot="of"]', HTMLElement).textContent = name
    find(row, '[data-slot="size"]', HTMLElement).textContent = size
    find(row, '[data-slot="link"]', HTMLAnchorElement).href = url
    find(row, '[data-slot="report"]', HTMLAnchorElement).href = report_url
    if (matches) find(row, '[data-slot="mismatch"]', HTMLElement).remove()
    return row
  }

  get #choice(): HTMLInputElement | null {
    return this.#element.querySelector<HTMLInputElement>('[data-choice]')
  }

  #button(name: string): HTMLButtonElement | null {
    return this.#element.querySelector<HTMLButtonElement>(`[data-${name}]`)
  }
}
