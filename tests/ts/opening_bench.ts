// SPDX-License-Identifier: EUPL-1.2
// The page of `tools/bench_opening.py`: one sealed file opened to the disk by our opener, beside bare WebCrypto on as many bytes.
import { type Bytes, fromBase64, randomBytes } from '../../static/ts/bytes'
import { BLOCK_SIZE } from '../../static/ts/envelope/cms'
import { Comparing, openFile } from '../../static/ts/envelope/open'
import type { IndexFile, ManifestFile } from '../../static/ts/envelope/manifest'
import { type KeyPair, readCertificate } from '../../static/ts/keys/certificate'
import { importPrivateKey } from '../../static/ts/keys/private-key'
import { PieceDigester } from '../../static/ts/pieces'

interface Sealed {
  readonly file: ManifestFile
  readonly announced: IndexFile
  /** Base64 of DER. */
  readonly certificate: string
  readonly pkcs8: string
}

const RANDOM_AT_ONCE = 65_536 // bytes: what `getRandomValues` gives

async function fetchBlock(fileId: string, number: number, signal?: AbortSignal): Promise<Bytes> {
  const response = await fetch(`/${fileId}/${String(number)}`, { signal: signal ?? null, cache: 'no-store' })
  if (!response.ok) throw new Error(`block ${String(number)}: ${String(response.status)}`)
  return new Uint8Array(await response.arrayBuffer())
}

class Bench {
  readonly #sealed: Sealed
  readonly #pair: KeyPair
  readonly #digester = new PieceDigester('/pieces.js')

  constructor(sealed: Sealed, pair: KeyPair) {
    this.#sealed = sealed
    this.#pair = pair
  }

  static async load(): Promise<Bench> {
    const sealed = (await (await fetch('/sealed.json')).json()) as Sealed
    const certificate = await readCertificate(fromBase64(sealed.certificate))
    return new Bench(sealed, { certificate, privateKey: await importPrivateKey(fromBase64(sealed.pkcs8)) })
  }

  /** Seconds from the first request to the file that is closed on the disk, compared with what was announced. */
  async ours(): Promise<number> {
    const folder = await navigator.storage.getDirectory()
    const name = crypto.randomUUID()
    const started = performance.now()
    const comparing = new Comparing(this.#sealed.announced, this.#digester)
    const handle = await folder.getFileHandle(name, { create: true })
    await openFile(this.#sealed.file, this.#pair, fetchBlock)
      .pipeThrough(comparing)
      .pipeTo(await handle.createWritable())
    const seconds = (performance.now() - started) / 1000
    const { sizeAgrees, sha256Agrees } = await comparing.comparison
    const { size } = await handle.getFile()
    if (!sizeAgrees || !sha256Agrees || size !== this.#sealed.announced.size) throw new Error('what was opened is not what was sealed')
    await folder.removeEntry(name)
    return seconds
  }

  /** Seconds to decrypt as many bytes, which are in memory already, block after block; nothing else is done. */
  async theirs(): Promise<number> {
    const key = await crypto.subtle.importKey('raw', randomBytes(32), 'AES-GCM', false, ['decrypt', 'encrypt'])
    const algorithm = { name: 'AES-GCM', iv: randomBytes(12) }
    const plaintext = new Uint8Array(BLOCK_SIZE)
    for (let start = 0; start < BLOCK_SIZE; start += RANDOM_AT_ONCE) {
      crypto.getRandomValues(plaintext.subarray(start, start + RANDOM_AT_ONCE))
    }
    const block = await crypto.subtle.encrypt(algorithm, key, plaintext)
    const started = performance.now()
    for (let left = this.#sealed.announced.size; left > 0; left -= BLOCK_SIZE) await crypto.subtle.decrypt(algorithm, key, block)
    return (performance.now() - started) / 1000
  }
}

/** Does what the server of the bench asks for, one thing after the other; it begins by telling the version of the browser. */
async function obey(bench: Bench): Promise<void> {
  let result = /Chrome\/([0-9]+)/.exec(navigator.userAgent)?.[1] ?? ''
  for (;;) {
    const order = await (await fetch('/next', { method: 'POST', body: result })).text()
    if (order === '') return
    result = await (order === 'ours' ? bench.ours() : bench.theirs()).then(String, String)
  }
}

await obey(await Bench.load())
