# SPDX-License-Identifier: EUPL-1.2
"""The receipt on paper: five mentions always, the receipt inside, the same bytes whatever changes."""

import html
import json
import re
import subprocess
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envelopes import receipt_documents, submission
from envelopes.models import Deposit, Receipt
from marketplace import canonical, pdf, timestamps
from marketplace.development_authority import NAME
from marketplace.models import Company, Consultation, Organisation, Service, Timestamp
from tests.envelopes.deposits import ready_to_submit
from tests.factories import NOW, make_bidder, make_deposit, make_online_consultation
from tests.marketplace.test_pdf import without_pango

names = st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=120)
instants = st.integers(0, 10**15).map(lambda count: NOW + timedelta(microseconds=count))
digests = st.binary(min_size=32, max_size=32).map(bytes.hex)
follows = st.none() | st.fixed_dictionaries(
    {"deposit": st.uuids().map(str), "relation": st.sampled_from(["replaces", "completes"])}
)


@st.composite
def receipts(draw) -> dict[str, Any]:
    """What receipts of all versions say; the first told less of the journal."""
    closes_at, submitted_at = draw(instants), draw(instants)
    first = draw(st.none() | st.just(submitted_at - timedelta(hours=2)))
    version = draw(st.sampled_from([1, 2, 3, 4]))
    newer = {"copies": draw(st.integers(1, 2)), "follows": draw(follows)}
    newer |= {"rehearsal_kept_until": "2026-11-09T09:00:00.000000+00:00"} if version == 4 else {}
    entry = {"entry": {"actor": f"person@example.org {draw(st.uuids())}"}}
    return {
        "annex_sha256": draw(digests),
        "buyer": {"organisation": draw(names), "service": draw(names)},
        "company": {"name": draw(names), "registration": draw(names)},
        "consultation": {
            "closes_at": closes_at.isoformat(timespec="microseconds"),
            "id": str(draw(st.uuids())),
            "reference": draw(names),
            "title": draw(names),
        },
        "deposit": str(draw(st.uuids())),
        "first_byte_at": first and first.isoformat(timespec="microseconds"),
        "is_late": submitted_at >= closes_at,
        "journal": {
            "head": draw(st.none() | st.just("sigille/journal\n12\n…\n")),
            "index": draw(st.integers(0, 10**9)),
            "key": "sigille/journal+0a+AA",
            "leaf_hash": draw(digests),
        }
        | (entry if version > 1 else {}),
        "last_byte_at": first and first.isoformat(timespec="microseconds"),
        "manifest_sha256": draw(digests),
        "recipients": draw(st.lists(digests, min_size=1, max_size=4)),
        "submitted_at": submitted_at.isoformat(timespec="microseconds"),
        "version": version,
    } | (newer if version > 2 else {})


def words(said: dict[str, Any], timestamp: Timestamp | None = None) -> str:
    """The text of the document's HTML, without any space."""
    shown = receipt_documents.context(said, timestamp, zone="Europe/Paris")
    made = pdf.html("receipt", shown, made_at=NOW)
    return squeezed(html.unescape(re.sub(r"<[^>]*>", "", made.split("<body", 1)[1])))


def squeezed(text: str) -> str:
    return "".join(text.split())


