# SPDX-License-Identifier: EUPL-1.2
"""Refusals of this app, but those of an upload and of a second deposit (`upload_errors`, `second_errors`).

`marketplace.errors.Refusal` says what each carries.

Refusal
├── PublicationRefused      going on line
│   ├── NoPersonalKey       no personal key pair is chosen
│   ├── NoBackupKey         no backup key pair of the service is in service
│   ├── OneHolder           one person holds all of them
│   ├── KeyDeficient        one of them must not seal: see `envelopes.deficiencies`
│   ├── TooManyRecipients   a block has at most 64
│   └── TwinCertificates    two certificates have the same issuer and serial number
├── SubmissionRefused       submitting a deposit
│   ├── BadAnnouncement     the list of files has not the form it must have
│   ├── NothingToSubmit     no file
│   ├── BadFileName         a name that no computer could keep
│   ├── SameName            two files of an envelope have one name
│   ├── FilesDiffer         the files announced are not those that were received
│   ├── FileIncomplete      a file has not wholly arrived
│   └── StoredBlockDamaged  what is read back from the store is not what was sealed
├── ClosingBroken           what is kept no longer has the closing fingerprint
├── OpeningRefused          opening an envelope: nothing of it was opened
│   ├── DeadlineNotReached  nobody opens a bid before the deadline
│   ├── ApplicationFirst    the offer comes after the application of its deposit
│   ├── LateNotConfirmed    a late deposit is opened on purpose
│   ├── ReplacedNotConfirmed  so is one that a later one replaced
│   ├── DepositWithdrawn    its bidder withdrew it before the deadline
│   ├── NotARecipientKey    nothing here is sealed to that key pair
│   ├── WrongContentKeys    these are not the keys of the blocks
│   ├── ManifestDamaged     the manifest is not one, or is another deposit's
│   ├── IndexDamaged        the index is not that of the manifest
│   ├── BlockDamaged        a block is missing, or is not the one that was acknowledged
│   ├── ReleaseDamaged      the released keys cannot be read
│   └── StoreUnavailable    the store does not answer
└── StoreDamage             found in the store: nobody is refused anything, operators are told
    ├── BlockRepaired       a copy was missing or damaged; it is written again
    ├── BlockLost           no good copy is left
    └── ScrubStopped        a store does not answer, or does not take a repaired copy
"""

from datetime import datetime

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from keys.models import KeyPair
from marketplace.errors import Refusal


class PublicationRefused(Refusal):
    """Base of what keeps a consultation from going on line."""

    code = "publication_refused"
    key_pair: KeyPair | None = None  # the one to do something about, where it is one


class NoPersonalKey(PublicationRefused):
    """No personal key pair is chosen."""

    code = "no_personal_key"
    # Translators: « bi-clé personnel »
    user_message = _("No personal key pair is chosen.")
    remedy = _("Choose a proven one; if there is none, create one in the encryption keys.")


class NoBackupKey(PublicationRefused):
    """The service has no backup key pair that is proven, in date and not withdrawn."""

    code = "no_backup_key"
    # Translators: « bi-clé de secours »
    user_message = _("The service has no proven backup key pair.")
    remedy = _("Create one, or prove the one there is: if a personal key is lost, it still opens.")


class OneHolder(PublicationRefused):
    """Whoever holds all the keys may be ill, away or gone on the day of the opening."""

    code = "one_holder"
    # Translators: « titulaire »
    user_message = _("One person holds all the key pairs: without that person, no bid opens.")
    remedy = _("Choose a colleague’s key pair as well, or have a colleague create the backup one.")


class RecipientsChanged(PublicationRefused):
    """The key pairs are no longer those that the agent was shown."""

    code = "recipients_changed"
    user_message = _(
        "The key pairs that would open the bids have changed since the page was shown."
    )
    remedy = _("Check them again, then confirm.")


class TooManyRecipients(PublicationRefused):
    """A sealed block names 64 recipients at most (docs/envelope-format.md § 4)."""

    code = "too_many_recipients"
    user_message = _("Bids can be sealed to 64 key pairs at most, backup ones included.")
    remedy = _("Choose fewer personal key pairs.")


class TwinCertificates(PublicationRefused):
    """Two certificates could not be told apart by an opener (docs/envelope-format.md § 4)."""

    code = "twin_certificates"
    user_message = _("Two of the certificates have the same issuer and serial number.")
    remedy = _("Leave out one of the two key pairs; both may have been made from one file.")


