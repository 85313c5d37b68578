# SPDX-License-Identifier: EUPL-1.2
"""Refusals about what agents enter in the register of deposits."""

from django.utils.translation import gettext_lazy as _

from marketplace.errors import Refusal


class PaperRefused(Refusal):
    """Base of what is refused about paper deposits and backup copies."""

    code = "paper_refused"


class ArrivalTooEarly(PaperRefused):
    """The instant of arrival is before the consultation was published."""

    code = "arrival_too_early"
    user_message = _("The date of arrival is before the publication of the consultation.")
    remedy = _("Check the day and the year: give the date and hour at which it was received.")


class ArrivalToCome(PaperRefused):
    """The instant of arrival is after now."""

    code = "arrival_to_come"
    user_message = _("The date of arrival is in the future.")
    remedy = _("Give the date and hour at which it was received.")


class LineCancelled(PaperRefused):
    """Somebody cancelled the line before."""

    code = "line_cancelled"
    user_message = _("This line of the register is cancelled already.")
    remedy = _("Enter another line if something is to be added.")


class LineDiffers(PaperRefused):
    """The same form was sent before, for another consultation or with other content."""

    code = "line_differs"
    user_message = _("This line is in the register already, with other content.")
    remedy = _(
        "Go back to the register, look at the line, and enter a new one for what is not there yet."
    )


class ReasonMissing(PaperRefused):
    """A register is read years later: it says why a line was cancelled."""

    code = "reason_missing"
    user_message = _("A line is cancelled with a reason.")
    remedy = _("Say in a few words why this line is cancelled.")