def mentions(said: dict[str, Any]) -> list[str]:
    """The five of annex 8, art. 2, II: depositor, buyer, object, date, documents."""
    instant = datetime.fromisoformat(said["submitted_at"])
    return [
        f"1°Auteurdudépôt{squeezed(said['company']['name'])}({squeezed(said['company']['registration'])})",
        f"2°Acheteur{squeezed(said['buyer']['organisation'])}{squeezed(said['buyer']['service'])}",
        "3°Intituléetobjetdelaconsultation"
        + squeezed(said["consultation"]["reference"] + said["consultation"]["title"]),
        f",{instant.microsecond // 1000:03d}(Europe/Paris)EnUTC:{instant.isoformat(timespec='microseconds')}",
        "5°Listedétailléedesdocumentstransmis",
    ]


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(receipts())
def test_receipt_states_the_five_mentions_of_the_law_and_all_that_it_proves(said):
    found = words(said)

    stated = [mention in found for mention in mentions(said)]
    assert stated == [True] * 5
    late = "Reçuaprèsladatelimite" in found, "Reçudanslesdélais" in found
    is_bid = said["version"] != 4
    assert late == (is_bid and said["is_late"], is_bid and not said["is_late"])
    assert ("aucunevaleur" in found) is not is_bid
    digests = [said["annex_sha256"], said["manifest_sha256"], *said["recipients"]]
    assert all(digest in found for digest in [*digests, said["journal"]["leaf_hash"]])
    assert f"N°{said['journal']['index']}" in found
    assert ("Remisparperson@example.org" in found) == (said["version"] > 1)
    relation = (said.get("follows") or {}).get("relation")
    assert ("remplace" in found, "complète" in found) == (
        relation == "replaces",
        relation == "completes",
    )


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(receipts())
def test_pdf_states_the_five_mentions(tmp_path_factory, said):
    plain = said | {
        "company": {"name": "Bâtisseurs & <fils>", "registration": "55210055400013"},
        "buyer": {"organisation": "Commune de Sainte-Étoile", "service": "Achats"},
    }
    plain["consultation"] = said["consultation"] | {"reference": "2026-001", "title": "École"}
    shown = receipt_documents.context(plain, None, zone="Europe/Paris")
    folder = tmp_path_factory.mktemp("receipt")

    text = squeezed(text_of(pdf.render("receipt", shown, made_at=NOW), folder))

    assert [mention in text for mention in mentions(plain)] == [True] * 5
    assert plain["annex_sha256"] in text


def text_of(document: bytes, folder: Path) -> str:
    path = folder / "receipt.pdf"
    path.write_bytes(document)
    return subprocess.check_output(["pdftotext", str(path), "-"], text=True)


@pytest.fixture
def kept(set_clock) -> Receipt:
    """The receipt of a bid submitted now, its token pending."""
    set_clock(NOW)
    deposit = make_deposit()
    announcement = ready_to_submit(deposit)
    submission.submit(deposit.pk, announcement, actor=deposit.bidder.user, now=NOW)
    return fresh(deposit)


def fresh(deposit: Deposit) -> Receipt:
    related = "deposit__consultation__service__organisation"
    return Receipt.objects.select_related("timestamp", related).get(pk=deposit.pk)


@pytest.mark.django_db
def test_receipt_and_its_token_are_inside(kept, tmp_path):
    pending = receipt_documents.made_of(kept)
    timestamps.obtain_waiting(clock=lambda: NOW)
    whole = receipt_documents.made_of(fresh(kept.deposit))

    assert "Jeton en attente" in text_of(pending, tmp_path)
    assert embedded(pending, tmp_path) == {f"receipt-{kept.pk}.json": bytes(kept.content)}
    stamp = Timestamp.objects.get()
    text = text_of(whole, tmp_path)
    assert NAME in text
    assert "Non qualifié" in text
    assert embedded(whole, tmp_path) == {
        f"receipt-{kept.pk}.json": bytes(kept.content),
        f"receipt-{kept.pk}.tst": bytes(stamp.token or b""),
    }


def embedded(document: bytes, folder: Path) -> dict[str, bytes]:
    path, out = folder / "receipt.pdf", folder / "embedded"
    path.write_bytes(document)
    out.mkdir(exist_ok=True)
    subprocess.run(["pdfdetach", "-saveall", "-o", out, path], check=True)
    found = {file.name: file.read_bytes() for file in out.iterdir()}
    for file in out.iterdir():
        file.unlink()
    return found


