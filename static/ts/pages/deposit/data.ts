// SPDX-License-Identifier: EUPL-1.2
import { find } from '../page/elements'
import { cookie } from '../page/server'

export interface PageEnvelope {
  readonly id: string
  readonly kind: string
  readonly lot: number | null
}

/** A file as the server knows it: without a name. */
export interface PageUpload {
  readonly id: string
  readonly url: string
  readonly envelope: string
  readonly size: number
  readonly received: number
  readonly isComplete: boolean
}

/** What `envelopes/views/deposits.py` gives to this page. */
export interface PageData {
  readonly deposit: string
  readonly uploadsUrl: string
  readonly submitUrl: string
  readonly workerUrl: string
  readonly checksUrl: string
  readonly consultation: { readonly id: string; readonly reference: string }
  /** What this deposit is to the earlier one, as the page shows it. */
  readonly follows: { readonly deposit: string; readonly relation: string } | null
  readonly csrfCookie: string
  readonly largestFile: number
  readonly largestDeposit: number
  readonly mostFiles: number
  readonly requestSize: number
  readonly envelopes: readonly PageEnvelope[]
  readonly uploads: readonly PageUpload[]
}

export function readData(): PageData {
  return JSON.parse(find(document, '#page-data', HTMLElement).textContent) as PageData
}

export function csrfToken(data: PageData): string {
  return cookie(data.csrfCookie)
}

/** The id of an upload, which ends its address. */
export function uploadId(url: string): string {
  return /([0-9a-f-]{36})\/$/.exec(url)?.[1] ?? ''
}
