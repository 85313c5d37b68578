// SPDX-License-Identifier: EUPL-1.2
// What this browser keeps for the site. It may be full, or forbidden by its settings: nothing here throws.

/** Keeps what the site goes on without; whether it is kept. */
export function keepIfPossible(key: string, value: string): boolean {
  return failureOfKeeping(key, value) === null
}

/** The same; where there is no room, removes these keys one after the other until there is. */
export function keepInsteadOf(removable: () => readonly string[], key: string, value: string): boolean {
  const failure = failureOfKeeping(key, value)
  if (failure !== 'full') return failure === null
  return removable().some((finished) => {
    drop(finished)
    return keepIfPossible(key, value)
  })
}

/** Null where nothing is kept, or nothing can be read. */
export function kept(key: string): string | null {
  try {
    return localStorage.getItem(key)
  } catch {
    return null // SecurityError
  }
}

/** The value kept as JSON, of which the caller knows the shape: our own pages wrote it. */
export function keptJson(key: string): unknown {
  try {
    return JSON.parse(kept(key) ?? 'null')
  } catch {
    return null
  }
}

export function drop(key: string): void {
  try {
    localStorage.removeItem(key)
  } catch {
    // SecurityError
  }
}

export function keptKeys(prefix: string): string[] {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(prefix))
  } catch {
    return []
  }
}

const FULL = ['QuotaExceededError', 'NS_ERROR_DOM_QUOTA_REACHED'] // the second is Firefox's

function failureOfKeeping(key: string, value: string): 'forbidden' | 'full' | null {
  try {
    localStorage.setItem(key, value)
    return null
  } catch (error) {
    return error instanceof DOMException && FULL.includes(error.name) ? 'full' : 'forbidden'
  }
}
