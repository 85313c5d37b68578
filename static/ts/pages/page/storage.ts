// SPDX-License-Identifier: EUPL-1.2

/** Keeps what only helps: a browser that is full, or keeps nothing, goes without. */
export function keepIfPossible(key: string, value: string): void {
  try {
    localStorage.setItem(key, value)
  } catch {
    // QuotaExceededError, SecurityError
  }
}
