// SPDX-License-Identifier: EUPL-1.2

const WINDOW = 8000 // milliseconds

/** Bytes a second over the last seconds, from the total sent at each instant. */
export class Rate {
  #samples: { at: number; total: number }[] = []

  add(total: number, at: number): void {
    const last = this.#samples.at(-1)
    if (last !== undefined && total < last.total) this.#samples = [] // a file was removed
    this.#samples.push({ at, total })
    this.#samples = this.#samples.filter((sample) => at - sample.at <= WINDOW)
  }

  /** Whether it was seen for long enough to tell of the line. */
  get isSettled(): boolean {
    return (this.#samples.at(-1)?.at ?? 0) - (this.#samples[0]?.at ?? 0) >= WINDOW - 1000
  }

  get current(): number {
    const [first] = this.#samples
    const last = this.#samples.at(-1)
    if (first === undefined || last === undefined || last.at - first.at < 500) return 0
    return ((last.total - first.total) * 1000) / (last.at - first.at)
  }
}
