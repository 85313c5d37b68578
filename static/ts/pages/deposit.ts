// SPDX-License-Identifier: EUPL-1.2
// The page on which a bid is prepared: files by envelope, sent as they are chosen, then submitted together.
import './countdown'
import { Digester } from '../digest'
import { formatDuration, formatRate } from '../units'
import { type Problem, tellTooLarge } from '../upload'
import { Admission } from './deposit/admission'
import { keepAnnex } from './deposit/annexes'
import { csrfToken, type PageData, readData } from './deposit/data'
import { bindDropzone, ignoreDropsElsewhere } from './deposit/dropzone'
import { FileRow, type RowHost, type RowState } from './deposit/file-row'
import { type Inspected, Inspector } from './deposit/inspector'
import { rememberLine } from './deposit/line'
import { DepositMemory } from './deposit/memory'
import { Rate } from './deposit/rate'
import { submit } from './deposit/submission'
import { nextTurns } from './deposit/turns'
import { UnkeptAnnex } from './deposit/unkept-annex'
import { secondsLeft } from './page/clock'
import { alertWith, answerTo, fill, find, findAll, listIn, show, textOf } from './page/elements'
import { explain, Failure, Refused } from './page/errors'

const BATCH = 50 // files
const LONG_LIST = 20 // files: beyond, an envelope has a list of its own height
const ANNOUNCED: ReadonlySet<RowState> = new Set(['received', 'stopped', 'broken'])
const MENDED_BY_THE_NETWORK: ReadonlySet<string> = new Set(['network', 'no_digest'])
const HALTED: ReadonlySet<RowState> = new Set(['stopped', 'broken', 'paused'])

class DepositPage implements RowHost {
  readonly data: PageData = readData()
  readonly memory = new DepositMemory(this.data.deposit, (isKept) => {
    show(document, '[data-not-kept]', !isKept)
  })
  readonly digester = new Digester(this.data.workerUrl)
  readonly #inspector = new Inspector(this.data.checksUrl, this.data.consultation.id, () => this.#inspected())
  readonly #rate = new Rate()
  readonly #summary = find(document, '[data-summary]', HTMLElement)
  readonly #countdown = find(document, '[data-countdown]', HTMLElement)
  readonly #dialog = find(document, '[data-confirm]', HTMLDialogElement)
  readonly #unkeptAnnex = new UnkeptAnnex(this.#dialog)
  #rows: FileRow[] = []
  #isLeaving = false
  #isSettling = false
  #isSubmitting = false
  #added = Promise.resolve()
  #toAdd = 0
  #missingTold: string | null = null

  constructor() {
    for (const upload of this.data.uploads) {
      const known = this.memory.file(upload.id) ?? null
      const row = this.#append(new FileRow(this, upload.envelope, known, upload.size))
      row.resumeFrom(upload.url, upload.received, upload.isComplete)
    }
    for (const zone of findAll(document, '[data-envelope]')) {
      bindDropzone(zone, (files) => {
        this.#addSoon(zone, files)
      })
    }
    this.#bind()
    this.#inspector.refresh()
    this.#showLists()
    this.#showSummary()
  }

  given(row: FileRow, file: File): void {
    void this.#inspector.inspect(row, file)
  }

  identified(): void {
    this.#inspector.refresh()
  }

  changed(row: FileRow): void {
    if (ANNOUNCED.has(row.state)) this.#announce(row)
    this.#settle()
  }

  removed(row: FileRow): void {
    this.#rows = this.#rows.filter((other) => other !== row)
    this.#inspector.refresh()
    this.#showLists()
    this.#settle()
    find(document, `[data-envelope="${row.envelope}"] input`, HTMLElement).focus()
  }

  explain({ code, message, remedy = '' }: Problem): string {
    return explain(document, message === undefined ? new Failure(code) : new Refused({ code, message, remedy }))
  }

