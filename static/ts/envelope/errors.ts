// SPDX-License-Identifier: EUPL-1.2
// EnvelopeRefused: Malformed, Unsupported, NotARecipient, Damaged, Misplaced, BadManifest, BadIndex

/** A sealed file that must not be opened; `code` is that of docs/envelope-format.md § 9. */
export abstract class EnvelopeRefused extends Error {
  abstract readonly code: string
}

/** It cannot be parsed as an envelope, or something follows it. */
export class Malformed extends EnvelopeRefused {
  readonly code = 'malformed'
  override readonly name = 'Malformed'
}

/** It uses another algorithm or another version. */
export class Unsupported extends EnvelopeRefused {
  readonly code = 'unsupported'
  override readonly name = 'Unsupported'
}

/** It was not sealed to this certificate. */
export class NotARecipient extends EnvelopeRefused {
  readonly code = 'not_a_recipient'
  override readonly name = 'NotARecipient'
}

/** The digest, the unwrapping or the tag does not agree: which one is not told. */
export class Damaged extends EnvelopeRefused {
  readonly code = 'damaged'
  override readonly name = 'Damaged'
}

/** It is a block of another place. */
export class Misplaced extends EnvelopeRefused {
  readonly code = 'misplaced'
  override readonly name = 'Misplaced'
}

/** The manifest breaks docs/envelope-format.md § 7 or § 8. */
export class BadManifest extends EnvelopeRefused {
  readonly code = 'bad_manifest'
  override readonly name = 'BadManifest'
}

/** The index breaks docs/envelope-format.md § 6 or § 8, or is not that of the manifest. */
export class BadIndex extends EnvelopeRefused {
  readonly code = 'bad_index'
  override readonly name = 'BadIndex'
}
