// SPDX-License-Identifier: EUPL-1.2
// « Utilisation d'un bi-clé existant », from its key file: read on this computer, its certificate alone is sent.
import { find, say, show } from '../page/elements'
import type { Desk, Path } from './desk'
import { FoundKeys } from './found'
import { ReExport } from './re-export'

export class ExistingFile implements Path {
  readonly #desk: Desk
  readonly #found: FoundKeys
  readonly #reExport: ReExport

  constructor(desk: Desk) {
    this.#desk = desk
    this.#found = new FoundKeys(desk.hook('found'))
    this.#reExport = new ReExport(desk.hook('re-export'), desk.keyFile, () => {
      this.#show(false)
    })
    this.#found.onChoice(() => {
      this.#suggestName()
    })
    desk.keyFile.onChange(() => {
      this.reset()
    })
  }

  submitRequest(): void {
    this.#desk.keyFile.focus()
  }

  /** First reads the file, then registers what was found in it. */
  async submitFile(status: HTMLElement): Promise<void> {
    const pair = this.#found.chosen
    if (pair === undefined) await this.#read(status)
    else {
      await this.#desk.register(pair, status)
      this.reset()
    }
  }

  reset(): void {
    this.#show(false)
    this.#reExport.clear()
  }

  async #read(status: HTMLElement): Promise<void> {
    say(status, 'opening')
    const { pairs, isLegacy } = await this.#desk.keyFile.readAll()
    this.#found.show(pairs)
    this.#suggestName()
    this.#show(true)
    say(status, pairs.length === 1 ? 'read_one' : 'read_several')
    if (isLegacy) this.#reExport.offer(() => this.#found.chosen)
  }

  #suggestName(): void {
    this.#desk.identity.suggest(this.#found.chosen?.certificate.commonName ?? '')
  }

  #show(isRead: boolean): void {
    if (!isRead) this.#found.clear()
    show(this.#desk.root, '[data-label=read]', !isRead)
    show(this.#desk.root, '[data-label=register]', isRead)
    find(this.#desk.root, '[data-reopen-status]', HTMLElement).replaceChildren()
  }
}
