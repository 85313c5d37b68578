// SPDX-License-Identifier: EUPL-1.2
// One envelope of the page: files are dropped on it, or chosen with its button.
import { acceptDrops, find } from '../page/elements'

export function bindDropzone(zone: HTMLElement, add: (files: readonly File[]) => void): void {
  const input = find(zone, 'input[type="file"]', HTMLInputElement)
  input.addEventListener('change', () => {
    add([...(input.files ?? [])])
    input.value = '' // so that the same file can be chosen again
  })
  acceptDrops(zone, (files) => {
    add([...files])
  })
}

/** A file dropped beside a zone would replace the page, and stop the uploads. */
export function ignoreDropsElsewhere(): void {
  for (const name of ['dragover', 'drop'] as const) {
    window.addEventListener(name, (event) => {
      event.preventDefault()
    })
  }
}

const FORBIDDEN = /[/\\\p{Cc}]/u // docs/envelope-format.md § 6
const LONGEST_NAME = 255 // bytes of UTF-8

export function isNameAllowed(name: string): boolean {
  const size = new TextEncoder().encode(name).length
  return size >= 1 && size <= LONGEST_NAME && name.isWellFormed() && !FORBIDDEN.test(name) && name !== '.' && name !== '..'
}

/** What two names of an envelope may not share; the server folds a little more. */
export function foldName(name: string): string {
  return name.normalize('NFC').toLowerCase().normalize('NFC')
}
