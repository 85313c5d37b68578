// SPDX-License-Identifier: EUPL-1.2
// Asking the server: what it refuses, it says in whole sentences; what else can go wrong has a code of ours.

/** The server refused, and said why and what to do. */
export class Refused extends Error {
  override readonly name = 'Refused'
}

/** No answer, or not one of our server; `code` names the sentence to show. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer'
  readonly code: 'no_answer' | 'signed_out'

  constructor(code: NoAnswer['code'], options?: ErrorOptions) {
    super(code, options)
    this.code = code
  }
}

export async function getJson(url: string): Promise<unknown> {
  return await ask(url, { headers: { Accept: 'application/json' } })
}

export async function postJson(url: string, body: unknown, csrfToken: string): Promise<unknown> {
  const headers = { Accept: 'application/json', 'Content-Type': 'application/json', 'X-CSRFToken': csrfToken }
  return await ask(url, { method: 'POST', headers, body: JSON.stringify(body) })
}

async function ask(url: string, request: RequestInit): Promise<unknown> {
  const response = await fetch(url, { ...request, credentials: 'same-origin', redirect: 'manual' }).catch((cause: unknown) => {
    throw new NoAnswer('no_answer', { cause })
  })
  // The sign-in page is somewhere else; a right that was withdrawn has a page of its own.
  if (response.type === 'opaqueredirect' || response.status === 403) throw new NoAnswer('signed_out')
  const answer: unknown = await response.json().catch((cause: unknown) => {
    throw new NoAnswer('no_answer', { cause })
  })
  if (!response.ok) throw isRefusal(answer) ? new Refused(`${answer.message} ${answer.remedy}`.trim()) : new NoAnswer('no_answer')
  return answer
}

function isRefusal(answer: unknown): answer is { message: string; remedy: string } {
  return typeof answer === 'object' && answer !== null && 'message' in answer && 'remedy' in answer
}
