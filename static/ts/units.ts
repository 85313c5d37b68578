// SPDX-License-Identifier: EUPL-1.2
// Sizes, rates and durations in the words of the page's language: no text of ours.

const SIZES = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const
const SECONDS = { day: 86_400, hour: 3600, minute: 60, second: 1 } as const
const UNITS = ['day', 'hour', 'minute', 'second'] as const

/** `1500` → « 1,5 ko ». */
export function formatSize(bytes: number, language: string): string {
  const isShort = bytes >= 1000 // in English, the short plural of a byte is « 0 byte »
  return formatQuantity(bytes, language, '', isShort ? 'short' : 'long')
}

/** Bytes a second. */
export function formatRate(rate: number, language: string): string {
  return formatQuantity(rate, language, '-per-second', 'short')
}

/** The two largest units of a duration, in `seconds`: « 3 heures 12 minutes ». */
export function formatDuration(seconds: number, language: string): string {
  const whole = Math.max(0, Math.floor(seconds))
  const found = UNITS.findIndex((unit) => whole >= SECONDS[unit])
  const first = found < 0 ? UNITS.length - 1 : found
  return UNITS.slice(first, first + 2)
    .map((unit, rank) => {
      const rest = rank === 0 ? whole : whole % SECONDS[UNITS[first] ?? 'second']
      return formatUnit(Math.floor(rest / SECONDS[unit]), language, unit, 'long')
    })
    .join(' ')
}

function formatQuantity(bytes: number, language: string, suffix: string, unitDisplay: 'long' | 'short'): string {
  const rank = Math.min(SIZES.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3))
  return formatUnit(bytes / 1000 ** rank, language, `${SIZES[rank] ?? 'byte'}${suffix}`, unitDisplay)
}

function formatUnit(value: number, language: string, unit: string, unitDisplay: 'long' | 'short'): string {
  const maximumFractionDigits = value < 10 ? 1 : 0
  return new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay, maximumFractionDigits }).format(value)
}
