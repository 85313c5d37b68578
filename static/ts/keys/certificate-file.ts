// SPDX-License-Identifier: EUPL-1.2
// What a person chooses as « my certificate »: it is looked at before anything is sent.
import { type Bytes, decodeUtf8 } from '../bytes'
import { type Certificate, readCertificate } from './certificate'
import { TAG } from './der'
import { CertificateMalformed, HoldsPrivateKey, IsKeyFile } from './errors'

const PEM_CERTIFICATE = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END/
const PKCS12_VERSION = 3
const PEM_PRIVATE_KEY = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/

/**
 * The certificate of a file, in DER or in PEM (its first, which is the holder's).
 *
 * Throws `HoldsPrivateKey` where the file holds a private key too, or a PKCS#12: it must not be sent.
 */
export async function readCertificateFile(file: Bytes): Promise<Certificate> {
  const text = asText(file)
  if (text === undefined) {
    refuseSecrets(file)
    return readCertificate(file)
  }
  if (PEM_PRIVATE_KEY.test(text)) throw new HoldsPrivateKey('a private key in PEM')
  const [, base64] = PEM_CERTIFICATE.exec(text) ?? []
  if (base64 === undefined) throw new CertificateMalformed('no certificate in this text')
  return readCertificate(decodeBase64(base64))
}

function asText(file: Bytes): string | undefined {
  if (file[0] === TAG.sequence) return undefined // DER and BER begin so, which is also the digit 0
  try {
    return decodeUtf8(file)
  } catch {
    return undefined
  }
}

/**
 * A certificate is a sequence that begins with a sequence, which begins with no name; PKCS#12, PKCS#8 and bare keys begin with their
 * version, an encrypted key with the name of its protection.
 */
function refuseSecrets(file: Bytes): void {
  const inner = contentOf(file)
  if (inner[0] === TAG.integer) throw inner[2] === PKCS12_VERSION ? new IsKeyFile('a PKCS#12') : new HoldsPrivateKey('a private key')
  if (contentOf(inner)[0] === TAG.oid) throw new HoldsPrivateKey('an encrypted private key')
}

/** What follows the tag and the length of a sequence, whatever the length says. */
function contentOf(element: Bytes): Bytes {
  const length = element[1] ?? 0
  if (element[0] !== TAG.sequence) return new Uint8Array()
  return element.subarray(length > 0x80 ? 2 + (length & 0x7f) : 2)
}

function decodeBase64(base64: string): Bytes {
  try {
    return Uint8Array.from(atob(base64.replace(/\s/g, '')), (character) => character.charCodeAt(0))
  } catch (cause) {
    throw new CertificateMalformed('not base64', { cause })
  }
}
