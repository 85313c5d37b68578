# SPDX-License-Identifier: EUPL-1.2
"""Refusals of this app.

Refusal
└── DecisionRefused      recording what the buyer decides
    ├── ReportPending    the analysis is not finished
    └── IdentityUnchecked a signed document is admitted, and nobody checked who signed it
"""

from django.utils.translation import gettext_lazy as _

from marketplace.errors import Refusal


class DecisionRefused(Refusal):
    """Base of what keeps a decision from being recorded."""

    code = "decision_refused"


class ReportPending(DecisionRefused):
    """The analysis is not finished: there is nothing to decide in view of."""

    code = "report_pending"
    user_message = _("The analysis of this file is not finished.")
    remedy = _("Load the page again in a minute, then decide in view of its result.")


class IdentityUnchecked(DecisionRefused):
    """Who signed, and with what power, is checked by a person, never by a program (CCP, annex 12)."""

    code = "identity_unchecked"
    # Translators: arrêté du 22 mars 2019, art. 5
    user_message = _(
        "A signed document is admitted once a person has checked who the signatory is."
    )
    remedy = _("Check the signatory’s identity and power to sign, tick the box, and admit again.")
