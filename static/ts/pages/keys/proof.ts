// SPDX-License-Identifier: EUPL-1.2
// What every page that proves a key shares: a key file is read here, and opens a challenge of the site.
import { type Bytes, fromBase64 } from '../../bytes'
import { EnvelopeRefused } from '../../envelope/errors'
import type { KeyPair } from '../../keys/certificate'
import { answerChallenge } from '../../keys/challenge'
import { isLegacyPkcs12, openPkcs12, readPkcs12 } from '../../keys/pkcs12/read'
import { writePkcs12 } from '../../keys/pkcs12/write'
import { acceptDrops, find } from '../page/elements'
import { Failure, sayError } from '../page/errors'
import { readKeyFile } from '../page/key-file'
import { postJson } from '../page/server'
import { KeptChoice } from './kept-choice'

/** What the server answers when a key must be proven; `block` is in base64. */
export interface IssuedChallenge {
  readonly challenge: string
  readonly block: string
  readonly answer_url: string
}

/** What the server says of a proof: its instant, in words, and what the service still lacks. */
export interface Proof {
  readonly proven_at: string
  readonly split: { readonly lacks_backup: boolean; readonly hangs_on_one_person: boolean }
}

/**
 * The fields of `keys/_key_file.html`, where files can be dropped too.
 *
 * Where this browser keeps one of the `wanted` keys (fingerprints) for this account, it is offered instead of the file.
 */
export class KeyFileFields {
  readonly #file: HTMLInputElement
  readonly #password: HTMLInputElement
  readonly #kept: KeptChoice
  #onChange: () => void = () => undefined

  constructor(root: ParentNode, wanted: readonly string[] = []) {
    this.#file = find(root, '[data-key-file]', HTMLInputElement)
    this.#password = find(root, '[data-key-file-password]', HTMLInputElement)
    this.#kept = new KeptChoice(root, wanted)
    this.#file.addEventListener('change', () => {
      this.#onChange()
    })
    acceptDrops(find(root, '[data-drop]', HTMLElement), (files) => {
      this.#file.files = files
      this.#onChange()
    })
  }

  /** Whether the key kept in this browser is chosen, rather than a file. */
  get isKept(): boolean {
    return this.#kept.isChosen
  }

  focus(): void {
    this.#file.focus()
  }

  /** Called when another file is chosen. */
  onChange(act: () => void): void {
    this.#onChange = act
  }

  /** Forgets the file and its password. */
  clear(): void {
    this.#file.value = ''
    this.#password.value = ''
  }

  /** The key pair, in the file or kept here, of the certificate with this fingerprint. */
  async read(fingerprint: string): Promise<KeyPair> {
    const pairs = this.isKept ? await this.#kept.pairs() : (await this.readAll()).pairs
    return ofFingerprint(pairs, fingerprint)
  }

  /** Every key pair of the file, and whether the file is protected in the old way. */
  async readAll(): Promise<{ pairs: KeyPair[]; isLegacy: boolean }> {
    return await this.#use(async (bytes, password) => {
      const isLegacy = isLegacyPkcs12(bytes)
      return { pairs: await openPkcs12(bytes, password), isLegacy }
    })
  }

  /** The file of one of its key pairs alone, protected in the modern way by a new password. */
  async writeAgain(fingerprint: string, newPassword: string): Promise<Bytes> {
    return await this.#use(async (bytes, password) => {
      const keyFiles = await readPkcs12(bytes, password)
      try {
        const keyFile = ofFingerprint(keyFiles, fingerprint)
        return await writePkcs12({ ...keyFile, friendlyName: keyFile.friendlyName || keyFile.certificate.commonName }, newPassword)
      } finally {
        for (const { pkcs8 } of keyFiles) pkcs8.fill(0)
      }
    })
  }

  async #use<T>(read: (bytes: Bytes, password: string) => Promise<T>): Promise<T> {
    const bytes = await readKeyFile(this.#file.files?.[0])
    try {
      return await read(bytes, this.#password.value)
    } finally {
      bytes.fill(0)
    }
  }
}

function ofFingerprint<T extends Pick<KeyPair, 'certificate'>>(pairs: readonly T[], fingerprint: string): T {
  const pair = pairs.find(({ certificate }) => certificate.fingerprint === fingerprint)
  if (pair === undefined) throw new Failure('wrong_key')
  return pair
}

/** Opens the challenge with the key, and answers it; what the server then says. */
export async function answerFor(pair: KeyPair, { challenge, block, answer_url: url }: IssuedChallenge, csrf: string): Promise<Proof> {
  const answer = await answerTo(fromBase64(block), pair)
  return (await postJson(url, { challenge, answer }, csrf)) as Proof
}

/** The same, for pages that want the instant of the proof alone, as the server writes it. */
export async function prove(pair: KeyPair, issued: IssuedChallenge, csrf: string): Promise<string> {
  return (await answerFor(pair, issued, csrf)).proven_at
}

async function answerTo(block: Bytes, pair: KeyPair): Promise<string> {
  try {
    return await answerChallenge(block, pair, location.origin)
  } catch (cause) {
    throw cause instanceof EnvelopeRefused ? new Failure('bad_challenge', { cause }) : cause
  }
}

/** Whether this page may use cryptography; if not, `place` says so. */
export function canUseCryptography(place: Element): boolean {
  if (!isSecureContext) sayError(place, new Failure('unsupported'))
  return isSecureContext
}
