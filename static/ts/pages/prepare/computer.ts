// SPDX-License-Identifier: EUPL-1.2
// What this browser, on this computer, is found to do: a verdict for each check, and what the page says of it.
import { measureSpeed, useAlgorithms } from '../../keys/readiness'
import { formatDuration, formatRate, formatSize } from '../../units'

const SLOW = 20 * 1024 * 1024 // bytes a second: a gigabyte takes a minute
const LITTLE_SPACE = 4 * 1024 ** 3 // bytes
const GIBIBYTE = 1024 ** 3 // bytes

export type Verdict = 'ok' | 'warning' | 'failed'

/** `name` is that of the page's sentence, whose blanks are `slots`. */
export interface Finding {
  readonly verdict: Verdict
  readonly name: string
  readonly slots?: Readonly<Record<string, string>>
}

/** Without a secure connection, browsers give no page what the checks look for. */
export const NOT_SECURE: Finding = { verdict: 'failed', name: 'not_secure' }

export async function checkCryptography(): Promise<Finding> {
  try {
    await useAlgorithms()
    return { verdict: 'ok', name: 'cryptography_ok' }
  } catch {
    return { verdict: 'failed', name: 'cryptography_failed' }
  }
}

/** Large files go straight to the disk, or at least to the browser's own; else they fill the memory. */
export async function checkFiles(): Promise<Finding> {
  if ('showSaveFilePicker' in window) return { verdict: 'ok', name: 'files_direct' }
  try {
    const folder = await navigator.storage.getDirectory()
    await folder.getFileHandle('check', { create: true })
    await folder.removeEntry('check')
    return { verdict: 'ok', name: 'files_private' }
  } catch {
    return { verdict: 'warning', name: 'files_none' }
  }
}

export async function checkPersistence(): Promise<Finding> {
  const isPersistent = (await navigator.storage.persisted()) || (await navigator.storage.persist())
  return isPersistent ? { verdict: 'ok', name: 'persistence_ok' } : { verdict: 'warning', name: 'persistence_none' }
}

/** With the bytes that are decrypted in a second. */
export async function checkSpeed(language: string): Promise<Finding & { readonly rate: number }> {
  const rate = await measureSpeed(() => performance.now())
  const slots = { rate: formatRate(rate, language), duration: formatDuration(Math.ceil(GIBIBYTE / rate), language) }
  return rate < SLOW ? { verdict: 'warning', name: 'speed_slow', slots, rate } : { verdict: 'ok', name: 'speed_ok', slots, rate }
}

export async function checkSpace(language: string): Promise<Finding> {
  const { quota, usage } = await navigator.storage.estimate()
  if (quota === undefined || usage === undefined) return { verdict: 'warning', name: 'space_unknown' }
  const slots = { size: formatSize(quota - usage, language) }
  return quota - usage < LITTLE_SPACE ? { verdict: 'warning', name: 'space_little', slots } : { verdict: 'ok', name: 'space_ok', slots }
}

/** The browser, as its makers call it, with its main version; nothing else of the computer. */
export function browserOf(userAgent: string): string {
  const known = [/(Edg)\/(\d+)/, /(OPR)\/(\d+)/, /(Firefox)\/(\d+)/, /(Chrome)\/(\d+)/, /(Version)\/(\d+).*Safari/]
  const names: Readonly<Record<string, string>> = { Edg: 'Edge', OPR: 'Opera', Version: 'Safari' }
  for (const pattern of known) {
    const [, name = '', version = ''] = pattern.exec(userAgent) ?? []
    if (name !== '') return `${names[name] ?? name} ${version}`
  }
  return '?'
}
