// SPDX-License-Identifier: EUPL-1.2
// What is worth telling of the files of a deposit, on their lines and before the submission. It forbids nothing.
import { Checker } from '../../checker'
import { extensionOf } from '../../checks/kind'
import { WorkerLost } from '../../worker'
import { fill, find, findAll, textOf } from '../page/elements'
import { foldName } from './dropzone'
import type { FileRow } from './file-row'
import { earlierReferences, sentFiles } from './sent'

const PAUSE = 150 // milliseconds: many files are added, and digested, together

export interface Inspected {
  readonly rows: readonly FileRow[]
  /** The envelopes whose files belong to one consultation: those of an application serve again. */
  readonly offers: ReadonlySet<string>
}

export class Inspector {
  readonly #checker: Checker
  readonly #subject: () => Inspected
  readonly #earlier: ReturnType<typeof earlierReferences>
  readonly #unchecked = new WeakSet<FileRow>()
  #timer: ReturnType<typeof setTimeout> | null = null

  constructor(workerUrl: string, consultation: string, subject: () => Inspected) {
    this.#checker = new Checker(workerUrl)
    this.#subject = subject
    this.#earlier = earlierReferences(sentFiles(), consultation)
  }

  async inspect(row: FileRow, file: File): Promise<void> {
    try {
      row.found(await this.#checker.check(file, file.name))
      this.#unchecked.delete(row)
    } catch (error) {
      if (!(error instanceof WorkerLost)) throw error
      this.#unchecked.add(row)
    }
    this.refresh()
  }

  /** Soon: compares the files with each other, and says what there is to say of each. */
  refresh(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null
      this.#sayAll()
    }, PAUSE)
  }

  /** Lists the files that have warnings; the list is hidden where there is none. */
  list(place: HTMLElement): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#sayAll()
    const rows = this.#warned()
    place.hidden = rows.length === 0
    find(place, 'ul', HTMLUListElement).replaceChildren(...rows.map(toItem))
  }

  #sayAll(): void {
    const subject = this.#subject()
    const twins = twinsOf(subject.rows)
    const news = subject.rows.filter((row) => row.warn(this.#textsOf(row, subject, twins.get(row))) && row.warnings.length > 0)
    if (news.length > 0) this.#announce(news)
    const count = this.#warned().length
    for (const place of findAll(document, '[data-warned]')) {
      place.hidden = count === 0
      find(place, '[data-pattern]', HTMLElement).textContent = fill(find(place, '[data-pattern]', HTMLElement).dataset.pattern ?? '', {
        count,
      })
    }
  }

  #textsOf(row: FileRow, { offers }: Inspected, twin: FileRow | undefined): string[] {
    const { envelope, known } = row
    if (known === null) return []
    const texts = this.#findingsOf(row).map((finding) => textOf(document, `check_${finding}`, { extension: extensionOf(known.name) }))
    if (twin !== undefined) texts.push(textOf(document, 'check_same_file', { other: twin.known?.name ?? '' }))
    const reference = offers.has(envelope) ? this.#earlier(known) : null
    if (reference !== null) texts.push(textOf(document, 'check_sent_elsewhere', { reference }))
    return texts
  }

  #findingsOf(row: FileRow): readonly string[] {
    return this.#unchecked.has(row) ? ['not_done'] : (row.known?.findings ?? [])
  }

  #warned(): FileRow[] {
    return this.#subject().rows.filter((row) => row.warnings.length > 0)
  }

  #announce(rows: readonly FileRow[]): void {
    const said = rows.map(({ known, warnings }) => `${known?.name ?? ''} – ${warnings.join(' ')}`)
    find(document, '[data-warning-announcements]', HTMLElement).textContent = said.join('\n')
  }
}

/** Of each file that is there twice, the first one. */
function twinsOf(rows: readonly FileRow[]): ReadonlyMap<FileRow, FileRow> {
  const seen = new Map<string, FileRow>()
  const twins = new Map<FileRow, FileRow>()
  for (const row of rows.filter(({ size }) => size > 0)) {
    const twin = twinOf(row, seen)
    if (twin !== undefined) twins.set(row, twin)
    for (const key of keysOf(row)) if (!seen.has(key)) seen.set(key, row)
  }
  return twins
}

/** By digest; by name and size while one of the two digests is unknown. */
function twinOf(row: FileRow, seen: ReadonlyMap<string, FileRow>): FileRow | undefined {
  const [byName, byDigest] = keysOf(row).map((key) => seen.get(key))
  const isUnsure = byDigest === undefined && (row.known?.sha256 === null || byName?.known?.sha256 === null)
  return isUnsure ? byName : byDigest
}

function keysOf({ known, size }: FileRow): string[] {
  if (known === null) return []
  const byName = `${String(size)} ${foldName(known.name)}`
  return known.sha256 === null ? [byName] : [byName, known.sha256]
}

function toItem({ known, warnings }: FileRow): HTMLElement {
  const [item, name] = [document.createElement('li'), document.createElement('strong')]
  name.textContent = known?.name ?? ''
  item.append(name, ` – ${warnings.join(' ')}`)
  return item
}
