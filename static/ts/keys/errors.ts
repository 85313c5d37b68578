// SPDX-License-Identifier: EUPL-1.2
// KeyFileError
// ├── Pkcs12Malformed          ├── WrongPassword        ├── NoPrivateKey
// ├── LegacyPkcs12             ├── TooManyIterations    ├── UnsupportedKey
// └── UnsupportedProtection    └── PasswordNotAscii
// CertificateMalformed, HoldsPrivateKey, InvalidCommonName, BadChallenge

/** A key file that cannot be opened or written; `code` names the sentence to show. */
export abstract class KeyFileError extends Error {
  abstract readonly code: string
}

/** The file is not a PKCS#12, or it is cut or altered. */
export class Pkcs12Malformed extends KeyFileError {
  readonly code = 'pkcs12_malformed'
  override readonly name = 'Pkcs12Malformed'
}

/** The file is protected by RC2 or triple DES, which no browser opens: it must be exported again. */
export class LegacyPkcs12 extends KeyFileError {
  readonly code = 'legacy_pkcs12'
  override readonly name = 'LegacyPkcs12'
}

/** The file is protected by an algorithm that is neither legacy nor known here. */
export class UnsupportedProtection extends KeyFileError {
  readonly code = 'unsupported_protection'
  override readonly name = 'UnsupportedProtection'
}

/** The password is not the file's. */
export class WrongPassword extends KeyFileError {
  readonly code = 'wrong_password'
  override readonly name = 'WrongPassword'
}

/** The file asks for more rounds of key derivation than an honest one: it would freeze the computer. */
export class TooManyIterations extends KeyFileError {
  readonly code = 'too_many_iterations'
  override readonly name = 'TooManyIterations'
}

/** The file holds no private key with its certificate. */
export class NoPrivateKey extends KeyFileError {
  readonly code = 'no_private_key'
  override readonly name = 'NoPrivateKey'
}

/** The key is neither RSA nor on P-256 or P-384, or the browser refuses it. */
export class UnsupportedKey extends KeyFileError {
  readonly code = 'unsupported_key'
  override readonly name = 'UnsupportedKey'
}

/** The password has characters that some programs would not encode as we do. */
export class PasswordNotAscii extends KeyFileError {
  readonly code = 'password_not_ascii'
  override readonly name = 'PasswordNotAscii'
}

/** The bytes are not an X.509 certificate. */
export class CertificateMalformed extends Error {
  readonly code = 'certificate_malformed'
  override readonly name = 'CertificateMalformed'
}

/** A file chosen as a certificate holds a private key: it must not leave the computer. */
export class HoldsPrivateKey extends Error {
  readonly code = 'holds_private_key'
  override readonly name = 'HoldsPrivateKey'
}

/** A name that a certificate cannot carry. */
export class InvalidCommonName extends Error {
  readonly code = 'invalid_common_name'
  override readonly name = 'InvalidCommonName'
}

/** What was opened is not a challenge of this site to this key: it must not be answered. */
export class BadChallenge extends Error {
  readonly code = 'bad_challenge'
  override readonly name = 'BadChallenge'
}
