// SPDX-License-Identifier: EUPL-1.2
// Key files in PKCS#12 (RFC 7292), from whatever program made them.
import { type Bytes, concat, equal } from '../../bytes'
import { type Certificate, type KeyPair, readCertificate } from '../certificate'
import { normaliseLengths } from '../ber'
import * as der from '../der'
import { DerError, type Reader, TAG } from '../der'
import { CertificateMalformed, NoPrivateKey, Pkcs12Malformed, UnsupportedKey, UnsupportedProtection, WrongPassword } from '../errors'
import { OID } from '../oids'
import { importPrivateKey, isKeyOf, isKnownKind } from '../private-key'
import { isMacOf, type Mac, readMac } from './mac'
import { type Protection, readProtection, unprotect } from './protection'
import type { KeyFile } from './write'

const SIZE_LIMIT = 4 * 1024 * 1024 // bytes: a key and its chain take some kilobytes

/**
 * The key pairs of a PKCS#12: each private key that comes with its certificate, in the file's order, at least one.
 *
 * Where there are several, the caller chooses by `certificate.fingerprint`. The keys are not extractable.
 */
export async function openPkcs12(file: Bytes, password: string): Promise<KeyPair[]> {
  const keyFiles = await readPkcs12(file, password)
  try {
    return await Promise.all(keyFiles.map(async ({ pkcs8, certificate }) => ({ certificate, privateKey: await importPrivateKey(pkcs8) })))
  } finally {
    for (const { pkcs8 } of keyFiles) pkcs8.fill(0)
  }
}

/**
 * The same in clear, for writing the file anew under another password; the caller wipes every `pkcs8`.
 *
 * 1. Every parameter in sight is checked before anything is derived from the password.
 * 2. The MAC tells a wrong password from an altered file no better than the standard: both are `WrongPassword`.
 * 3. A key goes with the certificate of the same public key; `localKeyId` decides only where the key does not tell its own.
 */
export async function readPkcs12(file: Bytes, password: string): Promise<KeyFile[]> {
  try {
    const { authenticatedSafe, mac } = readOuter(file)
    const safes = readSafes(authenticatedSafe) // 1
    if (mac !== undefined && !(await isMacOf(mac, authenticatedSafe, password))) throw new WrongPassword('the MAC does not agree') // 2
    return await pairUp(await openBags(safes, password)) // 3
  } catch (cause) {
    if (cause instanceof DerError || cause instanceof CertificateMalformed) throw new Pkcs12Malformed('not a PKCS#12', { cause })
    throw cause
  }
}

/** Reads the outer layer, of which a `Reader` of DER makes sense only once its lengths are DER's. */
function readOuter(file: Bytes): { authenticatedSafe: Bytes; mac: Mac | undefined } {
  if (file.length > SIZE_LIMIT) throw new Pkcs12Malformed('too large for a key file')
  const pfx = der.readSequence(normaliseLengths(file))
  if (pfx.count() !== 3) throw new Pkcs12Malformed('another version')
  const authenticatedSafe = readData(pfx.sequence())
  const mac = pfx.atEnd ? undefined : readMac(pfx.sequence())
  pfx.end()
  return { authenticatedSafe, mac }
}

function readData(contentInfo: Reader): Bytes {
  const type = contentInfo.oid()
  if (type !== OID.data) throw new UnsupportedProtection(type)
  return contentInfo.open(der.contextTag(0)).octets()
}

interface Protected {
  readonly protection: Protection
  readonly content: Bytes
}

interface Bag {
  readonly localKeyId: Bytes | undefined
  readonly friendlyName: string
  readonly content:
    { readonly type: 'certificate' | 'key'; readonly clear: Bytes } | { readonly type: 'shrouded'; readonly hidden: Protected }
}

type Safe = { readonly type: 'clear'; readonly bags: Bag[] } | { readonly type: 'encrypted'; readonly hidden: Protected }

function readSafes(authenticatedSafe: Bytes): Safe[] {
  return der
    .readSequence(normaliseLengths(authenticatedSafe))
    .rest()
    .map(({ whole }) => readSafe(der.readSequence(whole), whole))
}

function readSafe(contentInfo: Reader, whole: Bytes): Safe {
  if (contentInfo.oid() !== OID.encryptedData) return { type: 'clear', bags: readBags(readData(der.readSequence(whole))) }
  const encryptedData = contentInfo.open(der.contextTag(0)).sequence()
  encryptedData.count() // version
  const content = encryptedData.sequence()
  content.oid()
  return { type: 'encrypted', hidden: { protection: readProtection(content.sequence()), content: readEncryptedContent(content) } }
}

