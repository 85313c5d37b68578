// SPDX-License-Identifier: EUPL-1.2
// The files of this computer against those of a submitted bid: nothing of it leaves the browser.
import { type AnnexFile, filesOfAnnex } from '../annex'
import { encodeUtf8 } from '../bytes'
import { Digester } from '../digest'
import { formatSize } from '../units'
import { type Checked, Verification } from '../verification'
import { WorkerLost } from '../worker'
import { formerAnnex, keptAnnex } from './deposit/annexes'
import { bindDropzone, ignoreDropsElsewhere } from './deposit/dropzone'
import { alertWith, clone, fill, find, findAll, inWords, show, textOf } from './page/elements'

const LARGEST_ANNEX = 16 * 1024 * 1024 // bytes: 5,000 files have 2 MiB
const page = find(document, '[data-verify]', HTMLElement)
const progress = find(page, '[data-progress]', HTMLElement)
const language = document.documentElement.lang

class Desk {
  readonly #verification: Verification
  readonly #digester = new Digester(page.dataset.workerUrl ?? '')
  readonly #rows: readonly HTMLElement[]
  readonly #notCompared: (readonly [template: 'uncomputed' | 'unreadable', name: string])[] = []
  #last = Promise.resolve()
  #left = 0

  constructor(files: readonly AnnexFile[]) {
    this.#verification = new Verification(files)
    this.#rows = this.#verification.entries.map(rowOf)
    find(page, '[data-files]', HTMLElement).replaceChildren(...this.#rows)
    bindDropzone(find(page, '[data-local]', HTMLElement), (chosen) => {
      this.#take(chosen)
    })
    this.#show()
  }

  /** One after the other, in the order in which they were chosen. */
  #take(files: readonly File[]): void {
    this.#left += files.length
    for (const file of files) this.#last = this.#last.then(() => this.#check(file))
  }

  async #check(file: File): Promise<void> {
    this.#showProgress(file, 0)
    try {
      const isNeeded = this.#verification.mayBeOfTheBid(file)
      const digest = (): Promise<string> =>
        this.#digester.digest(file, (done) => {
          this.#showProgress(file, done)
        })
      this.#verification.record(file, isNeeded ? await digest() : null)
    } catch (error) {
      this.#notCompared.push([error instanceof WorkerLost ? 'uncomputed' : 'unreadable', file.name])
    }
    this.#left--
    this.#show()
  }

  #showProgress({ name, size }: File, done: number): void {
    progress.hidden = false
    find(progress, '[data-current]', HTMLElement).textContent = name
    find(progress, 'progress', HTMLProgressElement).value = size === 0 ? 0 : done / size
    const place = find(progress, '[data-left]', HTMLElement)
    place.textContent = fill(place.dataset.pattern ?? '', { count: this.#left })
  }

  #show(): void {
    for (const [rank, { verdict }] of this.#verification.entries.entries()) {
      const row = this.#rows[rank]
      if (row === undefined) continue
      row.dataset.verdict = verdict
      for (const place of findAll(row, '[data-when]')) place.hidden = place.dataset.when !== verdict
    }
    progress.hidden = this.#left > 0 ? progress.hidden : true
    this.#showOthers()
    this.#conclude()
  }

  #showOthers(): void {
    const others = [...[...this.#verification.foreign].map((name) => ['foreign', name] as const), ...this.#notCompared]
    show(page, '[data-others]', others.length > 0)
    find(page, '[data-others] tbody', HTMLElement).replaceChildren(
      ...others.map(([kind, name]) => {
        const row = clone(page, kind)
        find(row, '[data-name]', HTMLElement).textContent = name
        return row
      }),
    )
  }

  #conclude(): void {
    const counts = {
      identical: this.#verification.count('identical'),
      different: this.#verification.count('different'),
      unchecked: this.#verification.count('unchecked'),
      foreign: this.#verification.foreign.size,
    }
    const place = find(page, '[data-conclusion]', HTMLElement)
    const pattern = place.dataset.pattern ?? ''
    place.textContent = this.#left === 0 ? fill(pattern, counts) : place.textContent
    show(page, '[data-complete]', this.#verification.isComplete)
    show(page, '[data-compared]', counts.unchecked < this.#rows.length || counts.foreign > 0)
    find(page, '[data-checked-at]', HTMLElement).textContent = inWords(new Date())
  }
}

function rowOf({ file }: Checked): HTMLElement {
  const row = clone(page, 'entry')
  find(row, '[data-name]', HTMLElement).textContent = file.name
  find(row, '[data-size]', HTMLElement).textContent = formatSize(file.size, language)
  show(row, `[data-kind="${CSS.escape(file.kind)}"]`, true)
  show(row, '[data-lot-place]', file.lot !== null)
  find(row, '[data-lot]', HTMLElement).textContent = String(file.lot)
  return row
}

/** Whether the annex is that of the receipt; the files are then awaited. */
async function begin(annex: Blob, origin: 'browser' | 'file'): Promise<boolean> {
  if (annex.size > LARGEST_ANNEX) return false
  const files = await filesOfAnnex(new Uint8Array(await annex.arrayBuffer()), page.dataset.sha256 ?? '')
  if (files === null) return false
  new Desk(files)
  for (const place of findAll(page, '[data-annex-from]')) place.hidden = place.dataset.annexFrom !== origin
  show(page, '[data-wants-annex]', false)
  show(page, '[data-comparison]', true)
  return true
}

async function takeAnnex([file]: readonly File[]): Promise<void> {
  const alert = find(page, '[data-annex-refused]', HTMLElement)
  alertWith(alert, undefined)
  if (file === undefined) return
  const isThisOne = await begin(file, 'file').catch(() => false)
  if (isThisOne) find(page, '[data-local] input', HTMLElement).focus()
  else alertWith(alert, textOf(page, 'not_this_annex', { name: file.name }))
}

ignoreDropsElsewhere()
const { deposit = '', sha256 = '' } = page.dataset
const kept = keptAnnex(deposit, sha256) ?? formerAnnex(deposit)
const isKept = kept !== null && (await begin(new Blob([encodeUtf8(kept)]), 'browser'))
show(page, '[data-wants-annex]', !isKept)
bindDropzone(find(page, '[data-wants-annex]', HTMLElement), (files) => void takeAnnex(files))
find(page, '[data-print]', HTMLElement).addEventListener('click', () => {
  print()
})
