// SPDX-License-Identifier: EUPL-1.2
// The opening of bids: a key pair is unlocked, then the chosen envelopes are opened one after the other.
import type { Progress } from '../envelope/open'
import type { KeyPair } from '../keys/certificate'
import { EnvelopeRow } from './opening/envelope'
import { isOnPurpose } from './opening/exception'
import { KeyPanel } from './opening/key'
import { releaseEnvelope } from './opening/release'
import { prepareTaking } from './opening/take-away'
import { find, findAll, show, textOf } from './page/elements'
import { explain, Failure } from './page/errors'

class Session {
  readonly #root: HTMLElement
  readonly #key: KeyPanel
  readonly #rows: readonly EnvelopeRow[]
  readonly #openChosen: HTMLButtonElement
  #isRunning = false
  #stopping = new AbortController()

  constructor(root: HTMLElement) {
    this.#root = root
    this.#openChosen = find(root, '[data-open-chosen]', HTMLButtonElement)
    this.#rows = findAll(root, '[data-envelope]').map((element) => new EnvelopeRow(root, element))
    this.#key = new KeyPanel(root, () => {
      this.#refresh()
    })
    for (const row of this.#rows) row.onOpen(() => void this.#openAlone(row))
    for (const button of findAll(root, '[data-choose]')) {
      button.addEventListener('click', () => {
        this.#choose(button.dataset.choose ?? '')
      })
    }
    this.#openChosen.addEventListener('click', () => void this.#open(this.#rows.filter(({ isChosen }) => isChosen)))
    find(root, '[data-stop]', HTMLElement).addEventListener('click', () => {
      this.#stopping.abort()
    })
    root.addEventListener('change', () => {
      this.#refresh()
    })
    this.#refresh()
  }

  #choose(kind: string): void {
    for (const row of this.#rows) row.choose(kind)
    this.#refresh()
  }

  #refresh(): void {
    const isUnlocked = this.#key.pair !== undefined
    const chosen = this.#rows.filter(({ isChosen }) => isChosen).length
    find(this.#root, '[data-chosen-count]', HTMLElement).textContent = String(chosen)
    this.#openChosen.disabled = chosen === 0
    show(this.#root, '[data-locked]', !isUnlocked)
    show(this.#root, '[data-choices]', isUnlocked && !this.#isRunning && this.#rows.some(({ isChoosable }) => isChoosable))
    show(this.#root, '[data-progress]', this.#isRunning)
    show(this.#root, '[data-forget]', !this.#isRunning)
    for (const row of this.#rows) row.allow(isUnlocked, this.#isRunning)
  }

  /** A late or replaced deposit is opened on its own, and on purpose. */
  async #openAlone(row: EnvelopeRow): Promise<void> {
    if (await isOnPurpose(this.#root, row.exception)) await this.#open([row])
  }

  async #open(rows: readonly EnvelopeRow[]): Promise<void> {
    const pair = this.#key.pair
    if (pair === undefined || this.#isRunning) return
    this.#isRunning = true
    this.#stopping = new AbortController()
    this.#refresh()
    let opened = 0
    let number = 0
    for (const row of [...rows].sort((a, b) => a.rank - b.rank)) {
      if (this.#stopping.signal.aborted) break
      number++
      if (await this.#openOne(row, pair, this.#teller(number, rows.length))) opened++
    }
    this.#isRunning = false
    this.#refresh()
    const failed = rows.length - opened
    this.#say(textOf(this.#root, failed === 0 ? 'finished' : 'finished_in_part', { opened, failed }))
  }

  async #openOne(row: EnvelopeRow, pair: KeyPair, onProgress: (progress: Progress) => void): Promise<boolean> {
    row.showError(row.waitsForApplication ? textOf(this.#root, 'application_first') : undefined)
    if (row.waitsForApplication) return false
    try {
      const csrfToken = find(this.#root, '[name=csrfmiddlewaretoken]', HTMLInputElement).value
      row.showOpened(await releaseEnvelope(row.sealed, pair, { accepts: row.exception, csrfToken, onProgress }))
      this.#count('sealed', -1)
      this.#count('opened', 1)
      return true
    } catch (error) {
      row.showError(explain(this.#root, error))
      if (error instanceof Failure) this.#stopping.abort() // the others would meet the same
      return false
    }
  }

  #teller(number: number, total: number): (progress: Progress) => void {
    const bar = find(this.#root, '[data-progress-bar]', HTMLProgressElement)
    bar.max = total
    bar.value = number - 1
    return ({ done, total: blocks }) => {
      bar.value = number - 1 + done / (blocks + 1) // the server's part is the last step
      this.#say(textOf(this.#root, done < blocks ? 'opening' : 'verifying', { number, total, done, blocks }))
    }
  }

  #count(state: string, change: number): void {
    const element = document.querySelector(`[data-count="${state}"]`)
    if (element !== null) element.textContent = String(Number(element.textContent) + change)
  }

  #say(text: string): void {
    find(this.#root, '[data-status]', HTMLElement).textContent = text
  }
}

const root = document.querySelector<HTMLElement>('[data-opening]') // absent where there is no deposit
if (root !== null) {
  if (root.querySelector('[data-unlock]') !== null) new Session(root) // absent once all is open
  for (const form of root.querySelectorAll<HTMLFormElement>('[data-take-away]')) prepareTaking(root, form)
}
