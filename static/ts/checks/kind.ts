// SPDX-License-Identifier: EUPL-1.2
// What a file is by its first bytes, and what its name says that it is.
import { asText, hasAt } from './piece'

export type Kind = '7z' | 'gif' | 'gzip' | 'jpeg' | 'ole' | 'pdf' | 'png' | 'rar' | 'rtf' | 'tiff' | 'zip'

const PDF_HEADER_WITHIN = 1024 // bytes: as far as readers look for it
const SIGNATURES: readonly (readonly [Kind, readonly number[]])[] = [
  ['zip', [0x50, 0x4b, 3, 4]],
  ['zip', [0x50, 0x4b, 5, 6]], // without any entry
  ['zip', [0x50, 0x4b, 7, 8]], // the first of several parts
  ['zip', [0x50, 0x4b, 0x30, 0x30]], // cut in parts, of which there was one
  ['pdf', [0x25, 0x50, 0x44, 0x46, 0x2d]],
  ['ole', [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]],
  ['7z', [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]],
  ['rar', [0x52, 0x61, 0x72, 0x21, 0x1a, 7]],
  ['gzip', [0x1f, 0x8b]],
  ['gif', [0x47, 0x49, 0x46, 0x38]],
  ['jpeg', [0xff, 0xd8, 0xff]],
  ['png', [0x89, 0x50, 0x4e, 0x47]],
  ['rtf', [0x7b, 0x5c, 0x72, 0x74, 0x66]],
  ['tiff', [0x49, 0x49, 0x2a, 0]],
  ['tiff', [0x4d, 0x4d, 0, 0x2a]],
  ['tiff', [0x49, 0x49, 0x2b, 0]],
  ['tiff', [0x4d, 0x4d, 0, 0x2b]],
]
/** A document protected by a password is no ZIP any more. */
const OOXML = ['docm', 'docx', 'dotm', 'dotx', 'potx', 'ppsx', 'pptm', 'pptx', 'xlsm', 'xlsx', 'xltm', 'xltx']
const ODF = ['odg', 'odp', 'ods', 'odt']
const EXPECTED: ReadonlyMap<string, readonly Kind[]> = new Map<string, readonly Kind[]>([
  ...OOXML.map((extension) => [extension, ['zip', 'ole']] as const),
  ...[...ODF, 'asice', 'asics', 'zip'].map((extension) => [extension, ['zip']] as const),
  ['7z', ['7z']],
  ['gif', ['gif']],
  ['jpeg', ['jpeg']],
  ['jpg', ['jpeg']],
  ['pdf', ['pdf']],
  ['png', ['png']],
  ['rar', ['rar']],
  ['tif', ['tiff']],
  ['tiff', ['tiff']],
])
/** Many programs write HTML, XML or plain text under these names, and Office opens it: only another known kind is wrong. */
const TOLERANT: ReadonlyMap<string, readonly Kind[]> = new Map<string, readonly Kind[]>([
  ['doc', ['ole', 'rtf']],
  ['ppt', ['ole']],
  ['xls', ['ole']],
])

/** `start` is the first KiB of the file. */
export function kindOf(start: Uint8Array, name: string): Kind | null {
  const known = SIGNATURES.find(([, signature]) => hasAt(start, 0, signature))
  if (known !== undefined) return known[0]
  // A few programs write something before: only where the name says so, as a mail may begin with a PDF too.
  return extensionOf(name) === 'pdf' && asText(start.subarray(0, PDF_HEADER_WITHIN)).includes('%PDF-') ? 'pdf' : null
}

export function isOfItsType(kind: Kind | null, name: string): boolean {
  const extension = extensionOf(name)
  const expected = EXPECTED.get(extension)
  if (expected !== undefined) return kind !== null && expected.includes(kind)
  return kind === null || (TOLERANT.get(extension)?.includes(kind) ?? true)
}

/** In lower case; empty where there is none. */
export function extensionOf(name: string): string {
  return /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? ''
}
