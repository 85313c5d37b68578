// SPDX-License-Identifier: EUPL-1.2
// What this browser knows of its line to the site.
import { keepIfPossible, keptJson } from '../page/storage'

export interface KnownLine {
  readonly rate: number // bytes a second
  readonly at: number // milliseconds since 1970, by this computer
  readonly origin: 'measure' | 'upload'
}

const KEY = 'sigille-line'

export function knownLine(): KnownLine | null {
  return keptJson(KEY) as KnownLine | null
}

export function rememberLine(rate: number, origin: KnownLine['origin']): KnownLine {
  const line = { rate, at: Date.now(), origin }
  keepIfPossible(KEY, JSON.stringify(line))
  return line
}
