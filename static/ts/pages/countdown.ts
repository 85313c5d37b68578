// SPDX-License-Identifier: EUPL-1.2
// The time left before a deadline.
import { formatDuration } from '../units'
import { secondsLeft } from './page/clock'
import { find, findAll, show } from './page/elements'

function tick(box: HTMLElement): void {
  const seconds = secondsLeft(box)
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
