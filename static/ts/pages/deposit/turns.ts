// SPDX-License-Identifier: EUPL-1.2
// Which files go next. A large one holds a thread of the server for hours on a slow line: two at once, no more.
// One place is left to small ones, for which the way to the server and back counts more than the line.

const AT_ONCE = 3
const LARGE_AT_ONCE = 2

interface Turn {
  readonly isBusy: boolean
  readonly isWaiting: boolean
  readonly size: number
}

/** Those to start now, in their order; a file is large beyond one request, of `requestSize` bytes. */
export function nextTurns<Row extends Turn>(rows: readonly Row[], requestSize: number): Row[] {
  const busy = rows.filter(({ isBusy }) => isBusy)
  let free = AT_ONCE - busy.length
  let freeForLarge = LARGE_AT_ONCE - busy.filter(({ size }) => size > requestSize).length
  const next: Row[] = []
  for (const row of rows) {
    if (free <= 0) break
    if (!row.isWaiting || (row.size > requestSize && freeForLarge <= 0)) continue
    free--
    if (row.size > requestSize) freeForLarge--
    next.push(row)
  }
  return next
}
