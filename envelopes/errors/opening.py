# SPDX-License-Identifier: EUPL-1.2
"""Refusals to open an envelope."""

from datetime import datetime

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from marketplace.errors import Refusal


class OpeningRefused(Refusal):
    """Base of the refusals to open an envelope: when one is raised, nothing of it was opened."""

    code = "opening_refused"


class DeadlineNotReached(OpeningRefused):
    """The deadline has not passed, or the consultation is not on line (CCP, art. R2132-9)."""

    code = "deadline_not_reached"
    user_message = _("The bids of this consultation stay sealed until its deadline has passed.")
    remedy = _("Come back after the deadline: nobody, administrators included, opens one before.")

    def __init__(self, closes_at: datetime) -> None:
        super().__init__(closes_at)
        self.closes_at = closes_at

    @property
    def facts(self) -> dict[str, str | int | None]:
        return {"closes_at": self.closes_at.isoformat()}


class ApplicationFirst(OpeningRefused):
    """This deposit has an application that is still sealed: it is opened before the offer."""

    code = "application_first"
    # Translators: « candidature », « offre »
    user_message = _("The application of this deposit is still sealed: the offer comes after it.")
    remedy = _("Open the application of this deposit first.")


class LateNotConfirmed(OpeningRefused):
    """The deposit arrived after the deadline, and nobody said that it must be opened all the same."""

    code = "late_not_confirmed"
    # Translators: « hors délai »; CCP, art. R2151-5
    user_message = _("This deposit arrived after the deadline: it is not opened with the others.")
    remedy = _("Open it on its own, and confirm, if there is a legal reason to open it.")


class ReplacedNotConfirmed(OpeningRefused):
    """The bidder replaced the deposit, and nobody said that it must be opened all the same."""

    code = "replaced_not_confirmed"
    # Translators: « remplacé »; CCP, art. R2151-6
    user_message = _("The bidder replaced this deposit by a later one: it is not opened.")
    remedy = _("Open it on its own, and confirm, if there is a legal reason to open it.")


class DepositWithdrawn(OpeningRefused):
    """The bidder withdrew the deposit before the deadline."""

    code = "deposit_withdrawn"
    # Translators: « retiré »
    user_message = _("The bidder withdrew this deposit before the deadline: nobody opens it.")
    remedy = _("Leave it sealed: it stays listed, with the time of its withdrawal.")


class NotDeclared(OpeningRefused):
    """A sealed block is asked for by an agent who did not say that it opens the envelope on a computer."""

    code = "not_declared"
    user_message = _("You did not say that you open this envelope on your computer.")
    remedy = _("Reload the page, then choose “Open on this computer only” again.")


class NotARecipientKey(OpeningRefused):
    """The key pair is not one to which the bids of this consultation are sealed."""

    code = "not_a_recipient"
    user_message = _("The bids of this consultation are not sealed to this key pair.")
    remedy = _("Choose the file of one of the key pairs that this page lists.")


class WrongContentKeys(OpeningRefused):
    """The keys given are not those of the blocks, which are as they were sealed."""

    code = "wrong_content_keys"
    user_message = _("The keys that were sent do not open this envelope.")
    remedy = _("Reload the page, choose the file of your key pair again, and open it again.")


class ManifestDamaged(OpeningRefused):
    """The manifest of the deposit cannot be read, or is not the one of its receipt."""

    code = "bad_manifest"
    user_message = _("The manifest of this deposit is damaged: nothing of it was opened.")
    remedy = _("Ask an administrator to restore the database from its last backup.")


class IndexDamaged(OpeningRefused):
    """The index of the envelope, sealed by the bidder, is not the one of its manifest."""

    code = "bad_index"
    user_message = _("The list of files of this envelope is not the one of its deposit.")
    remedy = _("Nothing was opened. Tell the bidder, who can show the receipt of this deposit.")


class BlockDamaged(OpeningRefused):
    """A sealed block is missing, or is not the one that was acknowledged.

    `position` is the rank of its file in the envelope, from 1, the index being at 0; `number` the
    block's in its file, from 0; `cause` says in what.
    """

    code = "damaged"
    remedy = _("Ask an administrator to restore this block from a backup, then open it again.")

    def __init__(self, position: int, number: int, cause: str) -> None:
        super().__init__(position, number, cause)
        self.position, self.number, self.cause = position, number, cause
        where = (
            _("Block {number} of file {position} of this envelope is damaged: it is not opened.")
            if position
            else _("Block {number} of this envelope’s list of files is damaged: it is not opened.")
        )
        self.user_message = format_lazy(where, number=number + 1, position=position)

    @property
    def facts(self) -> dict[str, str | int | None]:
        return {"file": self.position, "block": self.number, "cause": self.cause}


class FilesRemoved(OpeningRefused):
    """The files of a rehearsal were kept as long as its receipt says. Nothing was lost."""

    code = "files_removed"
    user_message = _("The files of this rehearsal were removed, as its receipt announces.")
    remedy = _("Nothing is lost: nobody opens a rehearsal. Its receipt can still be verified.")


class ReleaseDamaged(OpeningRefused):
    """The keys that were released cannot be read with the release key of this server."""

    code = "release_damaged"
    user_message = _("The released keys of this envelope cannot be read.")
    remedy = _("Ask an administrator whether the release key of the server was changed.")


class StoreUnavailable(OpeningRefused):
    """The store of sealed blocks does not answer; nothing says that anything is lost."""

    code = "store_unavailable"
    user_message = _("The store of sealed bids does not answer.")
    remedy = _("Try again in a few minutes: what was opened before stays open.")


class StillChecked(OpeningRefused):
    """It may replace what would be opened now (`envelopes.standing`)."""

    code = "still_checked"
    user_message = _(
        "A bid of this company that arrived in time is still being checked: it may replace this one."
    )
    remedy = _("Try again in a few minutes.")
