// SPDX-License-Identifier: EUPL-1.2
// The parts of node-forge that `legacy.ts` imports, without all the rest; in the words of what is used of them.
interface ForgeBuffer {
  length(): number
}

/** Of its output, a cipher of 16-bit words uses the first, one of 32-bit words the second. */
interface ForgeOutput {
  putInt16Le(word: number): void
  putInt32(word: number): void
}

declare module 'node-forge/lib/util.js' {
  const util: { createBuffer(bytes: Uint8Array): ForgeBuffer }
  export default util
}

declare module 'node-forge/lib/rc2.js' {
  interface RunningCipher {
    start(iv: ForgeBuffer, output: ForgeOutput): void
    update(input: ForgeBuffer): void
  }
  const rc2: { createDecryptionCipher(key: ForgeBuffer, bits: number): RunningCipher }
  export default rc2
}

declare module 'node-forge/lib/cipher.js' {
  interface RunningCipher {
    start(options: { iv: ForgeBuffer; output: ForgeOutput }): void
    update(input: ForgeBuffer): void
  }
  const cipher: { createDecipher(algorithm: '3DES-CBC', key: ForgeBuffer): RunningCipher }
  export default cipher
}

declare module 'node-forge/lib/des.js' {}