  explainRetry({ code, message = '' }: Problem): string {
    const cause = message !== '' ? 'refused' : code === 'network' ? 'network' : 'server'
    return textOf(document, `retry_${cause}`, { message })
  }

  async confirmRemoval({ known }: FileRow): Promise<boolean> {
    const dialog = find(document, '[data-removal]', HTMLDialogElement)
    find(dialog, '[data-name]', HTMLElement).textContent = known?.name ?? ''
    return (await answerTo(dialog)) === 'confirm'
  }

  /** After those that were chosen before. */
  #addSoon(zone: HTMLElement, files: readonly File[]): void {
    this.#toAdd++
    this.#added = this.#added.then(() => this.#add(zone, files)).finally(() => this.#toAdd--)
  }

  /** By batches, between which the page answers: a browser may take a millisecond to know the size of each file. */
  async #add(zone: HTMLElement, files: readonly File[]): Promise<void> {
    const envelope = zone.dataset.envelope ?? ''
    const awaiting = this.#rows.filter((row) => row.envelope === envelope && row.state === 'needs-file')
    const admission = new Admission(this.data, this.#rows, envelope)
    const refusals: string[] = []
    for (let start = 0; start < files.length; start += BATCH) {
      for (const file of files.slice(start, start + BATCH)) {
        const begun = awaiting.find((row) => row.awaits(file))
        const refusal = begun === undefined ? admission.refusalOf(file) : null
        if (refusal === null) (begun ?? this.#rowOf(envelope, file)).give(file)
        else refusals.push(textOf(document, refusal, { name: file.name }))
        if (refusal === 'too_large') void tellTooLarge(this.data.uploadsUrl, envelope, file.size, csrfToken(this.data))
      }
      this.#showLists()
      await new Promise((resolve) => setTimeout(resolve))
    }
    listIn(find(zone, '[data-refusals]', HTMLElement), refusals)
    show(zone, '[data-refusals]', refusals.length > 0)
  }

  #rowOf(envelope: string, { lastModified, name, size }: File): FileRow {
    return this.#append(new FileRow(this, envelope, { name, size, lastModified, sha256: null }, size))
  }

  #inspected(): Inspected {
    const offers = this.data.envelopes.filter(({ kind }) => kind === 'offer')
    return { rows: this.#rows, offers: new Set(offers.map(({ id }) => id)) }
  }

  #append(row: FileRow): FileRow {
    this.#rows.push(row)
    find(document, `[data-files="${row.envelope}"]`, HTMLElement).append(row.element)
    return row
  }

  /** Once for all that changes together. */
  #settle(): void {
    if (this.#isSettling) return
    this.#isSettling = true
    queueMicrotask(() => {
      this.#isSettling = false
      for (const row of nextTurns(this.#rows, this.data.requestSize)) row.start()
      this.#showSummary()
    })
  }

  #showLists(): void {
    for (const list of findAll(document, '[data-files]')) {
      list.hidden = list.childElementCount === 0
      list.classList.toggle('is-long', list.childElementCount > LONG_LIST)
    }
  }

  #announce(row: FileRow): void {
    const place = find(document, '[data-announcements]', HTMLElement)
    place.textContent = textOf(document, `announce_${row.state}`, { name: row.known?.name ?? '' })
  }

  #showSummary(): void {
    const received = this.#rows.filter((row) => row.state === 'received').length
    this.#summary.dataset.state = this.#rows.length === 0 ? 'empty' : received === this.#rows.length ? 'ready' : 'busy'
    for (const place of findAll(this.#summary, '[data-when]')) place.hidden = place.dataset.when !== this.#summary.dataset.state
    const count = find(this.#summary, '[data-count]', HTMLElement)
    count.textContent = fill(count.dataset.pattern ?? '', { received, total: this.#rows.length })
    show(this.#summary, '[data-only-place]', this.#rows.length > LONG_LIST)
    const focused = document.activeElement // asked for before it is hidden, and loses the focus
    this.#toggleAll('pause', (row) => row.isBusy || row.state === 'waiting')
    this.#toggleAll('resume', (row) => row.state === 'paused' || row.state === 'stopped')
    this.#recheckMissing()
    if (focused?.matches('[data-all][hidden]') === true) findAll(this.#summary, '[data-all]:not([hidden])')[0]?.focus()
  }

  #toggleAll(action: string, concerns: (row: FileRow) => boolean): void {
    show(this.#summary, `[data-all="${action}"]`, this.#rows.some(concerns))
  }

  /** Every half second: rate and time left of what is on its way. */
  #showRate(): void {
    const sent = this.#rows.reduce((total, row) => total + row.sent, 0)
    const left = this.#rows.reduce((total, row) => total + (row.isBusy || row.isWaiting ? row.size - row.sent : 0), 0)
    this.#rate.add(sent, performance.now())
    const rate = left > 0 ? this.#rate.current : 0
    if (rate > 0 && this.#rate.isSettled) rememberLine(rate, 'upload')
    alertWith(find(this.#summary, '[data-too-late]', HTMLElement), this.#isTooSlow(rate, left) ? textOf(document, 'too_late') : undefined)
    const place = find(this.#summary, '[data-rate]', HTMLElement)
    place.hidden = rate === 0
    const language = document.documentElement.lang
    place.textContent = fill(place.dataset.pattern ?? '', {
      rate: formatRate(rate, language),
      left: formatDuration(left / (rate || 1), language),
    })
  }

  #isTooSlow(rate: number, bytesLeft: number): boolean {
    const left = secondsLeft(this.#countdown)
    return rate > 0 && left > 0 && bytesLeft / rate > left
  }

  #bind(): void {
    ignoreDropsElsewhere()
    setInterval(() => {
      this.#showRate()
    }, 500)
    this.#on('[data-all="pause"]', () => {
      for (const row of this.#rows) if (row.isBusy || row.state === 'waiting') void row.pause()
    })
    this.#on('[data-all="resume"]', () => {
      this.#resumeAll()
    })
    this.#on('[data-check]', () => {
      this.#check()
    })
    this.#on('[data-submit]', () => void this.#submit())
    this.#on('[data-cancel]', () => {
      this.#dialog.close()
    })
    this.#dialog.addEventListener('cancel', (event) => {
      if (this.#isSubmitting) event.preventDefault()
    })
    const only = find(this.#summary, '[data-only]', HTMLInputElement)
    only.addEventListener('change', () => {
      document.body.classList.toggle('shows-open-files', only.checked)
    })
    window.addEventListener('online', () => {
      for (const row of this.#rows) {
        row.retryNow()
        if (MENDED_BY_THE_NETWORK.has(row.element.dataset.problem ?? '')) row.resume()
      }
    })
    window.addEventListener('beforeunload', (event) => {
      if (!this.#isLeaving && this.#wouldLose()) event.preventDefault()
    })
  }

  /** Whether something is under way, or is nowhere but on this page. */
  #wouldLose(): boolean {
    if (this.#unkeptAnnex.isPending || this.#isSubmitting) return true
    if (this.#dialog.dataset.isSubmitted !== undefined) return false
    if (!this.memory.isKept && this.#rows.some((row) => row.known !== null)) return true
    return this.#rows.some((row) => row.isBusy || row.state === 'waiting' || row.state === 'checking')
  }

  #on(selector: string, act: () => void): void {
    find(document, selector, HTMLElement).addEventListener('click', act)
  }

  #resumeAll(): void {
    for (const row of this.#rows) if (row.state === 'paused' || row.state === 'stopped') row.resume()
  }

  /** Says what is missing, or shows once more to whom and for what the bid goes. */
  #check(): void {
    const missing = this.#missing()
    this.#tellMissing(missing)
    if (missing !== null) return
    for (const { id } of this.data.envelopes) this.#listForConfirmation(id)
    this.#inspector.list(find(this.#dialog, '[data-confirm-warnings]', HTMLElement))
    this.#markLots()
    alertWith(find(this.#dialog, '[data-refused]', HTMLElement), undefined)
    this.#dialog.showModal()
  }

  /** What was told, and is so no longer, goes. */
  #recheckMissing(): void {
    if (this.#missingTold !== null && this.#missingTold !== this.#missing()) this.#tellMissing(null)
  }

  #tellMissing(missing: string | null): void {
    this.#missingTold = missing
    alertWith(find(document, '[data-not-ready]', HTMLElement), missing === null ? undefined : textOf(document, missing))
  }

  #missing(): string | null {
    if (this.#rows.length === 0) return 'nothing'
    if (this.#rows.some((row) => row.state === 'needs-file' || row.state === 'unknown')) return 'needs_files'
    const halted = this.#rows.filter((row) => HALTED.has(row.state))
    if (halted.length > 0)
      return halted.every((row) => row.element.dataset.problem === 'no_digest') ? 'digests_missing' : 'not_all_received'
    return this.#toAdd === 0 && this.#rows.every((row) => row.state === 'received') ? null : 'still_sending'
  }

  #listForConfirmation(envelope: string): void {
    const rows = this.#rows.filter((row) => row.envelope === envelope)
    const place = find(this.#dialog, `[data-confirm-envelope="${envelope}"]`, HTMLElement)
    place.classList.toggle('is-empty', rows.length === 0)
    show(place, '[data-none]', rows.length === 0)
    listIn(
      place,
      rows.map(({ known }) => known?.name ?? ''),
    )
  }

  /** Says of each lot whether a file of the bid is for it. */
  #markLots(): void {
    for (const place of findAll(this.#dialog, '[data-confirm-lot]')) {
      const offer = this.data.envelopes.find(({ lot }) => String(lot) === place.dataset.confirmLot)
      show(place, '[data-none]', !this.#rows.some((row) => row.envelope === offer?.id))
    }
  }

  async #submit(): Promise<void> {
    if (this.#isSubmitting) return
    this.#showSubmitting(true)
    alertWith(find(this.#dialog, '[data-refused]', HTMLElement), undefined)
    try {
      const receipt = await submit(this.data, this.#rows, this.memory.salt, (annex) => {
        if (keepAnnex(annex, Date.now())) this.#unkeptAnnex.withdraw()
        else this.#unkeptAnnex.offer(annex)
      })
      this.#arrive(receipt)
    } catch (error) {
      this.#showSubmitting(false)
      if (!this.#dialog.open) this.#dialog.showModal() // it was closed while the answer was on its way
      const isUnanswered = error instanceof Failure && error.code === 'network'
      const text = isUnanswered ? textOf(document, 'submit_network') : explain(document, error)
      alertWith(find(this.#dialog, '[data-refused]', HTMLElement), text)
    }
  }

  /** The server reads all of the bid again, which may last; the button keeps the focus, and does nothing meanwhile. */
  #showSubmitting(isSubmitting: boolean): void {
    this.#isSubmitting = isSubmitting
    const button = find(this.#dialog, '[data-submit]', HTMLElement)
    button.ariaDisabled = String(isSubmitting)
    find(this.#dialog, '[data-cancel]', HTMLButtonElement).disabled = isSubmitting
    alertWith(find(this.#dialog, '[data-submitting]', HTMLElement), isSubmitting ? textOf(document, 'submitting') : undefined)
    button.scrollIntoView({ block: 'nearest' }) // what is said comes before it
  }

  /** Leaves for the receipt, unless the annex would be lost on the way. */
  #arrive(receipt: string): void {
    if (this.#unkeptAnnex.isPending) {
      this.#showSubmitting(false)
      this.#unkeptAnnex.conclude(receipt)
      return
    }
    this.#isLeaving = true
    location.assign(receipt)
  }
}

new DepositPage()
