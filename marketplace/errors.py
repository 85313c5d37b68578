# SPDX-License-Identifier: EUPL-1.2
"""Refusals: what the program will not do, why, and what the person can do about it.

    Refusal                 code, user_message, remedy
    ├── ConsultationRefused creating or changing a consultation
    │   ├── AlreadyOnline   the consultation is on line: its content is frozen
    │   ├── DeadlinePassed  the deadline to set is not in the future
    │   ├── ReferenceTaken  the service already has a consultation with this reference
    │   └── AdministratorsOnly  only they make a test consultation
    ├── AccountRefused      making or changing an account
    │   ├── CompanyKnown    the company, or the person, already has an account
    │   ├── AddressTaken    the agent to invite already has an account
    │   ├── OwnAccount      administrators do not shut themselves out
    │   └── DepartureOver   the last day of an agent is announced before it
    ├── RightMissing        the agent lacks a right
    └── PDFUnavailable      the server cannot make a document

JournalDamaged is no refusal: the journal is not what was written, and an operator must look at it.

Each app has its own base under `Refusal`; a core has an exception of its own, that a rule translates.
"""

from django.db.models import Model
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Refusal(Exception):
    """Something that the program refuses to do.

    `code` names the reason in the journal and in support calls; `user_message` and `remedy` are
    whole sentences, safe to show.
    """

    code: str = "refused"
    user_message: str | Promise = _("This cannot be done.")
    remedy: str | Promise = ""

    @property
    def facts(self) -> dict[str, str | int | None]:
        """What the journal keeps of this refusal besides its code. Never contents of a bid."""
        return {}


class RightMissing(Refusal):
    """The agent is signed in, but without the right that this needs."""

    code = "right_missing"
    user_message = _("Your account does not have the right to do this.")
    remedy = _("Ask an administrator of your organisation to grant it.")

    def __init__(self, right: str) -> None:
        super().__init__(right)
        self.right = right

    @property
    def facts(self) -> dict[str, str | int | None]:
        return {"right": self.right}


class PDFUnavailable(Refusal):
    """A library of the system is missing: documents cannot be made, pages can be printed."""

    code = "pdf_unavailable"
    user_message = _("This server cannot make PDF documents: a library is missing on it.")
    remedy = _(
        "Print the page from your browser, or save its other files; whoever operates the site can add "
        "the library."
    )


class ConsultationRefused(Refusal):
    """Base of the refusals that concern the writing of a consultation."""

    code = "consultation_refused"


class AlreadyOnline(ConsultationRefused):
    """The consultation is on line: what bidders have read is frozen."""

    code = "already_online"
    user_message = _("This consultation is on line: it can no longer be changed.")
    remedy = _("Create another consultation if its content must change.")


class DeadlinePassed(ConsultationRefused):
    """The deadline, or the planned opening, is not where it must be."""

    code = "deadline_passed"
    user_message = _("The deadline must be in the future, and the planned opening after it.")
    remedy = _("Choose a later date and time.")


class ReferenceTaken(ConsultationRefused):
    """The service already has a consultation with this reference."""

    code = "reference_taken"
    user_message = _("Another consultation of the service already has this reference.")
    remedy = _("Give this one a reference of its own.")


class AdministratorsOnly(ConsultationRefused):
    """A test consultation is shown to every company: an administrator answers for it."""

    code = "administrators_only"
    user_message = _("Only an administrator makes a consultation a test, or a test a consultation.")
    remedy = _("Ask an administrator of your organisation to write it.")


class AccountRefused(Refusal):
    """Base of the refusals that concern accounts."""

    code = "account_refused"


class CompanyKnown(AccountRefused):
    """The company, or the person, already has an account.

    `known` tells the journal which. The stranger who reads the sentence learns of companies only:
    whether a person has an account is told to that person, by mail.
    """

    code = "company_known"
    user_message = _("This company number cannot be signed up: it may already have an account.")
    remedy = _(
        "Ask the colleague who signed the company up, or sign in if you have an account. "
        "If your address is known here, a message tells you there what to do."
    )

    def __init__(self, known: Model) -> None:
        super().__init__(known)
        self.known = known


class AddressTaken(AccountRefused):
    """The agent to invite already has an account."""

    code = "address_taken"
    user_message = _("This e-mail address already has an account.")
    remedy = _("Find the person in the list of agents, or give another address.")


class OwnAccount(AccountRefused):
    """An administrator tries to leave administration, or to disable the own account."""

    code = "own_account"
    user_message = _("You cannot disable your own account, nor give up administration yourself.")
    remedy = _("Ask another administrator to do it.")


class DepartureOver(AccountRefused):
    """A departure is announced for a day that is over."""

    code = "departure_over"
    user_message = _("The last day of an agent cannot be in the past.")
    remedy = _("Give a day to come; if the person has left already, disable the account.")


class JournalDamaged(Exception):
    """The journal is not what was written. `index` is the first entry that is wrong, where it is known."""

    def __init__(self, index: int | None) -> None:
        super().__init__(index)
        self.index = index
