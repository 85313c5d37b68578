// SPDX-License-Identifier: EUPL-1.2
// Key files go from program to program: those of others are read here, and ours by others, by these programs themselves.
import forge from 'node-forge'
import { resolve } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { type Bytes, fromHex, toHex } from '../../../static/ts/bytes'
import { NoPrivateKey, UnsupportedKey } from '../../../static/ts/keys/errors'
import { generateKeyPair } from '../../../static/ts/keys/generate'
import { isLegacyPkcs12, readPkcs12 } from '../../../static/ts/keys/pkcs12/read'
import { writePkcs12 } from '../../../static/ts/keys/pkcs12/write'
import { Bench, P_256, P_384, RSA_2048 } from '../openssl'

const PASSWORD = 'correct cheval ~ 42'
const PEER = resolve('tests/ts/pkcs12_peer.py')
const PYTHON = resolve('.venv/bin/python')
const FRIENDLY_NAME = 'Clé de la mairie'
const NAMES = ['rsa', 'p256', 'p384'] as const
const NSS_3DES = 'PKCS #12 V2 PBE With SHA-1 And 3KEY Triple DES-CBC'
const NSS_RC2 = 'PKCS #12 V2 PBE With SHA-1 And 40 Bit RC2 CBC'
const WINDOWS = ['-name', FRIENDLY_NAME, '-CSP', 'Microsoft Enhanced Cryptographic Provider v1.0', '-LMK', '-iter', '2000']
const bench = new Bench()

beforeAll(() => {
  bench.makeKeyPair('rsa', ...RSA_2048)
  bench.makeKeyPair('p256', ...P_256)
  bench.makeKeyPair('p384', ...P_384)
  bench.run('certutil', '-N', '-d', 'sql:.', '--empty-password')
  for (const name of NAMES) {
    bench.exportPkcs12(name, PASSWORD, '-name', name)
    bench.run('pk12util', '-d', 'sql:.', '-i', `${name}.p12`, '-W', PASSWORD)
  }
})

/** A private key as openssl writes it: programs differ in what they leave out of that of a curve. */
function canonical(pkcs8: Uint8Array): string {
  bench.write('any.pkcs8', pkcs8)
  bench.openssl('pkcs8', '-topk8', '-nocrypt', '-inform', 'DER', '-in', 'any.pkcs8', '-outform', 'DER', '-out', 'same.pkcs8')
  return toHex(bench.read('same.pkcs8'))
}

function expectedPair(name: string): { key: string; certificate: string } {
  bench.openssl('pkcs8', '-topk8', '-nocrypt', '-in', `${name}.key`, '-outform', 'DER', '-out', 'same.pkcs8')
  return {
    key: toHex(bench.read('same.pkcs8')),
    certificate: toHex(bench.read(`${name}.der`)),
  }
}

async function pairsIn(file: Bytes, password: string): Promise<{ key: string; certificate: string }[]> {
  const found = await readPkcs12(file, password)
  return found.map(({ pkcs8, certificate }) => ({
    key: canonical(pkcs8),
    certificate: toHex(certificate.der),
  }))
}

function exportByNss(name: string, password: string, ...options: readonly string[]): Bytes {
  bench.run('pk12util', '-d', 'sql:.', '-o', 'nss.p12', '-n', name, '-W', password, ...options)
  return bench.read('nss.p12')
}

function exportByJava(name: string, ...properties: readonly string[]): Bytes {
  const to = `${name}-${String(properties.length)}.p12`
  importByJava(`${name}.p12`, to, ...properties.map((property) => `-J-Dkeystore.pkcs12.${property}`))
  return bench.read(to)
}

function importByJava(from: string, to: string, ...options: readonly string[]): void {
  const source = ['-srckeystore', from, '-srcstoretype', 'PKCS12', '-srcstorepass', PASSWORD]
  const target = ['-destkeystore', to, '-deststoretype', 'PKCS12', '-deststorepass', PASSWORD, '-noprompt']
  bench.run('keytool', ...options, '-importkeystore', ...source, ...target)
}

function exportByPython(name: string, scheme: string): Bytes {
  bench.run(PYTHON, PEER, 'write', name, PASSWORD, scheme)
  return bench.read('python.p12')
}

function exportByForge(name: string, algorithm: '3des' | 'aes128' | 'aes256'): Bytes {
  const key = forge.pki.privateKeyFromPem(new TextDecoder().decode(bench.read(`${name}.key`)))
  const certificate = forge.pki.certificateFromPem(new TextDecoder().decode(bench.read(`${name}.pem`)))
  const asn1 = forge.pkcs12.toPkcs12Asn1(key, certificate, PASSWORD, {
    algorithm,
    friendlyName: name,
  })
  return Uint8Array.from(forge.asn1.toDer(asn1).getBytes(), (character) => character.charCodeAt(0))
}

const SLOW = /before 20[12]|no MAC/ // seconds a file: of one key then

