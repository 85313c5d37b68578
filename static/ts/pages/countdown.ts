// SPDX-License-Identifier: EUPL-1.2
// The time left before a deadline, by the server's clock: that of the computer may be wrong.
import { formatDuration } from '../units'

/** Milliseconds since the server wrote the page; the computer's clock is not read. */
function age(): number {
  const [navigation] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[]
  return performance.now() - (navigation?.responseStart ?? 0)
}

function tick(box: HTMLElement, left: HTMLElement): void {
  const { now = '', closesAt = '' } = box.dataset
  const seconds = (Date.parse(closesAt) - Date.parse(now) - age()) / 1000
  box.querySelector('[data-countdown-before]')?.toggleAttribute('hidden', seconds <= 0)
  box.querySelector('[data-countdown-after]')?.toggleAttribute('hidden', seconds > 0)
  box.classList.toggle('is-near', seconds > 0 && seconds < 3600)
  box.classList.toggle('is-late', seconds <= 0)
  left.textContent = formatDuration(seconds, document.documentElement.lang)
}

for (const box of document.querySelectorAll<HTMLElement>('[data-countdown]')) {
  const left = box.querySelector<HTMLElement>('[data-countdown-left]')
  if (left === null) continue
  tick(box, left)
  setInterval(() => {
    tick(box, left)
  }, 1000)
}