class SubmissionRefused(Refusal):
    """Base of what keeps a deposit from being submitted. It stays as it was."""

    code = "submission_refused"


class StoreSilent(SubmissionRefused):
    """The store of sealed blocks does not answer; nothing says that anything is lost."""

    code = "store_silent"
    user_message = _("The store of sealed bids does not answer: the bid is not submitted yet.")
    remedy = _("Submit it again in a minute. The files that were received stay received.")


class BadAnnouncement(SubmissionRefused):
    """The request is not a list of envelopes and files of the form asked for."""

    code = "bad_announcement"
    user_message = _("The list of files could not be read.")
    remedy = _("Load the page again, then submit. If it happens again, tell support.")


class NothingToSubmit(SubmissionRefused):
    """There is no file."""

    code = "nothing_to_submit"
    user_message = _("There is no file in this deposit.")
    remedy = _("Add at least one file to one of the envelopes.")


class BadFileName(SubmissionRefused):
    """A name is empty, longer than 255 bytes, or has forbidden characters."""

    code = "bad_file_name"
    user_message = _("The name of a file is too long, or has characters that are not allowed.")
    remedy = _("Rename the file on your computer, remove it from the list and add it again.")


class SameName(SubmissionRefused):
    """Two files of one envelope have names that some computers cannot tell apart."""

    code = "same_name"
    user_message = _("Two files of one envelope have the same name.")
    remedy = _("Rename one of them on your computer, remove it from the list and add it again.")


class FilesDiffer(SubmissionRefused):
    """What the page lists is not what the server received."""

    code = "files_differ"
    user_message = _("The files listed on this page are not those that were received.")
    remedy = _(
        "Load the page again: it shows what was received. Complete or remove the files whose name"
        " is missing, then submit."
    )


class FileIncomplete(SubmissionRefused):
    """A file has not wholly arrived."""

    code = "file_incomplete"
    user_message = _("A file has not been received whole.")
    remedy = _("Wait for the end of the upload, or resume it, then submit.")


class StoredBlockDamaged(SubmissionRefused):
    """A block read back is not the one that was sealed."""

    code = "stored_block_damaged"
    user_message = _("One of the files was not kept properly by the server.")
    remedy = _("Remove it from the list, add it again and submit; tell support.")

    def __init__(self, storage_name: str) -> None:
        super().__init__(storage_name)
        self.storage_name = storage_name

    @property
    def facts(self) -> dict[str, str | int | None]:
        return {"block": self.storage_name}


class ClosingBroken(Refusal):
    """A manifest or a number was changed behind the program since the closing."""

    code = "closing_broken"
    # Translators: « empreinte de clôture »
    user_message = _("What is kept of the bids no longer has the closing fingerprint.")
    remedy = _("Keep your receipt, and tell support: the journal and the backups must be compared.")


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


class ReleaseDamaged(OpeningRefused):
    """The keys that were released cannot be read with the release key of this server."""

    code = "release_damaged"
    user_message = _("The released keys of this envelope cannot be read.")
    remedy = _("Ask an administrator whether the release key of the server was changed.")


class StoreUnavailable(OpeningRefused):
    """The store of sealed blocks does not answer; nothing says that anything is lost."""

    code = "store_unavailable"
    user_message = _("The store of sealed bids does not answer: nothing was opened.")
    remedy = _("Try again in a few minutes.")


class StoreDamage(Refusal):
    """Base of what is found when the store is read again; it becomes an alarm."""

    code = "store_damage"


class BlockRepaired(StoreDamage):
    """A copy of a block was written again from the other one."""

    code = "block_repaired"
    user_message = _("A copy of a sealed block was missing or damaged: it is written again.")
    remedy = _(
        "Nothing is lost. Look at the health of the disk, or of the object store, that it lay in."
    )


class BlockLost(StoreDamage):
    """None of the copies of a block is the one that was sealed."""

    code = "block_lost"
    user_message = _("No good copy of a sealed block is left in the store.")
    remedy = _(
        "Put the store back from a backup, then run “manage.py scrub”. The journal names the blocks."
    )


class ScrubStopped(StoreDamage):
    """A store could not be read, or a good copy could not be written to it."""

    code = "scrub_stopped"
    user_message = _("A store does not answer, or does not take a copy: the scrub has stopped.")
    remedy = _("Read the log of the workers. Once the store works, the scrub goes on by itself.")

    def __init__(self, errno: int | None) -> None:
        super().__init__(errno)
        self.errno = errno

    @property
    def facts(self) -> dict[str, str | int | None]:
        return {"errno": self.errno}
