// SPDX-License-Identifier: EUPL-1.2
import type { Bytes } from '../../bytes'

/** Makes a link the way to save a key file. */
export function offerFile(link: HTMLAnchorElement, file: Bytes, name: string): void {
  link.href = URL.createObjectURL(new Blob([file], { type: 'application/x-pkcs12' }))
  link.download = `${fileName(name)}.p12`
  link.hidden = false
}

/** A name that every file system takes. */
function fileName(name: string): string {
  return name.replace(/[^\p{L}\p{N} ._-]/gu, '_').replace(/^[. ]+|[. ]+$/g, '') || 'key'
}
