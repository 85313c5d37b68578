// SPDX-License-Identifier: EUPL-1.2
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Bytes } from '../../static/ts/bytes'

/** A folder of files between which `openssl` and others work; a command missing or failing is a failure of the test. */
export class Bench {
  readonly folder = mkdtempSync(join(tmpdir(), 'sigille-'))

  write(name: string, content: Uint8Array | string): string {
    const path = join(this.folder, name)
    writeFileSync(path, content)
    return path
  }

  read(name: string): Bytes {
    return Uint8Array.from(readFileSync(join(this.folder, name)))
  }

  /** Runs `openssl` with these words; the result is what it wrote to its standard output. */
  openssl(...words: readonly string[]): string {
    return this.run('openssl', ...words)
  }

  run(command: string, ...words: readonly string[]): string {
    const { status, stdout, stderr, error } = spawnSync(command, words, { cwd: this.folder, encoding: 'latin1' })
    if (status !== 0) throw new Error(`${command} ${words.join(' ')}: ${stdout}${stderr}`, { cause: error })
    return stdout
  }

  /** `<name>.key` and a self-signed `<name>.pem`; the key is made as `openssl genpkey` is told. */
  makeKeyPair(name: string, ...genpkey: readonly string[]): void {
    this.openssl('genpkey', '-out', `${name}.key`, ...genpkey)
    this.openssl('req', '-x509', '-new', '-key', `${name}.key`, '-out', `${name}.pem`, '-subj', `/CN=${name}`, '-days', '30')
    this.openssl('x509', '-in', `${name}.pem`, '-outform', 'DER', '-out', `${name}.der`)
  }

  /** A PKCS#12 that openssl makes of `<name>.key` and `<name>.pem`. */
  exportPkcs12(name: string, password: string, ...options: readonly string[]): Bytes {
    const files = ['-inkey', `${name}.key`, '-in', `${name}.pem`, '-passout', `pass:${password}`, '-out', `${name}.p12`]
    this.openssl('pkcs12', '-export', ...files, ...options)
    return this.read(`${name}.p12`)
  }
}

export const RSA_2048 = ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'] as const
export const P_256 = ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'] as const
export const P_384 = ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384'] as const
