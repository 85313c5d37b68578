# SPDX-License-Identifier: EUPL-1.2
"""Why a block is not sealed, or not opened."""


class SealingError(ValueError):
    """What the caller gives does not make a block."""


class EnvelopeError(Exception):
    """A block that cannot be opened; `code` is that of docs/envelope-format.md §9."""

    code: str


class Malformed(EnvelopeError):
    """The bytes are not one envelope."""

    code = "malformed"


class Unsupported(EnvelopeError):
    """An envelope of another kind than those that are written here."""

    code = "unsupported"


class NotARecipient(EnvelopeError):
    """The block is not sealed to this certificate."""

    code = "not_a_recipient"


class Damaged(EnvelopeError):
    """The unwrapping or the tag does not agree; which of them is not said."""

    code = "damaged"


class Misplaced(EnvelopeError):
    """The block, sound or not, is not the one of this place."""

    code = "misplaced"
