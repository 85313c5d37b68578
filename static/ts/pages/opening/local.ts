// SPDX-License-Identifier: EUPL-1.2
// One envelope, opened on this computer alone: the server is told that it is, and gives sealed blocks; nothing goes back to it.
import type { Bytes } from '../../bytes'
import type { ManifestEnvelope } from '../../envelope/manifest'
import { Comparing, type FetchBlock, openFile, openIndex, type Progress } from '../../envelope/open'
import type { KeyPair } from '../../keys/certificate'
import type { PieceDigester } from '../../pieces'
import { getBytes, postJson } from '../page/server'
import { safeNames } from './file-names'
import { folderIn, writeFile } from './folder'
import { describedEnvelope } from './manifest'
import type { SealedEnvelope } from './release'

/** What the server keeps of it; texts are ready to show. */
export interface Declared {
  readonly opened_at: string
  readonly opened_by: string
}

export interface Written {
  readonly folder: string
  /** Names, as they are in the folder. */
  readonly files: readonly string[]
  /** Those whose size or digest is not what the bidder's computer announced. */
  readonly different: readonly string[]
}

export interface LocalOptions {
  readonly accepts: string
  readonly csrfToken: string
  readonly digester: PieceDigester
  readonly signal: AbortSignal
  readonly onDeclared: (declared: Declared) => void
  /** In sealed bytes. */
  readonly onProgress: (progress: Progress) => void
}

/** A file could not be opened, or written; those before it are whole in the folder. */
export class StoppedAtFile extends Error {
  override readonly name = 'StoppedAtFile'
  readonly fileName: string
  readonly written: Written

  constructor(fileName: string, written: Written, options: ErrorOptions) {
    super(`stopped at a file`, options)
    this.fileName = fileName
    this.written = written
  }
}

/** Writes the files of an envelope in a new folder, in that of its deposit; each is whole, or not there. */
export async function openLocally(
  sealed: SealedEnvelope,
  pair: KeyPair,
  chosen: FileSystemDirectoryHandle,
  options: LocalOptions,
): Promise<Written> {
  options.onDeclared((await postJson(sealed.localUrl, { accepts: options.accepts }, options.csrfToken)) as Declared)
  const [manifest, envelope] = await describedEnvelope(sealed.manifestUrl, sealed.id, pair)
  const fetchBlock = counting(sealed.localUrl, envelope, options)
  const index = await openIndex(manifest, envelope, pair, fetchBlock, options.signal)
  const folder = await folderIn(await folderIn(chosen, sealed.folder), folderOf(envelope), true)
  const files: string[] = []
  const different: string[] = []
  const written: Written = { folder: `${sealed.folder}/${folder.name}`, files, different }
  const names = safeNames(index.files.map(({ name }) => name))
  for (const [at, announced] of index.files.entries()) {
    const [file, name] = [envelope.files[at], names[at]]
    if (file === undefined || name === undefined) break // the index has the files of the envelope
    const comparing = new Comparing(announced, options.digester)
    try {
      await writeFile(folder, name, openFile(file, pair, fetchBlock, options.signal).pipeThrough(comparing))
    } catch (cause) {
      throw new StoppedAtFile(name, written, { cause })
    }
    files.push(name)
    const { sizeAgrees, sha256Agrees } = await comparing.comparison
    if (!sizeAgrees || !sha256Agrees) different.push(name)
  }
  return written
}

/** As the offline opener names it. */
function folderOf({ kind, lot }: ManifestEnvelope): string {
  return lot === null ? kind : `${kind}-${String(lot)}`
}

function counting(url: string, { index, files }: ManifestEnvelope, { signal, onProgress }: LocalOptions): FetchBlock {
  const total = [index, ...files].flatMap(({ blocks }) => blocks).reduce((sum, { size }) => sum + size, 0)
  let done = 0
  return async (fileId, number, stopped): Promise<Bytes> => {
    const block = await getBytes(`${url}${fileId}/${String(number)}/`, stopped ?? signal)
    done += block.length
    onProgress({ done, total })
    return block
  }
}
