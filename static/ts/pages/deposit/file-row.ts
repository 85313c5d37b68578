// SPDX-License-Identifier: EUPL-1.2
import type { Finding } from '../../checks/findings'
import { type Digester, FileUnreadable } from '../../digest'
import { formatSize } from '../../units'
import { FileUpload, type Problem, removeUpload, type UploadListener } from '../../upload'
import { WorkerLost } from '../../worker'
import { clone, find, findAll, show } from '../page/elements'
import { csrfToken, type PageData, uploadId } from './data'
import type { DepositMemory, KnownFile } from './memory'

/** Each has its sentence in the template, `data-when`, and its buttons, `data-for`. */
export type RowState =
  | 'waiting' // for its turn
  | 'uploading'
  | 'retrying'
  | 'paused'
  | 'checking' // received; its digest is being computed
  | 'received'
  | 'needs-file' // begun before a reload: the same file must be chosen again
  | 'unknown' // sent from another browser: its name is not known here
  | 'stopped' // may be resumed
  | 'broken' // may not

const BEYOND_REPAIR = new Set([
  'already_submitted',
  'beyond_length',
  'changed',
  'file_too_large',
  'too_many_files',
  'unknown_envelope',
  'unreadable',
  'upload_removed',
])

const PERCENT = new Intl.NumberFormat(document.documentElement.lang, { style: 'percent' })

let count = 0 // of the lines, for their ids

export interface RowHost {
  readonly data: PageData
  readonly memory: DepositMemory
  readonly digester: Digester
  changed(row: FileRow): void
  /** The file is here, and can be looked into. */
  given(row: FileRow, file: File): void
  /** Its digest is known. */
  identified(): void
  removed(row: FileRow): void
  explain(problem: Problem): string
  explainRetry(problem: Problem): string
  /** Whether what the server has of it may be removed. */
  confirmRemoval(row: FileRow): Promise<boolean>
}

/** One file of the list: what is known of it, its upload, its digest and its line on the page. */
export class FileRow implements UploadListener {
  readonly element: HTMLElement
  readonly envelope: string
  readonly host: RowHost
  known: KnownFile | null
  state: RowState = 'waiting'
  sent = 0
  warnings: readonly string[] = []
  #url: string | null = null
  #file: File | null = null
  #upload: FileUpload | null = null
  #isReceived = false
  #isDigestLost = false

  constructor(host: RowHost, envelope: string, known: KnownFile | null, size: number) {
    this.host = host
    this.envelope = envelope
    this.known = known
    this.element = clone(document, 'file')
    this.element.dataset.size = String(size)
    const language = document.documentElement.lang
    for (const place of findAll(this.element, '[data-name]')) {
      if (known !== null) place.textContent = known.name
    }
    find(this.element, '[data-size]', HTMLElement).textContent = formatSize(size, language)
    this.#bind()
  }

  get size(): number {
    return Number(this.element.dataset.size)
  }

  get id(): string {
    return this.#url === null ? '' : uploadId(this.#url)
  }

  get isWaiting(): boolean {
    return this.state === 'waiting'
  }

  get isBusy(): boolean {
    return this.state === 'uploading' || this.state === 'retrying'
  }

  /** A file that the server has, whole or not, from before this page was loaded. */
  resumeFrom(url: string, received: number, isComplete: boolean): void {
    this.#url = url
    this.#isReceived = isComplete
    this.sent = received
    if (this.known === null) this.#become('unknown')
    else this.#become(isComplete && this.known.sha256 !== null ? 'received' : 'needs-file')
  }

  /** Whether this is the file that was begun: by name, size and date. */
  awaits(file: File): boolean {
    const { known, state } = this
    if (state !== 'needs-file' || known === null) return false
    return file.name === known.name && file.size === known.size && file.lastModified === known.lastModified
  }

  give(file: File): void {
    this.#file = file
    this.#isDigestLost = false
    void this.#digest(file)
    this.host.given(this, file)
    this.#become(this.#isReceived ? 'checking' : 'waiting')
  }

  start(): void {
    if (this.#file === null) return
    const { data } = this.host
    this.#upload ??= new FileUpload(
      this.#file,
      {
        endpoint: data.uploadsUrl,
        envelope: this.envelope,
        requestSize: data.requestSize,
        url: this.#url,
        csrfToken: () => csrfToken(data),
      },
      this,
    )
    this.#upload.start()
    this.#become('uploading')
  }

  async pause(): Promise<void> {
    this.#become('paused')
    await this.#upload?.pause()
  }

