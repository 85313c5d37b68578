// SPDX-License-Identifier: EUPL-1.2
// A folder of this computer, that the agent chose: nothing in it is overwritten, and no file is left half-written.
import type { Bytes } from '../../bytes'
import { Failure } from '../page/errors'

interface Picker {
  showDirectoryPicker?: (options: { id: string; mode: 'readwrite' }) => Promise<FileSystemDirectoryHandle>
}

export function canChooseFolder(): boolean {
  return (window as Picker).showDirectoryPicker !== undefined
}

/** The folder that the agent chooses; none where the agent thinks better of it. To be asked for at a click. */
export async function chosenFolder(): Promise<FileSystemDirectoryHandle | undefined> {
  try {
    return await (window as Picker).showDirectoryPicker?.({ id: 'sigille', mode: 'readwrite' })
  } catch (cause) {
    if (isNamed(cause, 'AbortError')) return undefined
    throw new Failure('not_written', { cause })
  }
}

/** A folder that is in another or, where `isNew`, that was not: its name then gets a number. */
export async function folderIn(parent: FileSystemDirectoryHandle, name: string, isNew = false): Promise<FileSystemDirectoryHandle> {
  try {
    let free = name
    for (let number = 2; isNew && (await isTaken(parent, free)); number++) free = `${name} (${String(number)})`
    return await parent.getDirectoryHandle(free, { create: true })
  } catch (cause) {
    throw new Failure('not_written', { cause })
  }
}

/**
 * Writes a file that is whole, or not there.
 *
 * What the stream refuses is thrown as it is; what the disk refuses, as the failure `not_written`.
 */
export async function writeFile(folder: FileSystemDirectoryHandle, name: string, content: ReadableStream<Bytes>): Promise<void> {
  try {
    const file = await folder.getFileHandle(name, { create: true })
    await content.pipeTo(await file.createWritable())
  } catch (cause) {
    await content.cancel(cause).catch(() => undefined) // where the folder refused before the first byte
    await folder.removeEntry(name).catch(() => undefined)
    throw cause instanceof DOMException || cause instanceof TypeError ? new Failure('not_written', { cause }) : cause
  }
}

async function isTaken(parent: FileSystemDirectoryHandle, name: string): Promise<boolean> {
  try {
    await parent.getDirectoryHandle(name)
    return true
  } catch (error) {
    if (isNamed(error, 'NotFoundError')) return false
    if (isNamed(error, 'TypeMismatchError')) return true // a file
    throw error
  }
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof DOMException && error.name === name
}
