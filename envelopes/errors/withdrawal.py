# SPDX-License-Identifier: EUPL-1.2
"""Refusals to withdraw a deposit."""

from django.utils.translation import gettext_lazy as _

from marketplace.errors import Refusal


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
