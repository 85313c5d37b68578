// SPDX-License-Identifier: EUPL-1.2
import { afterEach, expect, test, vi } from 'vitest'
import { type Bytes, encodeUtf8 } from '../../static/ts/bytes'
import { Damaged } from '../../static/ts/envelope/errors'
import { canChooseFolder, chosenFolder, folderIn, writeFile } from '../../static/ts/pages/opening/folder'
import { Failure } from '../../static/ts/pages/page/errors'

const removeEntry = vi.fn(() => Promise.resolve())

afterEach(() => {
  vi.unstubAllGlobals()
  removeEntry.mockClear()
})

/** A folder with as much of the browser's interface as is used. */
function folder(createWritable: () => Promise<WritableStream<Bytes>>): FileSystemDirectoryHandle {
  return { removeEntry, getFileHandle: () => Promise.resolve({ createWritable }) } as unknown as FileSystemDirectoryHandle
}

function content(refusal?: Error): ReadableStream<Bytes> {
  const pieces = [encodeUtf8('début'), encodeUtf8('fin')]
  return new ReadableStream<Bytes>({
    pull(controller) {
      const piece = pieces.shift()
      if (piece !== undefined) controller.enqueue(piece)
      else if (refusal !== undefined) controller.error(refusal)
      else controller.close()
    },
  })
}

test('writeFile writes all of it', async () => {
  const written: Bytes[] = []
  const disk = new WritableStream<Bytes>({
    write(piece) {
      written.push(piece)
    },
  })

  await writeFile(
    folder(() => Promise.resolve(disk)),
    'a.txt',
    content(),
  )

  expect(written).toEqual([encodeUtf8('début'), encodeUtf8('fin')])
  expect(removeEntry).not.toHaveBeenCalled()
})

test('writeFile leaves no file that is cut, and tells why it is', async () => {
  const abort = vi.fn()
  const disk = new WritableStream<Bytes>({ abort })
  const refusal = new Damaged('a block')

  const writing = writeFile(
    folder(() => Promise.resolve(disk)),
    'a.txt',
    content(refusal),
  )

  await expect(writing).rejects.toBe(refusal)
  expect(abort).toHaveBeenCalledOnce()
  expect(removeEntry).toHaveBeenCalledExactlyOnceWith('a.txt')
})

test.each(['the file', 'its bytes'])('writeFile tells of a disk that refuses %s', async (what) => {
  const full = new DOMException('full', 'QuotaExceededError')
  const cancel = vi.fn()
  const source = new ReadableStream<Bytes>({
    pull(controller) {
      controller.enqueue(encodeUtf8('x'))
    },
    cancel,
  })
  const disk = () => new WritableStream<Bytes>({ write: () => Promise.reject(full) })

  const writing = writeFile(
    folder(() => (what === 'the file' ? Promise.reject(full) : Promise.resolve(disk()))),
    'a.txt',
    source,
  )

  await expect(writing).rejects.toMatchObject({ code: 'not_written', cause: full })
  expect(cancel).toHaveBeenCalledOnce() // nothing more is fetched
  expect(removeEntry).toHaveBeenCalledExactlyOnceWith('a.txt')
})

test('folderIn takes a name that neither a folder nor a file has', async () => {
  const errors: Record<string, string> = { 'offer (2)': 'TypeMismatchError', 'offer (3)': 'NotFoundError' }
  const getDirectoryHandle = (name: string, options?: { create: boolean }) => {
    const error = errors[name]
    return error === undefined || options?.create === true ? Promise.resolve({ name }) : Promise.reject(new DOMException('', error))
  }
  const parent = { getDirectoryHandle } as unknown as FileSystemDirectoryHandle

  expect((await folderIn(parent, 'offer', true)).name).toBe('offer (3)')
  expect((await folderIn(parent, 'offer')).name).toBe('offer')
})

test('folderIn tells of a folder that is refused', async () => {
  const getDirectoryHandle = () => Promise.reject(new DOMException('', 'NotAllowedError'))

  const making = folderIn({ getDirectoryHandle } as unknown as FileSystemDirectoryHandle, 'offer', true)

  await expect(making).rejects.toMatchObject({ code: 'not_written' })
})

test('chosenFolder is none where the agent thinks better of it', async () => {
  const picker = (name: string) => ({ showDirectoryPicker: () => Promise.reject(new DOMException('', name)) })

  vi.stubGlobal('window', picker('AbortError'))
  expect(canChooseFolder()).toBe(true)
  expect(await chosenFolder()).toBeUndefined()

  vi.stubGlobal('window', picker('SecurityError'))
  await expect(chosenFolder()).rejects.toThrow(Failure)

  vi.stubGlobal('window', {})
  expect(canChooseFolder()).toBe(false)
})