  resume(): void {
    if (this.#isDigestLost && this.#file !== null) this.give(this.#file)
    else this.#become('waiting')
  }

  async remove(): Promise<void> {
    if (this.sent > 0 && !(await this.host.confirmRemoval(this))) return
    if (this.#url === null && this.state === 'retrying') {
      this.stopped({ code: 'network' }) // the server may have made it, and would keep it
      return
    }
    await this.#upload?.pause()
    const problem = this.#url === null ? null : await removeUpload(this.#url, csrfToken(this.host.data))
    if (problem !== null) {
      this.stopped(problem)
      return
    }
    this.host.memory.forget(this.id)
    this.element.remove()
    this.host.removed(this)
  }

  created(url: string): void {
    this.#url = new URL(url, document.baseURI).pathname
    if (this.known !== null) this.host.memory.remember(this.id, this.known)
  }

  progressed(bytes: number): void {
    this.sent = bytes
    if (this.state === 'retrying') this.#become('uploading')
    else this.#show()
  }

  retrying(problem: Problem): void {
    if (!this.isBusy) return
    find(this.element, '[data-retry]', HTMLElement).textContent = this.host.explainRetry(problem)
    this.#become('retrying')
  }

  /** The line is back. */
  retryNow(): void {
    if (this.state === 'retrying') void this.#upload?.retryNow()
  }

  received(): void {
    this.#isReceived = true
    this.sent = this.size
    if (this.#isDigestLost) this.stopped({ code: 'no_digest' })
    else this.#become(this.known?.sha256 === null ? 'checking' : 'received')
  }

  stopped(problem: Problem): void {
    find(this.element, '[data-problem]', HTMLElement).textContent = this.host.explain(problem)
    this.#become(BEYOND_REPAIR.has(problem.code) ? 'broken' : 'stopped')
    this.element.dataset.problem = problem.code
  }

  found(findings: readonly Finding[]): void {
    if (this.known !== null) this.#know({ ...this.known, findings })
  }

  /** Says this on its line; whether that is new. */
  warn(texts: readonly string[]): boolean {
    if (texts.join('\n') === this.warnings.join('\n')) return false
    this.warnings = texts
    const place = find(this.element, '[data-warnings]', HTMLElement)
    place.hidden = texts.length === 0
    this.element.classList.toggle('is-warned', texts.length > 0)
    place.replaceChildren(
      ...texts.map((text) => {
        const item = clone(document, 'warning')
        find(item, '[data-text-of-warning]', HTMLElement).textContent = text
        return item
      }),
    )
    return true
  }

  async #digest(file: File): Promise<void> {
    try {
      this.#digested(await this.host.digester.digest(file))
    } catch (error) {
      if (error instanceof WorkerLost) {
        this.#loseDigest()
        return
      }
      if (!(error instanceof FileUnreadable)) throw error
      await this.#upload?.pause()
      this.stopped({ code: 'unreadable' })
    }
  }

  /** The upload goes on: what the server receives is kept; only the submission needs the digest. */
  #loseDigest(): void {
    this.#isDigestLost = true
    if (this.state === 'checking') this.stopped({ code: 'no_digest' })
  }

  #digested(sha256: string): void {
    if (this.known === null) return
    if (this.known.sha256 !== null && this.known.sha256 !== sha256) {
      void this.#upload?.pause()
      this.stopped({ code: 'changed' })
      return
    }
    this.#know({ ...this.known, sha256 })
    this.host.identified()
    if (this.state === 'checking') this.#become('received')
  }

  #know(known: KnownFile): void {
    this.known = known
    if (this.id !== '') this.host.memory.remember(this.id, known)
  }

  #become(state: RowState): void {
    this.state = state
    this.element.dataset.state = state
    delete this.element.dataset.problem
    for (const place of findAll(this.element, '[data-when]')) {
      place.hidden = !(place.dataset.when ?? '').split(' ').includes(state)
    }
    this.#show()
    this.host.changed(this)
  }

  #show(): void {
    const ratio = this.size === 0 ? Number(this.#isReceived) : this.sent / this.size
    find(this.element, 'progress', HTMLProgressElement).value = ratio
    find(this.element, '[data-percent]', HTMLElement).textContent = PERCENT.format(Math.floor(ratio * 100) / 100)
  }

  /** A screen reader says of which file a progress is, and the warnings with the button that answers them. */
  #describe(): void {
    const number = String(count++)
    const name = find(this.element, '[data-name]', HTMLElement)
    name.id = `name-${number}`
    find(this.element, 'progress', HTMLProgressElement).setAttribute('aria-labelledby', name.id)
    const warnings = find(this.element, '[data-warnings]', HTMLElement)
    warnings.id = `warnings-${number}`
    find(this.element, '[data-action="remove"]', HTMLElement).setAttribute('aria-describedby', warnings.id)
  }

  /** Where the button that was pressed is hidden, the focus goes to the one that comes in its place. */
  #focusOn(action: 'pause' | 'resume'): void {
    find(this.element, `[data-action="${action}"]`, HTMLElement).focus()
  }

  #bind(): void {
    this.#describe()
    const actions: Record<string, () => void> = {
      pause: () => {
        void this.pause()
        this.#focusOn('resume')
      },
      resume: () => {
        this.resume()
        this.#focusOn('pause')
      },
      remove: () => void this.remove(),
    }
    for (const [name, act] of Object.entries(actions)) {
      find(this.element, `[data-action="${name}"]`, HTMLElement).addEventListener('click', act)
    }
    const again = find(this.element, '[data-action="choose"]', HTMLInputElement)
    again.addEventListener('change', () => {
      this.#chooseAgain(again)
    })
  }

  #chooseAgain(input: HTMLInputElement): void {
    const [file] = input.files ?? []
    show(this.element, '[data-other-file]', file !== undefined && !this.awaits(file))
    if (file !== undefined && this.awaits(file)) this.give(file)
    input.value = ''
  }
}
