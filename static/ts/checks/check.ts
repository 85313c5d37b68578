// SPDX-License-Identifier: EUPL-1.2
// What is worth telling of a file before it is sealed: afterwards nobody can look.
import { checkArchive } from './archive'
import type { Finding } from './findings'
import { extensionOf, isOfItsType, type Kind, kindOf } from './kind'
import { checkOle } from './ole'
import { check7z, checkRar } from './packed'
import { checkPdf } from './pdf'
import { readPiece } from './piece'
import { isSealed } from './sealed'

const START = 1024 // bytes
const WITH_MACROS = /^(?:do[ct]m|xl[st]m|xlam|p[op][st]m|ppam)$/
const CHECKS: Partial<Record<Kind, (file: Blob) => Promise<readonly Finding[]>>> = {
  '7z': check7z,
  ole: checkOle,
  pdf: checkPdf,
  rar: checkRar,
  zip: checkArchive,
}

/** Reads a few pieces of the file, whatever its size; rejects where it cannot be read. */
export async function check(file: Blob, name: string): Promise<readonly Finding[]> {
  if (file.size === 0) return ['empty']
  const start = await readPiece(file, 0, START)
  const kind = kindOf(start, name)
  const isOther = !isOfItsType(kind, name)
  const found = [
    ...(isSealed(start, kind) ? ['already_sealed' as const] : isOther ? ['not_its_type' as const] : []),
    ...(WITH_MACROS.test(extensionOf(name)) ? ['macros' as const] : []),
    ...(kind === null ? [] : await checkAs(kind, file)),
  ]
  return [...new Set(found)]
}

async function checkAs(kind: Kind, file: Blob): Promise<readonly Finding[]> {
  return (await CHECKS[kind]?.(file)) ?? []
}
