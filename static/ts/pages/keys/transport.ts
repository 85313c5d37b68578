// SPDX-License-Identifier: EUPL-1.2
// Asking the server: what it refuses, it says in sentences; what else can go wrong has a sentence of the page's.

/** The server refuses; it says why, and what to do. */
export class ServerRefusal extends Error {
  override readonly name = 'ServerRefusal'
  readonly code: string
  readonly remedy: string

  constructor({ code, message, remedy }: Refusal) {
    super(message)
    this.code = code
    this.remedy = remedy
  }
}

/** Something went wrong of which the page has a sentence, named by `code`. */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly code: string

  constructor(code: string, options?: ErrorOptions) {
    super(code, options)
    this.code = code
  }
}

interface Refusal {
  readonly code: string
  readonly message: string
  readonly remedy: string
}

/** The server's JSON answer to a POST. Nothing that must stay on this computer may be in `body`. */
export async function post(url: string, body: Readonly<Record<string, string | boolean>>, csrf: string): Promise<unknown> {
  const headers = { 'Content-Type': 'application/json', 'X-CSRFToken': csrf }
  const request = { method: 'POST', headers, body: JSON.stringify(body), redirect: 'manual' } as const
  const response = await fetch(url, request).catch((cause: unknown) => {
    throw new Failure('network', { cause })
  })
  if (response.type === 'opaqueredirect') throw new Failure('signed_out') // to the sign-in page
  const answer: unknown = await response.json().catch((cause: unknown) => {
    throw new Failure('server_error', { cause })
  })
  if (response.ok) return answer
  throw isRefusal(answer) ? new ServerRefusal(answer) : new Failure('server_error')
}

function isRefusal(answer: unknown): answer is Refusal {
  return typeof answer === 'object' && answer !== null && 'code' in answer && 'message' in answer && 'remedy' in answer
}
