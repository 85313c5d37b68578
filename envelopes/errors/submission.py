# SPDX-License-Identifier: EUPL-1.2
"""Refusals to submit a deposit, a first one or another."""

from django.utils.translation import gettext_lazy as _

from marketplace.errors import Refusal


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


class SubmissionCut(SubmissionRefused):
    """The request ended before its announced length: the line was cut, or the bidder stopped it."""

    code = "submission_cut"
    user_message = _("The request to submit the bid was cut or stopped before it arrived whole.")
    remedy = _("Submit the bid again. The files that were received stay received.")


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


class TooManyRehearsals(SubmissionRefused):
    """The company submitted `limits.MOST_REHEARSALS` to test consultations within a day."""

    code = "too_many_rehearsals"
    user_message = _(
        "Your company has submitted as many rehearsals within 24 hours as the page of the test"
        " consultation announces."
    )
    remedy = _(
        "Rehearse again tomorrow: the files that were received stay received. True consultations"
        " receive bids at any time, and count no rehearsal."
    )


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


class RelationMissing(SubmissionRefused):
    """The company has submitted a deposit, and nobody said what this one is to it (CCP, art. R2151-6)."""

    code = "relation_missing"
    # Translators: « Remplacer » ou « Compléter »
    user_message = _("It was not said whether this bid replaces the earlier one or completes it.")
    remedy = _("Choose one of the two, then continue.")


class RelationFrozen(SubmissionRefused):
    """The deposit is submitted: its receipt says what it is to the earlier one."""

    code = "relation_frozen"
    user_message = _("This bid is submitted: what it is to the earlier one no longer changes.")
    remedy = _("Before the deadline, another bid may replace it, or it may be withdrawn.")


class RelationChanged(SubmissionRefused):
    """What the page said of the earlier deposit is no longer so: it was withdrawn, or chosen anew."""

    code = "relation_changed"
    user_message = _("What this bid is to the earlier one has changed since the page was shown.")
    remedy = _("Load the page again: it shows what is kept. Then submit.")
