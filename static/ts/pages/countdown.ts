// SPDX-License-Identifier: EUPL-1.2
// The time left before a deadline, by the server's clock: that of the computer may be wrong.
import { formatDuration } from '../units'
import { find, findAll, show } from './page/elements'

/** Milliseconds since the server wrote the page; the computer's clock is not read. */
function age(): number {
  const [navigation] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[]
  return performance.now() - (navigation?.responseStart ?? 0)
}

function tick(box: HTMLElement): void {
  const { now = '', closesAt = '' } = box.dataset
  const seconds = (Date.parse(closesAt) - Date.parse(now) - age()) / 1000
  show(box, '[data-countdown-before]', seconds > 0)
  show(box, '[data-countdown-after]', seconds <= 0)
  box.classList.toggle('is-near', seconds > 0 && seconds < 3600)
  box.classList.toggle('is-late', seconds <= 0)
  find(box, '[data-countdown-left]', HTMLElement).textContent = formatDuration(seconds, document.documentElement.lang)
}

for (const box of findAll(document, '[data-countdown]')) {
  tick(box)
  setInterval(() => {
    tick(box)
  }, 1000)
}