/** `[0] IMPLICIT OCTET STRING`, which BER may cut in pieces. */
function readEncryptedContent(content: Reader): Bytes {
  if (!content.isNext(der.contextTag(0))) return content.next(der.primitiveContextTag(0)).value
  const pieces = new der.Reader(content.next(der.contextTag(0)).value).rest()
  return concat(...pieces.map(({ value }) => value))
}

function readBags(safeContents: Bytes): Bag[] {
  return der
    .readSequence(normaliseLengths(safeContents))
    .rest()
    .flatMap(({ value }) => readBag(new der.Reader(value)))
}

/** A bag of a kind of ours; revocation lists and secrets are left aside. */
function readBag(bag: Reader): Bag[] {
  const type = bag.oid()
  const value = bag.open(der.contextTag(0))
  const content = readBagContent(type, value)
  if (content === undefined) return []
  return [{ content, ...readAttributes(bag.optional(TAG.set)?.value) }]
}

function readBagContent(type: string, value: Reader): Bag['content'] | undefined {
  if (type === OID.keyBag) return { type: 'key', clear: value.next(TAG.sequence).whole }
  if (type === OID.shroudedKeyBag) {
    const encrypted = value.sequence()
    return { type: 'shrouded', hidden: { protection: readProtection(encrypted.sequence()), content: encrypted.octets() } }
  }
  if (type !== OID.certificateBag) return undefined
  const certificate = value.sequence()
  return certificate.oid() === OID.x509Certificate
    ? { type: 'certificate', clear: certificate.open(der.contextTag(0)).octets() }
    : undefined
}

/** Windows marks the keys of a machine with an attribute of no value at all. */
function readAttributes(attributes: Bytes | undefined): Pick<Bag, 'localKeyId' | 'friendlyName'> {
  const values = new Map<string, Bytes>()
  for (const { value } of new der.Reader(attributes ?? new Uint8Array()).rest()) {
    const attribute = new der.Reader(value)
    const name = attribute.oid()
    const [first] = new der.Reader(attribute.next(TAG.set).value).rest()
    if (first !== undefined) values.set(name, first.value)
  }
  const name = values.get(OID.friendlyName) ?? new Uint8Array()
  return { localKeyId: values.get(OID.localKeyId), friendlyName: new TextDecoder('utf-16be').decode(name) }
}

interface OpenBag {
  readonly type: 'certificate' | 'key'
  readonly clear: Bytes
  readonly bag: Bag
}

async function openBags(safes: readonly Safe[], password: string): Promise<OpenBag[]> {
  const bags = []
  for (const safe of safes) {
    const inside = safe.type === 'clear' ? safe.bags : readBags(await reveal(safe.hidden, password))
    for (const bag of inside) bags.push(await openBag(bag, password))
  }
  return bags
}

async function openBag(bag: Bag, password: string): Promise<OpenBag> {
  const { content } = bag
  if (content.type === 'shrouded') return { type: 'key', clear: await reveal(content.hidden, password), bag }
  // A key in clear is copied, so that the one that asks may wipe it.
  return { type: content.type, clear: content.clear.slice(), bag }
}

async function reveal({ protection, content }: Protected, password: string): Promise<Bytes> {
  try {
    return await unprotect(protection, content, password)
  } catch (cause) {
    if (cause instanceof DOMException) throw new WrongPassword('it does not decrypt', { cause })
    throw cause
  }
}

async function pairUp(bags: readonly OpenBag[]): Promise<KeyFile[]> {
  const keys = bags.filter(({ type }) => type === 'key')
  const certificates = await Promise.all(
    bags.filter(({ type }) => type === 'certificate').map(async ({ clear, bag }) => ({ certificate: await readCertificate(clear), bag })),
  )
  const unknown = keys.find(({ clear }) => !isKnownKind(clear))
  const pairs: KeyFile[] = []
  for (const { clear: pkcs8, bag } of keys) {
    const found = certificates.find((candidate) => isPair(pkcs8, bag, candidate.certificate, candidate.bag))
    if (found === undefined) pkcs8.fill(0)
    else pairs.push({ pkcs8, certificate: found.certificate, friendlyName: bag.friendlyName })
  }
  if (pairs.length > 0) return pairs
  throw unknown === undefined
    ? new NoPrivateKey('no private key with its certificate')
    : new UnsupportedKey('neither RSA nor on P-256 or P-384')
}

function isPair(pkcs8: Bytes, keyBag: Bag, certificate: Certificate, certificateBag: Bag): boolean {
  const sameId =
    keyBag.localKeyId !== undefined && certificateBag.localKeyId !== undefined && equal(keyBag.localKeyId, certificateBag.localKeyId)
  return isKeyOf(pkcs8, certificate.key) ?? sameId
}
