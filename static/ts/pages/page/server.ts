// SPDX-License-Identifier: EUPL-1.2
// Asking the server for JSON. It raises `Refused`, or one of these failures:
// `network`       no answer came
// `signed_out`    the server sends elsewhere: to the sign-in page
// `forbidden`     a right was withdrawn, or the page is too old
// `server_error`  the answer is not one of our server's rules
import type { Bytes } from '../../bytes'
import { Failure, type Refusal, Refused } from './errors'

export async function getJson(url: string): Promise<unknown> {
  return await ask(url, { headers: { Accept: 'application/json' } })
}

/** Bytes, whole. */
export async function getBytes(url: string, signal: AbortSignal): Promise<Bytes> {
  try {
    const response = await fetch(url, { signal, redirect: 'manual' })
    if (response.ok) return new Uint8Array(await response.arrayBuffer())
    return await refused(response)
  } catch (cause) {
    throw cause instanceof TypeError ? new Failure('network', { cause }) : cause
  }
}

/** Nothing that must stay on this computer may be in `body`. */
export async function postJson(url: string, body: object, csrfToken: string): Promise<unknown> {
  const headers = { Accept: 'application/json', 'Content-Type': 'application/json', 'X-CSRFToken': csrfToken }
  return await ask(url, { method: 'POST', headers, body: JSON.stringify(body) })
}

/** Sends bytes that the server throws away; beyond the failures of all, `too_slow` once the signal is given. */
export async function postBytes(url: string, body: Bytes, csrfToken: string, signal: AbortSignal): Promise<void> {
  const headers = { 'Content-Type': 'application/octet-stream', 'X-CSRFToken': csrfToken }
  const response = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'manual' }).catch((cause: unknown) => {
    throw new Failure(signal.aborted ? 'too_slow' : 'network', { cause })
  })
  if (response.ok) return
  throw new Failure(response.status === 401 ? 'signed_out' : response.status === 403 ? 'forbidden' : 'server_error')
}

/** Empty where there is none; read at each request, as signing in again, in another tab, changes the token. */
export function cookie(name: string): string {
  const cookies = document.cookie.split('; ').map((pair) => pair.split('='))
  return cookies.find(([key]) => key === name)?.[1] ?? ''
}

async function ask(url: string, request: RequestInit): Promise<unknown> {
  const response = await fetch(url, { ...request, redirect: 'manual' }).catch((cause: unknown) => {
    throw new Failure('network', { cause })
  })
  return response.ok ? await contentOf(response) : await refused(response)
}

async function contentOf(response: Response): Promise<unknown> {
  return await response.json().catch((cause: unknown) => {
    throw new Failure(response.status === 403 ? 'forbidden' : 'server_error', { cause })
  })
}

async function refused(response: Response): Promise<never> {
  if (response.type === 'opaqueredirect') throw new Failure('signed_out')
  const answer = await contentOf(response)
  throw isRefusal(answer) ? new Refused(answer) : new Failure('server_error')
}

function isRefusal(answer: unknown): answer is Refusal {
  return typeof answer === 'object' && answer !== null && 'code' in answer && 'message' in answer && 'remedy' in answer
}
