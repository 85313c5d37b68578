// SPDX-License-Identifier: EUPL-1.2
// The bytes of a key file that was chosen; whatever is wrong with it has its sentence on the page.
import type { Bytes } from '../../bytes'
import { SIZE_LIMIT } from '../../keys/pkcs12/read'
import { Failure } from './errors'

/** The caller wipes the bytes. A file too large for a key is not read at all. */
export async function readKeyFile(file: File | undefined): Promise<Bytes> {
  if (file === undefined) throw new Failure('no_file')
  if (file.size > SIZE_LIMIT) throw new Failure('pkcs12_too_large')
  try {
    return new Uint8Array(await file.arrayBuffer())
  } catch (cause) {
    throw new Failure('unreadable_file', { cause })
  }
}
