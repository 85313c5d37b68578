// SPDX-License-Identifier: EUPL-1.2
// KeyFileError
// ├── Pkcs12Malformed          ├── WrongPassword        ├── NoPrivateKey
// ├── Pkcs12Empty              ├── TooManyIterations    ├── UnsupportedKey
// ├── Pkcs12Truncated          ├── PasswordNotAscii     ├── UnsupportedProtection
// └── Pkcs12TooLarge           └── LegacyReaderMissing
// CertificateMalformed, HoldsPrivateKey ← IsKeyFile, InvalidCommonName, BadChallenge

/** A key file that cannot be opened or written; `code` names the sentence to show. */
export abstract class KeyFileError extends Error {
  abstract readonly code: string
}

/** The file is not a PKCS#12, or it is altered. */
export class Pkcs12Malformed extends KeyFileError {
  readonly code = 'pkcs12_malformed'
  override readonly name = 'Pkcs12Malformed'
}

/** The file has no byte at all: a copy that failed. */
export class Pkcs12Empty extends KeyFileError {
  readonly code = 'pkcs12_empty'
  override readonly name = 'Pkcs12Empty'
}

/** The file ends before what it announces: a copy that was interrupted. */
export class Pkcs12Truncated extends KeyFileError {
  readonly code = 'pkcs12_truncated'
  override readonly name = 'Pkcs12Truncated'
}

/** The file is larger than any key with its chain. */
export class Pkcs12TooLarge extends KeyFileError {
  readonly code = 'pkcs12_too_large'
  override readonly name = 'Pkcs12TooLarge'
}

/** The file is an old one, and the part of the site that reads those could not be fetched. */
export class LegacyReaderMissing extends KeyFileError {
  readonly code = 'legacy_reader_missing'
  override readonly name = 'LegacyReaderMissing'
}

/** The file is protected by an algorithm that is unknown here. */
export class UnsupportedProtection extends KeyFileError {
  readonly code = 'unsupported_protection'
  override readonly name = 'UnsupportedProtection'
}

/** The password is not the file's. */
export class WrongPassword extends KeyFileError {
  readonly code = 'wrong_password'
  override readonly name = 'WrongPassword'
}

/** The file asks for more work, in rounds of key derivation or in parts, than an honest one: it would freeze the computer. */
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
  readonly code: string = 'holds_private_key'
  override readonly name: string = 'HoldsPrivateKey'
}

/** It is a PKCS#12: there is another way for it. */
export class IsKeyFile extends HoldsPrivateKey {
  override readonly code = 'is_key_file'
  override readonly name = 'IsKeyFile'
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
