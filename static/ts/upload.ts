// SPDX-License-Identifier: EUPL-1.2
import { type DetailedError, Upload } from 'tus-js-client'

const FIRST_DELAYS = [0, 1000, 3000, 5000, 10_000, 20_000] // milliseconds, counted anew after each progress
const RETRY_DELAYS = [...FIRST_DELAYS, ...Array<number>(10_000).fill(30_000)] // three days of an absent line
const AWAY = new Set([0, 502, 503, 504]) // no answer, or that of what stands before a server that is away
const WORTH_RETRYING = new Set([408, 409, 423, 429, 500, 503])

const CODES: Readonly<Record<number, string>> = {
  0: 'network',
  401: 'signed_out',
  403: 'forbidden',
  404: 'upload_removed',
  410: 'upload_removed',
}

/** Why an upload stopped: the server's words where it gave some, else a `code` that the page explains. */
export interface Problem {
  readonly code: string
  readonly message?: string
  readonly remedy?: string
}

export interface UploadTarget {
  readonly endpoint: string
  readonly envelope: string
  readonly requestSize: number // bytes
  /** Where it was created, when it goes on. */
  readonly url: string | null
  csrfToken(): string
}

export interface UploadListener {
  created(url: string): void
  /** `bytes` sent; never goes backwards. */
  progressed(bytes: number): void
  /** Another attempt follows by itself. */
  retrying(problem: Problem): void
  received(): void
  stopped(problem: Problem): void
}

/** One file on its way, over tus 1.0. Its name is never sent. */
export class FileUpload {
  readonly #upload: Upload
  readonly #listener: UploadListener
  readonly #target: UploadTarget
  readonly #file: File
  #sent = 0
  #refusals = 0 // since it last went on, or nobody was there
  /** Pending while the server makes room: an upload whose address never came back would be nobody's. */
  #creation: Promise<void> | null = null
  #endCreation: () => void = () => undefined
  #isHalted = false

  constructor(file: File, target: UploadTarget, listener: UploadListener) {
    this.#file = file
    this.#listener = listener
    this.#target = target
    this.#upload = new Upload(file, {
      // Where it can create another, tus does so as soon as it is not told how far this one is.
      endpoint: target.url === null ? target.endpoint : null,
      uploadUrl: target.url,
      // The id stays the same when the creation is asked for again: the server makes one upload.
      metadata: { envelope: target.envelope, id: crypto.randomUUID() },
      chunkSize: target.requestSize,
      retryDelays: RETRY_DELAYS,
      storeFingerprintForResuming: false,
      // Signing in again, in another tab, changes the token.
      onBeforeRequest: (request) => {
        request.setHeader('X-CSRFToken', target.csrfToken())
      },
      onUploadUrlAvailable: () => {
        if (this.#upload.url !== null) listener.created(this.#upload.url)
        if (this.#isHalted) void this.#upload.abort()
        this.#endCreation()
      },
      onProgress: (sent) => {
        this.#progress(sent)
      },
      onChunkComplete: () => {
        this.#refusals = 0
      },
      onShouldRetry: (error) => this.#shouldRetry(error),
      onSuccess: () => {
        listener.received()
      },
      onError: (error) => {
        this.#endCreation()
        listener.stopped(problemOf(error))
      },
    })
  }

  /** Starts, or goes on from what the server has. */
  start(): void {
    this.#isHalted = false
    this.#refusals = 0
    if (this.#creation !== null) return
    if (this.#upload.url === null && this.#target.url === null) {
      this.#creation = new Promise((resolve) => {
        this.#endCreation = () => {
          this.#creation = null
          resolve()
        }
      })
    }
    this.#upload.start()
  }

  /** Done once nothing is sent any more; a creation under way is waited for, so that its address is known. */
  async pause(): Promise<void> {
    this.#isHalted = true
    await (this.#creation ?? this.#upload.abort())
  }

  /** Asks again at once, where it would only have later. */
  async retryNow(): Promise<void> {
    await this.#upload.abort()
    if (!this.#isHalted || this.#creation !== null) this.#upload.start()
  }

  /** The server keeps whole blocks only, so what was sent is partly sent again: not shown as a step back. */
  #progress(sent: number): void {
    this.#sent = Math.max(this.#sent, sent)
    this.#listener.progressed(this.#sent)
  }

  /** As long as it takes while nobody is there; a few times where the server says why not. */
  #shouldRetry(error: DetailedError): boolean {
    const [status, problem] = [statusOf(error), problemOf(error)]
    const isAway = problem.message === undefined && AWAY.has(status)
    this.#refusals = isAway ? 0 : this.#refusals + 1
    const isWorthIt = isAway || (this.#refusals <= FIRST_DELAYS.length && WORTH_RETRYING.has(status))
    if (isWorthIt) this.#listener.retrying(problem)
    if (status === 0) void this.#stopIfUnreadable()
    return isWorthIt
  }

  /** A file that was moved, or whose disk was pulled out, is for the browser a line that is lost. */
  async #stopIfUnreadable(): Promise<void> {
    try {
      await this.#file.slice(0, 1).arrayBuffer()
    } catch {
      await this.#upload.abort()
      this.#endCreation()
      this.#listener.stopped({ code: 'unreadable' })
    }
  }
}

/** Asks for room that the server refuses, so that the refusal is in the history of the deposit too. */
export async function tellTooLarge(endpoint: string, envelope: string, size: number, csrfToken: string): Promise<void> {
  const asked = { 'Upload-Length': String(size), 'Upload-Metadata': `envelope ${btoa(envelope)}` }
  const headers = { 'Tus-Resumable': '1.0.0', 'X-CSRFToken': csrfToken, ...asked }
  await fetch(endpoint, { method: 'POST', headers }).catch(() => null) // the page has said it anyway
}

/** Removes an upload from the server; one that is gone already is no problem. */
export async function removeUpload(url: string, csrfToken: string): Promise<Problem | null> {
  const headers = { 'Tus-Resumable': '1.0.0', 'X-CSRFToken': csrfToken }
  const response = await fetch(url, { method: 'DELETE', headers }).catch(() => null)
  if (response === null) return { code: 'network' }
  return response.ok || response.status === 404 ? null : parseProblem(await response.text(), response.status)
}

/** What a refusal of ours says, `{code, message, remedy}`; anything else is told by its status. */
export function parseProblem(body: string, status: number): Problem {
  try {
    const value = JSON.parse(body) as Partial<Problem>
    if (typeof value.code === 'string') return value as Problem
  } catch {
    // Not JSON: an error page.
  }
  return { code: CODES[status] ?? 'server_error' }
}

function statusOf(error: DetailedError): number {
  return error.originalResponse?.getStatus() ?? 0
}

function problemOf(error: Error | DetailedError): Problem {
  if (!('originalRequest' in error)) return { code: 'unreadable' }
  return parseProblem(error.originalResponse?.getBody() ?? '', statusOf(error))
}
