// SPDX-License-Identifier: EUPL-1.2
// The opening of bids: a key pair is unlocked, then the chosen envelopes are opened one after the other.
import { EnvelopeRefused } from '../envelope/errors'
import type { Progress } from '../envelope/open'
import type { KeyPair } from '../keys/certificate'
import { PieceDigester } from '../pieces'
import { formatSize } from '../units'
import { EnvelopeRow } from './opening/envelope'
import { isOnPurpose } from './opening/exception'
import { canChooseFolder, chosenFolder } from './opening/folder'
import { KeyPanel } from './opening/key'
import { type LocalOptions, openLocally, StoppedAtFile } from './opening/local'
import { releaseEnvelope } from './opening/release'
import { prepareTaking } from './opening/take-away'
import { find, findAll, show, textOf } from './page/elements'
import { explain, Failure } from './page/errors'

class Session {
  readonly #root: HTMLElement
  readonly #key: KeyPanel
  readonly #rows: readonly EnvelopeRow[]
  readonly #openChosen: HTMLButtonElement
  readonly #digester: PieceDigester
  #isRunning = false
  #isWriting = false // files, in a folder of this computer
  #stopping = new AbortController()

  constructor(root: HTMLElement) {
    this.#root = root
    this.#openChosen = find(root, '[data-open-chosen]', HTMLButtonElement)
    this.#rows = findAll(root, '[data-envelope]').map((element) => new EnvelopeRow(root, element))
    this.#key = new KeyPanel(root, () => {
      this.#refresh()
    })
    this.#digester = new PieceDigester(root.dataset.piecesUrl ?? '')
    show(root, '[data-no-folder]', !canChooseFolder())
    show(root, '[data-with-folder]', canChooseFolder())
    for (const row of this.#rows) {
      row.onOpen(() => void this.#openAlone(row))
      row.onOpenLocally(() => void this.#openLocally(row))
    }
    for (const button of findAll(root, '[data-choose]')) {
      button.addEventListener('click', () => {
        this.#choose(button.dataset.choose ?? '')
      })
    }
    this.#openChosen.addEventListener('click', () => void this.#open(this.#rows.filter(({ isChosen }) => isChosen)))
    for (const button of findAll(root, '[data-stop], [data-stop-now]')) {
      button.addEventListener('click', () => {
        this.#stopping.abort()
      })
    }
    root.addEventListener('change', () => {
      this.#refresh()
    })
    window.addEventListener('beforeunload', (event) => {
      if (this.#isWriting) event.preventDefault() // an empty file would have the name of the one being written
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

  /** Runs one thing at a time. */
  #begin(isLocal: boolean): KeyPair | undefined {
    const pair = this.#key.pair
    if (pair === undefined || this.#isRunning) return undefined
    this.#isRunning = true
    this.#isWriting = isLocal
    this.#stopping = new AbortController()
    find(this.#root, '[data-progress-bar]', HTMLProgressElement).value = 0
    this.#say('')
    show(this.#root, '[data-stop]', !isLocal)
    show(this.#root, '[data-stop-now]', isLocal)
    this.#refresh()
    return pair
  }

  /** The folder is asked for first: nothing is declared where the agent thinks better of it. */
  async #openLocally(row: EnvelopeRow): Promise<void> {
    row.showWritten(undefined)
    row.showError(row.waitsForApplication ? textOf(this.#root, 'application_first') : undefined)
    if (row.waitsForApplication || !(await isOnPurpose(this.#root, row.exception))) return
    const pair = this.#begin(true) // before the dialog: a second click would have the browser refuse it
    if (pair === undefined) return
    try {
      const folder = await chosenFolder()
      if (folder === undefined || this.#stopping.signal.aborted) return
      this.#say(textOf(this.#root, 'local_begins'))
      const written = await openLocally(row.sealed, pair, folder, this.#localOptions(row))
      row.showWritten(written)
      this.#say(textOf(this.#root, 'local_finished', { count: written.files.length }))
    } catch (error) {
      this.#showStopped(row, error)
    } finally {
      this.#isRunning = this.#isWriting = false
      this.#refresh()
      row.focusAgain()
    }
  }

  #localOptions(row: EnvelopeRow): LocalOptions {
    const bar = find(this.#root, '[data-progress-bar]', HTMLProgressElement)
    return {
      accepts: row.exception,
      csrfToken: this.#csrfToken,
      digester: this.#digester,
      signal: this.#stopping.signal,
      onDeclared: (declared) => {
        row.showDeclared(declared)
      },
      onProgress: ({ done, total }) => {
        bar.max = total
        bar.value = done
        const language = document.documentElement.lang
        this.#say(textOf(this.#root, 'local_progress', { done: formatSize(done, language), total: formatSize(total, language) }))
      },
    }
  }

  /** What was written before stays, and is told. */
  #showStopped(row: EnvelopeRow, error: unknown): void {
    const atFile = error instanceof StoppedAtFile ? error : undefined
    if (atFile !== undefined && atFile.written.files.length > 0) row.showWritten(atFile.written)
    const isAsked = this.#stopping.signal.aborted
    this.#say(isAsked ? textOf(this.#root, 'local_stopped') : '')
    if (!isAsked) row.showError(explainAt(this.#root, error))
  }

  get #csrfToken(): string {
    return find(this.#root, '[name=csrfmiddlewaretoken]', HTMLInputElement).value
  }

  async #open(rows: readonly EnvelopeRow[]): Promise<void> {
    const pair = this.#begin(false)
    if (pair === undefined) return
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
      row.showOpened(await releaseEnvelope(row.sealed, pair, { accepts: row.exception, csrfToken: this.#csrfToken, onProgress }))
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

/** The files of bids are damaged one by one: the sentence names the one that is. */
function explainAt(root: HTMLElement, error: unknown): string {
  if (!(error instanceof StoppedAtFile)) return explain(root, error)
  const { cause, fileName } = error
  return cause instanceof EnvelopeRefused ? textOf(root, 'local_refused', { name: fileName }) : explain(root, cause)
}

const root = document.querySelector<HTMLElement>('[data-opening]') // absent where there is no deposit
if (root !== null) {
  if (root.querySelector('[data-unlock]') !== null) new Session(root) // absent once all is open
  for (const form of root.querySelectorAll<HTMLFormElement>('[data-take-away]')) prepareTaking(root, form)
}
