# SPDX-License-Identifier: EUPL-1.2
from dataclasses import replace

import pytest

from marketplace.models import JournalEntry, Right
from signatures import conclusions, decisions
from signatures.decisions import Answer
from signatures.errors import IdentityUnchecked, ReportPending
from signatures.models import Decision, Report
from tests import factories
from tests.envelopes.sealed import OPENED
from tests.factories import SECOND
from tests.signatures import pki
from tests.signatures.released import make_opened

pytestmark = pytest.mark.django_db
ADMIT = Answer("admit", "La signature est celle du gérant.", identity_checked=True)
REJECT = Answer("reject", "Le certificat est celui d’un tiers.", identity_checked=False)


@pytest.fixture
def signed():
    opened = make_opened(pki.sign(pki.make_pdf(), pki.make_pki().signers["good"]))
    conclusions.conclude(opened.report.pk, now=OPENED)
    return opened


def decide(opened, answer, *, agent=None, now=OPENED):
    return decisions.decide(opened.report.pk, answer, agent=agent or opened.scene.agent, now=now)


def test_decide_keeps_every_decision(signed):
    first = decide(signed, ADMIT)
    second = decide(signed, REJECT, now=OPENED + SECOND)

    assert list(signed.report.decisions.order_by("decided_at")) == [first, second]
    assert (second.choice, second.reason, second.decided_by) == (
        "reject",
        REJECT.reason,
        signed.scene.agent,
    )
    assert signed.report.indication == "INDETERMINATE"  # the technical result stays what it is


def test_decide_journals_the_choice_and_not_the_reason(signed):
    decide(signed, ADMIT)

    entry = JournalEntry.objects.get(action="report.decided")
    assert entry.facts == {"choice": "admit", "identity_checked": True}
    assert entry.organisation_id == signed.scene.service.organisation_id


def test_decide_twice_the_same_is_one_decision(signed):
    assert decide(signed, ADMIT) == decide(signed, ADMIT, now=OPENED + SECOND)

    assert Decision.objects.count() == 1
    assert JournalEntry.objects.filter(action="report.decided").count() == 1


def test_decide_the_same_by_another_agent_is_another_decision(signed):
    decide(signed, ADMIT)

    decide(signed, ADMIT, agent=factories.make_agent(Right.OPEN_BIDS, service=signed.scene.service))

    assert Decision.objects.count() == 2


def test_decide_admits_a_signed_file_once_its_signatory_is_checked(signed):
    with pytest.raises(IdentityUnchecked):
        decide(signed, replace(ADMIT, identity_checked=False))

    assert not Decision.objects.exists()
    assert decide(signed, REJECT)


def test_decide_admits_an_unsigned_file_without_a_signatory():
    opened = make_opened(pki.make_pdf())
    conclusions.conclude(opened.report.pk, now=OPENED)

    assert decide(opened, replace(ADMIT, identity_checked=False))


def test_decide_waits_for_the_analysis():
    opened = make_opened(pki.make_pdf())

    with pytest.raises(ReportPending):
        decide(opened, REJECT)

    assert opened.report.state == Report.State.PENDING
    assert not Decision.objects.exists()
    assert not JournalEntry.objects.filter(action="report.decided").exists()
