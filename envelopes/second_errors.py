# SPDX-License-Identifier: EUPL-1.2
"""Refusals of what a bidder does after a first deposit.

Refusal
├── SubmissionRefused       submitting another
│   ├── RelationMissing     replace the earlier deposit, or complete it? that was not said
│   ├── RelationFrozen      the deposit is submitted: that no longer changes
│   └── RelationChanged     it changed since the page was shown
├── OpeningRefused          opening one of several
│   └── StillChecked        another one, that arrived in time, is not checked yet
└── WithdrawalRefused       withdrawing one
    ├── NotSubmitted        it is in preparation
    └── WithdrawalTooLate   the deadline has passed
"""

from django.utils.translation import gettext_lazy as _

from envelopes.errors import OpeningRefused, SubmissionRefused
from marketplace.errors import Refusal


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


class StillChecked(OpeningRefused):
    """It may replace what would be opened now (`envelopes.standing`)."""

    code = "still_checked"
    user_message = _(
        "A bid of this company that arrived in time is still being checked: it may replace this one."
    )
    remedy = _("Try again in a few minutes.")


class WithdrawalRefused(Refusal):
    """Base of what keeps a deposit from being withdrawn. It stays as it was."""

    code = "withdrawal_refused"


class NotSubmitted(WithdrawalRefused):
    """The deposit is in preparation: the buyer will see nothing of it."""

    code = "not_submitted"
    user_message = _("This bid is not submitted: there is nothing to withdraw.")
    remedy = _("Remove its files, or leave it: what is not submitted is not a bid.")


class WithdrawalTooLate(WithdrawalRefused):
    """The deadline has passed."""

    code = "withdrawal_too_late"
    user_message = _("The deadline has passed: a bid is no longer withdrawn here.")
    remedy = _("The bid stays as it is. Write to the buyer, who says what follows.")
