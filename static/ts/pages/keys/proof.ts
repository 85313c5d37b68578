// SPDX-License-Identifier: EUPL-1.2
// What the drill and the registration share: a key file is read here, and opens a challenge of the site.
import { type Bytes, fromBase64 } from '../../bytes'
import { EnvelopeRefused } from '../../envelope/errors'
import type { KeyPair } from '../../keys/certificate'
import { answerChallenge } from '../../keys/challenge'
import { openPkcs12 } from '../../keys/pkcs12/read'
import { acceptDrops, find } from '../page/elements'
import { Failure, sayError } from '../page/errors'
import { readKeyFile } from '../page/key-file'
import { postJson } from '../page/server'

/** What the server answers when a key must be proven; `block` is in base64. */
export interface IssuedChallenge {
  readonly challenge: string
  readonly block: string
  readonly answer_url: string
}

/** The fields of `keys/_key_file.html`, where files can be dropped too. */
export class KeyFileFields {
  readonly #file: HTMLInputElement
  readonly #password: HTMLInputElement

  constructor(root: ParentNode) {
    this.#file = find(root, '[data-key-file]', HTMLInputElement)
    this.#password = find(root, '[data-key-file-password]', HTMLInputElement)
    acceptDrops(find(root, '[data-drop]', HTMLElement), (files) => {
      this.#file.files = files
    })
  }

  focus(): void {
    this.#file.focus()
  }

  /** Forgets the file and its password. */
  clear(): void {
    this.#file.value = ''
    this.#password.value = ''
  }

  /** The key pair, in the file, of the certificate with this fingerprint. */
  async read(fingerprint: string): Promise<KeyPair> {
    const bytes = await readKeyFile(this.#file.files?.[0])
    try {
      const pairs = await openPkcs12(bytes, this.#password.value)
      const pair = pairs.find(({ certificate }) => certificate.fingerprint === fingerprint)
      if (pair === undefined) throw new Failure('wrong_key')
      return pair
    } finally {
      bytes.fill(0)
    }
  }
}

/** Opens the challenge with the key, and answers it; the instant of the proof, as the server writes it. */
export async function prove(pair: KeyPair, { challenge, block, answer_url: url }: IssuedChallenge, csrf: string): Promise<string> {
  const answer = await answerTo(fromBase64(block), pair)
  const { proven_at: provenAt } = (await postJson(url, { challenge, answer }, csrf)) as { proven_at: string }
  return provenAt
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