@pytest.mark.django_db
def test_receipt_says_the_same_for_ever_whatever_its_rows_have_become(kept):
    timestamps.obtain_waiting(clock=lambda: NOW)
    before = receipt_documents.made_of(fresh(kept.deposit))

    Company.objects.update(name="Renommée")
    Organisation.objects.update(name="Commune nouvelle")
    Service.objects.update(name="Autre")
    Consultation.objects.update(reference="2030-9", title="Autre", closes_at=NOW)
    Deposit.objects.update(is_late=True, submitted_at=NOW - timedelta(days=1))

    assert receipt_documents.made_of(fresh(kept.deposit)) == before


@pytest.mark.django_db
def test_download_is_a_pdf_for_the_company_alone(client, kept):
    address = reverse("envelopes:receipt_pdf", args=[kept.pk])
    client.force_login(kept.deposit.bidder.user)
    first, again = client.get(address), client.get(address)
    client.force_login(make_bidder().user)
    stranger = client.get(address)

    assert first.headers["Content-Type"] == "application/pdf"
    assert first.headers["Content-Disposition"] == f'attachment; filename="receipt-{kept.pk}.pdf"'
    assert first.content == again.content
    assert first.content.startswith(b"%PDF-1.7")
    assert stranger.status_code == 404


@pytest.mark.django_db
def test_receipt_without_pango_can_still_be_read_and_saved(client, kept, monkeypatch):
    monkeypatch.setattr(pdf, "import_module", without_pango)
    client.force_login(kept.deposit.bidder.user)

    codes = {
        name: client.get(reverse(f"envelopes:{name}", args=[kept.pk])).status_code
        for name in ("receipt_pdf", "receipt", "receipt_file")
    }

    assert codes == {"receipt_pdf": 503, "receipt": 200, "receipt_file": 200}


@pytest.mark.django_db
def test_lateness_is_told_to_the_millisecond(kept):
    said = json.loads(bytes(kept.content))
    closes_at = datetime.fromisoformat(said["consultation"]["closes_at"])
    late = said | {
        "is_late": True,
        "submitted_at": (closes_at + timedelta(seconds=63, microseconds=412_900)).isoformat(),
    }

    assert "Lepliaétéremis1min03,412saprèsladatelimite." in words(late)


@pytest.fixture
def rehearsed(set_clock) -> Receipt:
    set_clock(NOW)
    deposit = make_deposit(consultation=make_online_consultation(is_test=True))
    announcement = ready_to_submit(deposit)
    submission.submit(deposit.pk, announcement, actor=deposit.bidder.user, now=NOW)
    return fresh(deposit)


@pytest.mark.django_db
def test_document_of_a_rehearsal_says_before_all_else_that_it_has_no_value(rehearsed, tmp_path):
    text = " ".join(text_of(receipt_documents.made_of(rehearsed), tmp_path).split())

    notice = text.index("Dépôt d’essai : cet accusé de réception n’a aucune valeur.")
    assert notice < text.index("Accusé de réception d’un pli") < text.index("1° Auteur du dépôt")
    assert "supprimés après le 9 novembre 2026 à 10:00 (Europe/Paris)" in text
    assert text.count("Dépôt d’essai, sans valeur") == text.count("Page ")


@pytest.mark.django_db
def test_document_of_a_rehearsal_of_before_says_so_too(rehearsed, tmp_path):
    said = json.loads(bytes(rehearsed.content))
    del said["rehearsal_kept_until"]
    Receipt.objects.update(content=canonical.dumps(said | {"version": 3}))

    text = text_of(receipt_documents.made_of(fresh(rehearsed.deposit)), tmp_path)

    assert "n’a aucune valeur" in text
    assert "supprimés" not in text


@pytest.mark.django_db
def test_document_of_a_bid_does_not(kept, tmp_path):
    text = text_of(receipt_documents.made_of(kept), tmp_path)

    assert "valeur" not in text
    assert "essai" not in text
