// SPDX-License-Identifier: EUPL-1.2
// The time left, by the server's clock: that of the computer may be wrong, and is only asked how much time has passed.

const loaded = { clock: Date.now(), tick: performance.now() } // `timeOrigin` may be that of the browser's own start

/** Seconds before the deadline of a `_countdown.html`; negative once it has passed. */
export function secondsLeft(box: HTMLElement): number {
  const { now = '', closesAt = '' } = box.dataset
  return (Date.parse(closesAt) - Date.parse(now) - age()) / 1000
}

/** Milliseconds since the server wrote the page; `performance` does not count those during which the computer slept. */
function age(): number {
  const [navigation] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[]
  const passed = Math.max(performance.now() - loaded.tick, Date.now() - loaded.clock)
  return loaded.tick - (navigation?.responseStart ?? 0) + passed
}
