// SPDX-License-Identifier: EUPL-1.2
// How long a bid would take to be sent on this line, before it is begun.
import { measureLine } from '../line'
import { formatDuration, formatRate, formatSize } from '../units'
import { type KnownLine, knownLine, rememberLine } from './deposit/line'
import { secondsLeft } from './page/clock'
import { alertWith, clone, find, findAll, inWords, show } from './page/elements'
import { explain } from './page/errors'
import { cookie, postBytes } from './page/server'

const SIZES = [100e6, 1e9, 10e9] // bytes

const panel = find(document, '[data-line]', HTMLElement)
const button = find(panel, '[data-measure]', HTMLButtonElement)
const amount = find(panel, '[data-amount]', HTMLInputElement)
const unit = find(panel, '[data-unit]', HTMLSelectElement)
const language = document.documentElement.lang
const countdown = find(document, '[data-countdown]', HTMLElement)
let line = knownLine()

async function measure(): Promise<void> {
  const { csrfCookie = '', largest = '', url = '' } = panel.dataset
  button.disabled = true
  show(panel, '[data-measuring]', true)
  alertWith(find(panel, '[data-failed]', HTMLElement), undefined)
  try {
    const rate = await measureLine(
      (piece, signal) => postBytes(url, piece, cookie(csrfCookie), signal),
      Number(largest),
      () => performance.now(),
    )
    line = rememberLine(rate, 'measure')
    showLine(line)
  } catch (error) {
    alertWith(find(panel, '[data-failed]', HTMLElement), explain(panel, error))
  } finally {
    button.disabled = false
    show(panel, '[data-measuring]', false)
  }
}

function showLine({ at, origin, rate }: KnownLine): void {
  find(panel, '[data-rate]', HTMLElement).textContent = formatRate(rate, language)
  find(panel, '[data-at]', HTMLElement).textContent = inWords(new Date(at))
  for (const place of findAll(panel, '[data-origin]')) place.hidden = place.dataset.origin !== origin
  find(panel, 'tbody', HTMLElement).replaceChildren(...SIZES.map((size) => rowOf(size, rate)))
  show(panel, '[data-known]', true)
  showTyped()
}

function rowOf(size: number, rate: number): HTMLElement {
  const row = clone(panel, 'estimate')
  find(row, '[data-size]', HTMLElement).textContent = formatSize(size, language)
  find(row, '[data-duration]', HTMLElement).textContent = formatDuration(size / rate, language)
  show(row, '[data-late]', isLate(size / rate))
  return row
}

/** Once the deadline has passed, the countdown says it, and nothing is late any more than the rest. */
function isLate(duration: number): boolean {
  const left = secondsLeft(countdown)
  return left > 0 && duration > left
}

function showTyped(): void {
  const size = amount.valueAsNumber * Number(unit.value)
  const isAsked = line !== null && size > 0
  const duration = isAsked ? size / (line?.rate ?? 1) : 0
  find(panel, '[data-typed]', HTMLElement).textContent = isAsked ? formatDuration(duration, language) : ''
  show(panel, '[data-typed-late]', isAsked && isLate(duration))
}

button.addEventListener('click', () => void measure())
amount.addEventListener('input', showTyped)
unit.addEventListener('change', showTyped)
panel.hidden = false
if (line !== null) showLine(line)
