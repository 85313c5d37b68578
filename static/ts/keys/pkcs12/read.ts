// SPDX-License-Identifier: EUPL-1.2
// Key files in PKCS#12 (RFC 7292), from whatever program made them.
import { type Bytes, concat, equal } from '../../bytes'
import { type Certificate, type KeyPair, readCertificate } from '../certificate'
import { normaliseLengths } from '../ber'
import * as der from '../der'
import { CutShort, DerError, type Reader, TAG } from '../der'
import {
  CertificateMalformed,
  NoPrivateKey,
  Pkcs12Empty,
  Pkcs12Malformed,
  Pkcs12TooLarge,
  Pkcs12Truncated,
  UnsupportedKey,
  UnsupportedProtection,
  WrongPassword,
} from '../errors'
import { OID } from '../oids'
import { importPrivateKey, isKeyOf, isKnownKind } from '../private-key'
import { Budget } from './cost'
import { isMacOf, type Mac, readMac } from './mac'
import { type Protection, readProtection, unprotect } from './protection'
import type { KeyFile } from './write'

export const SIZE_LIMIT = 4 * 1024 * 1024 // bytes: a key and its chain take some kilobytes
const VERSION_3 = der.integer(3)

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
 * 1. Every parameter in sight is checked, and the work they ask for counted, before anything is derived from the password.
 * 2. The MAC tells a wrong password from an altered file no better than the standard: both are `WrongPassword`.
 * 3. What the encrypted contents ask for in turn is counted too, before it is done.
 * 4. A key goes with the certificate of the same public key; `localKeyId` decides only where the key does not tell its own.
 */
export async function readPkcs12(file: Bytes, password: string): Promise<KeyFile[]> {
  const { authenticatedSafe, mac, safes } = readAsWritten(file)
  const budget = new Budget()
  budget.spend(mac?.cost ?? 0)
  countWork(safes.flatMap(partsInSight), budget) // 1
  if (mac !== undefined && !(await isMacOf(mac, authenticatedSafe, password))) throw new WrongPassword('the MAC does not agree') // 2
  // Without a MAC, a wrong password may decrypt by chance, to what is nothing.
  const Reason = mac === undefined ? WrongPassword : Pkcs12Malformed
  try {
    return await openBags(await revealBags(safes, password, budget), password) // 3, 4
  } catch (cause) {
    throw isMalformation(cause) ? new Reason('it decrypts to nothing', { cause }) : cause
  }
}

/**
 * Whether anything in sight is protected in the way of old programs, with RC2, triple DES or a MAC of SHA-1: the file had better be
 * written anew. Throws where the file is no PKCS#12, as `readPkcs12` does.
 */
export function isLegacyPkcs12(file: Bytes): boolean {
  const { mac, safes } = readAsWritten(file)
  return mac?.isLegacy === true || safes.flatMap(partsInSight).some((protection) => protection?.isLegacy === true)
}

interface AsWritten {
  readonly authenticatedSafe: Bytes
  readonly mac: Mac | undefined
  readonly safes: Safe[]
}

/** All that the file says without its password. */
function readAsWritten(file: Bytes): AsWritten {
  if (file.length === 0) throw new Pkcs12Empty('no byte')
  if (file.length > SIZE_LIMIT) throw new Pkcs12TooLarge('too large for a key file')
  try {
    const pfx = der.readSequence(normaliseWhole(file))
    if (pfx.count() !== 3) throw new Pkcs12Malformed('another version')
    const authenticatedSafe = readData(pfx.sequence())
    const mac = pfx.atEnd ? undefined : readMac(pfx.sequence())
    pfx.end()
    return { authenticatedSafe, mac, safes: readSafes(authenticatedSafe) }
  } catch (cause) {
    throw isMalformation(cause) ? new Pkcs12Malformed('not a PKCS#12', { cause }) : cause
  }
}

/** The file with lengths that a `Reader` of DER makes sense of. */
function normaliseWhole(file: Bytes): Bytes {
  try {
    return normaliseLengths(file)
  } catch (cause) {
    throw cause instanceof CutShort && beginsAsPkcs12(file) ? new Pkcs12Truncated('it ends too soon', { cause }) : cause
  }
}

/** Whether the first bytes, as many as there are, are those of a SEQUENCE that holds version 3. */
function beginsAsPkcs12(file: Bytes): boolean {
  const [tag, length = 0] = file
  const contentStart = length > 0x80 ? 2 + (length & 0x7f) : 2
  return tag === TAG.sequence && file.subarray(contentStart, contentStart + 3).every((byte, i) => byte === VERSION_3[i])
}

function isMalformation(error: unknown): boolean {
  return error instanceof DerError || error instanceof CertificateMalformed
}

/** How each part is protected that shows without the password; nothing for what is in clear. */
function partsInSight(safe: Safe): (Protection | undefined)[] {
  return safe.type === 'encrypted' ? [safe.hidden.protection] : safe.bags.map(protectionOf)
}

function protectionOf({ content }: Bag): Protection | undefined {
  return content.type === 'shrouded' ? content.hidden.protection : undefined
}

function countWork(parts: readonly (Protection | undefined)[], budget: Budget): void {
  for (const part of parts) budget.spendOnPart(part?.cost)
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

/** Every bag, those of encrypted contents too, which are counted before anything is done for them. */
async function revealBags(safes: readonly Safe[], password: string, budget: Budget): Promise<Bag[]> {
  const bags: Bag[] = []
  for (const safe of safes) {
    const inside = safe.type === 'clear' ? safe.bags : readBags(await reveal(safe.hidden, password))
    if (safe.type === 'encrypted') countWork(inside.map(protectionOf), budget)
    bags.push(...inside)
  }
  return bags
}

async function openBags(bags: readonly Bag[], password: string): Promise<KeyFile[]> {
  const opened: OpenBag[] = []
  try {
    for (const bag of bags) opened.push(await openBag(bag, password))
    return await pairUp(opened)
  } catch (error) {
    for (const { clear } of opened) clear.fill(0)
    throw error
  }
}

async function openBag(bag: Bag, password: string): Promise<OpenBag> {
  const { content } = bag
  if (content.type === 'shrouded') return { type: 'key', clear: await reveal(content.hidden, password), bag }
  // A key in clear is copied, so that the one that asks may wipe it.
  return { type: content.type, clear: content.clear.slice(), bag }
}

async function reveal({ protection, content }: Protected, password: string): Promise<Bytes> {
  const clear = await unprotect(protection, content, password).catch((cause: unknown) => {
    throw cause instanceof DOMException ? new WrongPassword('it does not decrypt', { cause }) : cause
  })
  if (clear[0] !== TAG.sequence) throw new WrongPassword('it decrypts to nothing') // the padding is right by chance once in 256
  return clear
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
