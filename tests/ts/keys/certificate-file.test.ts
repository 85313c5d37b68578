// SPDX-License-Identifier: EUPL-1.2
import { beforeAll, expect, test } from 'vitest'
import { concat, encodeUtf8 } from '../../../static/ts/bytes'
import { readCertificateFile } from '../../../static/ts/keys/certificate-file'
import { CertificateMalformed, HoldsPrivateKey, IsKeyFile } from '../../../static/ts/keys/errors'
import { Bench, P_256, RSA_2048 } from '../openssl'

const bench = new Bench()

beforeAll(() => {
  bench.makeKeyPair('p256', ...P_256)
  bench.makeKeyPair('rsa', ...RSA_2048)
  bench.write('both.pem', concat(bench.read('rsa.pem'), bench.read('rsa.key')))
  bench.write('chain.pem', concat(encodeUtf8('subject=CN = é\n'), bench.read('rsa.pem'), bench.read('p256.pem')))
  for (const name of ['rsa', 'p256']) {
    bench.openssl('pkey', '-in', `${name}.key`, '-traditional', '-out', `${name}-bare.pem`)
    bench.openssl('pkey', '-in', `${name}.key`, '-traditional', '-outform', 'DER', '-out', `${name}-bare.der`)
    bench.openssl('pkcs8', '-topk8', '-in', `${name}.key`, '-outform', 'DER', '-nocrypt', '-out', `${name}.p8`)
    bench.openssl('pkcs8', '-topk8', '-in', `${name}.key`, '-outform', 'DER', '-passout', 'pass:x', '-out', `${name}-locked.p8`)
    bench.openssl('pkcs12', '-export', '-inkey', `${name}.key`, '-in', `${name}.pem`, '-passout', 'pass:x', '-out', `${name}.p12`)
  }
})

test.each([
  ['rsa.der', 'rsa'],
  ['rsa.pem', 'rsa'],
  ['chain.pem', 'rsa'],
  ['p256.der', 'p256'],
])('readCertificateFile finds the certificate of %s', async (file, commonName) => {
  expect((await readCertificateFile(bench.read(file))).commonName).toBe(commonName)
})

const secrets = ['rsa', 'p256'].flatMap((name) => ['.key', '-bare.pem', '-bare.der', '.p8', '-locked.p8', '.p12'].map((end) => name + end))

test.each([...secrets, 'both.pem'])('readCertificateFile refuses %s, which holds a private key', async (file) => {
  await expect(readCertificateFile(bench.read(file))).rejects.toThrow(HoldsPrivateKey)
})

test('readCertificateFile refuses a key file in BER', async () => {
  await expect(readCertificateFile(Uint8Array.of(0x30, 0x80, 2, 1, 3))).rejects.toThrow(IsKeyFile)
})

test('readCertificateFile tells a key file from a bare key: another way is offered for it', async () => {
  await expect(readCertificateFile(bench.read('rsa.p12'))).rejects.toThrow(IsKeyFile)
  await expect(readCertificateFile(bench.read('rsa.p8'))).rejects.not.toThrow(IsKeyFile)
})

test.each(['', 'bonjour', '-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----', '0123', '\u0000'])(
  'readCertificateFile refuses the text %j',
  async (text) => {
    await expect(readCertificateFile(encodeUtf8(text))).rejects.toThrow(CertificateMalformed)
  },
)
