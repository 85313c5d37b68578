# SPDX-License-Identifier: EUPL-1.2
"""What goes wrong while a file is sent."""

from django.utils.translation import gettext_lazy as _

from marketplace.errors import Refusal


class UploadRefused(Refusal):
    """Base of what goes wrong while a file is sent. Nothing already acknowledged is lost."""

    code = "upload_refused"


class BadUpload(UploadRefused):
    """A header of the tus protocol is missing, malformed, or of an extension not offered."""

    code = "bad_upload"
    user_message = _("The upload request is not one that this site understands.")
    remedy = _("Load the page again, then resume. If it happens again, tell support.")

    def __init__(self, header: str) -> None:
        super().__init__(header)
        self.header = header

    @property
    def facts(self) -> dict[str, str | int | None]:
        return {"header": self.header}


class BadContentType(BadUpload):
    """The body of the request is not said to be bytes of a file."""

    code = "bad_content_type"

    def __init__(self) -> None:
        super().__init__("Content-Type")


class UnknownEnvelope(UploadRefused):
    """The envelope named is not one of the deposit."""

    code = "unknown_envelope"
    user_message = _("This envelope does not belong to the deposit.")
    remedy = _("Load the page again and add the file to one of the envelopes shown.")


class UploadDiffers(UploadRefused):
    """The id of the request is that of another upload: it is not the same request again."""

    code = "upload_differs"
    user_message = _("The request begins another upload than the one it names.")
    remedy = _("Load the page again, then add the file again.")


class FileTooLarge(UploadRefused):
    """The file is larger than `limits.LARGEST_FILE`."""

    code = "file_too_large"
    user_message = _("The file is larger than the size announced on this page.")
    remedy = _("Split it, or compress it, and add the parts.")


class MeasureTooLarge(UploadRefused):
    """More than `limits.LARGEST_MEASURE` came to know how fast a line is."""

    code = "measure_too_large"
    user_message = _("Too many bytes were sent to measure the connection.")
    remedy = _("Load the page again, and measure again.")


class TooManyFiles(UploadRefused):
    """The deposit already has `limits.MOST_FILES` files."""

    code = "too_many_files"
    user_message = _("The deposit already has as many files as announced on this page.")
    remedy = _("Gather several files in one archive.")


class DepositTooLarge(UploadRefused):
    """The files of the deposit, this one included, are larger than `limits.LARGEST_DEPOSIT`."""

    code = "deposit_too_large"
    user_message = _("With this file the deposit would be larger than announced on this page.")
    remedy = _("Compress the files, or remove those that the buyer does not ask for.")


class RehearsalTooLarge(UploadRefused):
    """The files of a deposit in a test consultation are larger than `limits.LARGEST_REHEARSAL`."""

    code = "rehearsal_too_large"
    user_message = _("With this file the rehearsal would be larger than announced on this page.")
    remedy = _("Rehearse with small files: the true consultations take the large ones.")


class NoRoom(UploadRefused):
    """The store has no room for the file, beside what is promised to the uploads under way."""

    code = "no_room"
    user_message = _("The server has no room for this file now: nothing of it was sent.")
    remedy = _("Try again in a few minutes; if it lasts, tell support.")


class BeyondLength(UploadRefused):
    """More bytes follow than the file was said to have."""

    code = "beyond_length"
    user_message = _("More was sent than the announced size of the file.")
    remedy = _("The file may have changed meanwhile: remove it from the list and add it again.")


class PieceTooSmall(UploadRefused):
    """Only whole blocks are kept, and this request holds none: repeating it would never end."""

    code = "piece_too_small"
    user_message = _("The file is being sent in pieces too small to be sealed.")
    remedy = _("Use the page of this site, or send pieces of 8 MiB at least.")


class OffsetMismatch(UploadRefused):
    """The request does not start at the first byte that the server lacks."""

    code = "offset_mismatch"
    user_message = _("The upload does not continue where it stopped.")
    remedy = _("Resume: the page asks the server where to continue.")


class WriterDisplaced(UploadRefused):
    """A newer request of the same bidder took over this file: it has one writer at a time."""

    code = "writer_displaced"
    user_message = _("The file is being sent from another page or tab.")
    remedy = _("Keep a single tab open on this deposit, and resume there.")


class UploadRemoved(UploadRefused):
    """The file was removed from the deposit while it was being sent."""

    code = "upload_removed"
    user_message = _("The file was removed from the deposit while it was being sent.")
    remedy = _("Load the page again. If the file belongs to the bid, add it again.")


class TransferCut(UploadRefused):
    """The request ended in the middle of a block, which is discarded; those before it are kept.

    Whether the line was cut, or the bidder paused, the server cannot tell.
    """

    code = "transfer_cut"
    user_message = _("The sending of the file was cut or paused.")
    remedy = _("Resume: what was received before is kept.")


class StoreFailed(UploadRefused):
    """The store reported an error: the block it was given is not acknowledged, nor tried again."""

    code = "store_failed"
    user_message = _("The server could not keep what was being sent.")
    remedy = _(
        "What was received before is kept. Resume in a few minutes; if it lasts, tell support."
    )

    def __init__(self, errno: int | None) -> None:
        super().__init__(errno)
        self.errno = errno

    @property
    def facts(self) -> dict[str, str | int | None]:
        return {"errno": self.errno}


class AlreadySubmitted(UploadRefused):
    """The deposit was submitted."""

    code = "already_submitted"
    user_message = _("This deposit is submitted: its files can no longer change.")
    remedy = _("Its receipt is in your deposits. To send more files, start another deposit.")