// What each program makes, and whether it is of the old kind.
const FOREIGN: readonly (readonly [string, (name: string) => Bytes, boolean])[] = [
  ['openssl', (name) => bench.exportPkcs12(name, PASSWORD), false],
  ['openssl without a MAC', (name) => bench.exportPkcs12(name, PASSWORD, '-nomac'), false],
  ['openssl of before 3.0', (name) => bench.exportPkcs12(name, PASSWORD, '-legacy'), true],
  ['Windows 7 and Internet Explorer', (name) => bench.exportPkcs12(name, PASSWORD, '-legacy', ...WINDOWS), true],
  [
    'Windows 10, TripleDES-SHA1',
    (name) => bench.exportPkcs12(name, PASSWORD, '-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'sha1', ...WINDOWS),
    true,
  ],
  ['Windows 11, AES256-SHA256', (name) => bench.exportPkcs12(name, PASSWORD, ...WINDOWS), false],
  ['NSS: Firefox, Thunderbird, Chromium on Linux', (name) => exportByNss(name, PASSWORD), false],
  ['NSS of before 2019', (name) => exportByNss(name, PASSWORD, '-c', NSS_3DES, '-C', NSS_RC2, '-M', 'SHA-1'), true],
  ['Java', (name) => exportByJava(name), false],
  ['Java of before 2020', (name) => exportByJava(name, 'legacy'), true],
  ['Java with certificates in clear and no MAC', (name) => exportByJava(name, 'certProtectionAlgorithm=NONE', 'macAlgorithm=NONE'), false],
  ['cryptography by PBESv2SHA256AndAES256CBC', (name) => exportByPython(name, 'PBESv2SHA256AndAES256CBC'), false],
  ['cryptography by PBESv1SHA1And3KeyTripleDESCBC', (name) => exportByPython(name, 'PBESv1SHA1And3KeyTripleDESCBC'), true],
  ['cryptography at its best', (name) => exportByPython(name, 'best'), false],
]

test.each(FOREIGN)(
  'a file of %s is read as its maker meant it',
  async (program, make, isLegacy) => {
    for (const name of SLOW.test(program) ? (['rsa'] as const) : NAMES) {
      const file = make(name)

      expect(await pairsIn(file, PASSWORD)).toEqual([expectedPair(name)])
      expect(isLegacyPkcs12(file)).toBe(isLegacy)
    }
  },
  120_000,
)

test.each([
  ['3des', true],
  ['aes128', true], // with a MAC of SHA-1
  ['aes256', true],
] as const)('a file of node-forge by %s is read', async (algorithm, isLegacy) => {
  const file = exportByForge('rsa', algorithm)

  expect(await pairsIn(file, PASSWORD)).toEqual([expectedPair('rsa')])
  expect(isLegacyPkcs12(file)).toBe(isLegacy)
})

test('a file of NSS under an accented password is read', async () => {
  expect(await pairsIn(exportByNss('rsa', 'Élévation à Bédée'), 'Élévation à Bédée')).toEqual([expectedPair('rsa')])
})

interface Vector {
  readonly name: string
  readonly file: string
  readonly password: string
  /** What the library has of it: the key in PKCS#8 if there is one, and whether it is of a kind of ours. */
  readonly key: string | null
  readonly isOurs: boolean
  readonly certificate: string | null
}

test('each file among the vectors of cryptography is read as that library does', async () => {
  const vectors = JSON.parse(bench.run(PYTHON, PEER, 'vectors')) as Vector[]
  const outcomes: Record<string, unknown> = {}
  const expectedOutcomes: Record<string, unknown> = {}

  for (const { name, file, password, key, isOurs, certificate } of vectors) {
    const reason = key !== null && !isOurs ? UnsupportedKey : NoPrivateKey
    expectedOutcomes[name] = isOurs && certificate !== null ? [{ key, certificate }] : reason.name
    outcomes[name] = await pairsIn(fromHex(file), password).catch((error: unknown) => (error instanceof Error ? error.name : error))
  }

  expect(outcomes).toEqual(expectedOutcomes)
  expect(vectors.length).toBeGreaterThan(30)
})

// Each reader leaves what it found in `back.pkcs8` and `back.der`.
const READERS: readonly (readonly [string, (file: string) => void])[] = [
  ['openssl', openWithOpenssl],
  ['cryptography', (file) => void bench.run(PYTHON, PEER, 'read', file, PASSWORD)],
  ['NSS', openWithNss],
  ['Java', openWithJava],
]

function openWithOpenssl(file: string): void {
  bench.openssl('pkcs12', '-in', file, '-passin', `pass:${PASSWORD}`, '-nodes', '-out', 'back.pem')
  bench.openssl('pkcs8', '-topk8', '-nocrypt', '-in', 'back.pem', '-outform', 'DER', '-out', 'back.pkcs8')
  bench.openssl('x509', '-in', 'back.pem', '-outform', 'DER', '-out', 'back.der')
}

/** NSS imports the file into a database of its own, and exports what it has. */
function openWithNss(file: string): void {
  const database = `sql:${file}-nss`
  bench.run('mkdir', `${file}-nss`)
  bench.run('certutil', '-N', '-d', database, '--empty-password')
  bench.run('pk12util', '-d', database, '-i', file, '-W', PASSWORD)
  bench.run('pk12util', '-d', database, '-o', 'back.p12', '-n', FRIENDLY_NAME, '-W', PASSWORD)
  openWithOpenssl('back.p12')
}

/** Java copies the file's entries to a new one. */
function openWithJava(file: string): void {
  importByJava(file, `back-${file}`)
  openWithOpenssl(`back-${file}`)
}

test.each(READERS)('%s opens what the site makes, and finds the same key and certificate', async (program, open) => {
  for (const algorithm of ['RSA-3072', 'P-256'] as const) {
    const { pkcs8, certificate } = await generateKeyPair({ algorithm, commonName: 'Mairie de Bédée', now: new Date() })
    const file = `${program}-${algorithm}.p12`
    bench.write(file, await writePkcs12({ pkcs8, certificate, friendlyName: FRIENDLY_NAME }, PASSWORD))

    open(file)

    expect(canonical(bench.read('back.pkcs8'))).toBe(canonical(pkcs8))
    expect(bench.read('back.der')).toEqual(certificate.der)
  }
})
