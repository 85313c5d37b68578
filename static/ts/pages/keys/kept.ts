// SPDX-License-Identifier: EUPL-1.2
// Keys kept in this browser (IndexedDB), that scripts can use and not export: for one account of the site each.
// No protection from who uses the same session of the computer; no backup either: the browser may forget them.
import type { Bytes } from '../../bytes'
import { type KeyPair, readCertificate } from '../../keys/certificate'

const [DATABASE, STORE] = ['sigille', 'kept_keys']

export interface KeptKey {
  /** The account for which it is kept: to another it does not exist. */
  readonly account: string
  readonly fingerprint: string
  readonly certificate: Bytes // DER
  readonly privateKey: CryptoKey
  readonly keptAt: Date
}

/** Keeps a proven key, and asks the browser to forget it only when it is told to, which it may not grant. */
export async function keep(account: string, { certificate, privateKey }: KeyPair, now: Date): Promise<void> {
  if (privateKey.extractable) throw new TypeError('only a key that nobody can export is kept')
  const { fingerprint, der } = certificate
  const kept: KeptKey = { account, fingerprint, certificate: der, privateKey, keptAt: now }
  await inStore('readwrite', (store) => store.put(kept))
  await navigator.storage.persist()
}

/** Those of the account; none where the browser keeps nothing. */
export async function keptKeys(account: string): Promise<KeptKey[]> {
  try {
    // An array comes after every string: the range is all that begins with the account.
    return await inStore('readonly', (store) => store.getAll(IDBKeyRange.bound([account], [account, []])) as IDBRequest<KeptKey[]>)
  } catch (error) {
    if (error instanceof DOMException) return []
    throw error
  }
}

export async function forget(account: string, fingerprint: string): Promise<void> {
  await inStore('readwrite', (store) => store.delete([account, fingerprint]))
}

export async function asPair({ certificate, privateKey }: KeptKey): Promise<KeyPair> {
  return { certificate: await readCertificate(certificate), privateKey }
}

async function inStore<T>(mode: IDBTransactionMode, ask: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const opening = indexedDB.open(DATABASE, 1)
  opening.addEventListener('upgradeneeded', () => {
    opening.result.createObjectStore(STORE, { keyPath: ['account', 'fingerprint'] })
  })
  const database = await answerOf(opening)
  try {
    const transaction = database.transaction(STORE, mode, { durability: 'strict' })
    const result = await answerOf(ask(transaction.objectStore(STORE)))
    if (mode === 'readwrite') await committed(transaction)
    return result
  } finally {
    database.close()
  }
}

function answerOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => {
      resolve(request.result)
    })
    request.addEventListener('error', () => {
      reject(request.error ?? new DOMException('no reason given', 'UnknownError'))
    })
  })
}

function committed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.addEventListener('complete', () => {
      resolve()
    })
    transaction.addEventListener('abort', () => {
      reject(transaction.error ?? new DOMException('no reason given', 'AbortError'))
    })
  })
}
