# SPDX-License-Identifier: EUPL-1.2
import dataclasses
import errno
import hashlib
import json
from typing import Any
from uuid import uuid4

import pytest

from envelopes import relations, sealing, submission, uploads, withdrawal
from envelopes.errors.submission import (
    BadFileName,
    FileIncomplete,
    FilesDiffer,
    NothingToSubmit,
    RelationChanged,
    RelationMissing,
    SameName,
    StoredBlockDamaged,
    StoreSilent,
)
from envelopes.manifest import read_index, read_manifest
from envelopes.models import Deposit, Envelope, Receipt, SealedBlock, SealedFile
from envelopes.receipts import AnnouncedEnvelope, AnnouncedFile, Announcement
from marketplace import heads, journal, journal_tree, merkle, notes, timestamps
from marketplace.models import Consultation, EnvelopeKind, JournalEntry, Lot, SignedHead, Timestamp
from marketplace.storage import block_store
from tests.envelopes.deposits import (
    SALT,
    announce,
    announced,
    clock,
    envelope_of,
    opened,
    ready_to_submit,
    send,
)
from tests.factories import (
    DEADLINE,
    NOW,
    SECOND,
    make_bidder,
    make_consultation,
    make_deposit,
    make_online_consultation,
    make_private_key,
)

pytestmark = pytest.mark.django_db


def submit(deposit: Deposit, announcement: Announcement, *, now=NOW) -> Receipt:
    return submission.submit(deposit.pk, announcement, actor=deposit.bidder.user, now=now)


def content_of(receipt: Receipt) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(bytes(receipt.content))
    return content


def test_start_makes_one_application_and_an_offer_for_each_lot():
    consultation = make_online_consultation()
    for number in (1, 2):
        Lot.objects.create(consultation=consultation, number=number, title="Lot")

    deposit = submission.start(consultation, make_bidder(), now=NOW)

    envelopes = deposit.envelopes.order_by("kind", "lot__number")
    assert [(e.kind, e.lot and e.lot.number) for e in envelopes] == [
        ("application", None),
        ("offer", 1),
        ("offer", 2),
    ]


def test_start_finds_the_deposit_that_the_company_is_preparing():
    deposit = make_deposit()
    colleague = make_bidder(company=deposit.company)

    assert submission.start(deposit.consultation, colleague, now=NOW) == deposit
    assert submission.start(deposit.consultation, make_bidder(), now=NOW) != deposit


def test_start_makes_another_deposit_after_a_submission():
    deposit = make_deposit()
    submit(deposit, ready_to_submit(deposit))

    second = submission.start(deposit.consultation, deposit.bidder, now=NOW, relation="completes")
    again = submission.start(deposit.consultation, deposit.bidder, now=NOW, relation="replaces")

    assert second != deposit
    assert (second.follows, second.relation) == (deposit, "completes")
    assert (again, again.relation) == (second, "completes")  # begun: its page changes it
    entry = JournalEntry.objects.filter(action="deposit.started").latest("index")
    assert entry.facts == {"follows": str(deposit.pk), "relation": "completes"}
    assert entry.organisation is None


@pytest.mark.parametrize("relation", ["", "swallows"])
def test_start_asks_what_a_second_deposit_is_to_the_first(relation):
    deposit = make_deposit()
    submit(deposit, ready_to_submit(deposit))

    with pytest.raises(RelationMissing):
        submission.start(deposit.consultation, deposit.bidder, now=NOW, relation=relation)

    assert Deposit.objects.get() == deposit


def test_start_asks_nothing_where_no_earlier_deposit_is_left():
    """The first is replaced, and the one that replaced it withdrawn."""
    first = make_deposit()
    submit(first, ready_to_submit(first))
    second = make_deposit(consultation=first.consultation, bidder=first.bidder)
    submit(second, ready_to_submit(second))
    withdrawal.withdraw(second.pk, actor=second.bidder.user, now=NOW)

    third = submission.start(first.consultation, first.bidder, now=NOW, relation="completes")

    assert (third.follows, third.relation) == (None, "")


def test_start_leaves_another_company_alone():
    deposit = make_deposit()
    submit(deposit, ready_to_submit(deposit))

    other = submission.start(deposit.consultation, make_bidder(), now=NOW)

    assert other.follows is None


def test_start_goes_on_after_the_deadline():
    consultation = make_online_consultation()

    deposit = submission.start(consultation, make_bidder(), now=DEADLINE + SECOND)

    assert deposit.state == Deposit.State.DRAFT


def test_start_does_not_know_a_draft_consultation():
    with pytest.raises(Consultation.DoesNotExist):
        submission.start(make_consultation(), make_bidder(), now=NOW)


def test_submit_seals_an_index_that_the_holder_of_the_key_opens():
    private_key = make_private_key()
    deposit = make_deposit(consultation=make_online_consultation(private_key=private_key))
    envelope = envelope_of(deposit)
    first, second = send(envelope, b"one"), send(envelope, b"")

    submit(
        deposit,
        announce(envelope, announced(second, "b é.pdf", b""), announced(first, "a.pdf", b"one")),
    )

    index_file = SealedFile.objects.get(is_index=True)
    index = read_index(opened(index_file, private_key))
    deposit.refresh_from_db()
    manifest = read_manifest(bytes(deposit.manifest or b""))
    assert [(file.name, file.size) for file in index.files] == [("b é.pdf", 0), ("a.pdf", 3)]
    assert [file.id for file in index.files] == [bytes(second.file_id), bytes(first.file_id)]
    assert index.check_fits(manifest).index.id == bytes(index_file.file_id)
    assert manifest.recipients == tuple(deposit.consultation.recipient_set.fingerprints)


def test_submit_lists_each_block_in_the_manifest(store):
    deposit = make_deposit()
    submit(deposit, ready_to_submit(deposit))

    deposit.refresh_from_db()
    manifest = read_manifest(bytes(deposit.manifest or b""))
    [envelope] = manifest.envelopes
    listed = [(b.sha256, b.size) for f in (envelope.index, *envelope.files) for b in f.blocks]
    stored = [
        (store / block.storage_name).read_bytes()
        for block in SealedBlock.objects.order_by("-file__is_index", "number")
    ]
    assert listed == [(hashlib.sha256(block).hexdigest(), len(block)) for block in stored]


def test_submit_gives_a_receipt_of_what_was_done():
    deposit = make_deposit()
    announcement = ready_to_submit(deposit, name="offre.pdf", content=b"42")

    receipt = content_of(submit(deposit, announcement))

    deposit.refresh_from_db()
    entry = JournalEntry.objects.get(action="deposit.submitted")
    annex = (
        f'{{"deposit":"{deposit.pk}","envelopes":[{{"files":[{{"name":"offre.pdf",'
        f'"sha256":"{hashlib.sha256(b"42").hexdigest()}","size":2}}],"kind":"offer","lot":null}}],'
        f'"salt":"{SALT}","version":1}}'
    )
    assert receipt == {
        "annex_sha256": hashlib.sha256(annex.encode()).hexdigest(),
        "buyer": {
            "organisation": deposit.consultation.service.organisation.name,
            "service": deposit.consultation.service.name,
        },
        "company": {"name": deposit.company.name, "registration": deposit.company.siret},
        "consultation": {
            "closes_at": "2026-12-02T09:00:00.000000+00:00",
            "id": str(deposit.consultation_id),
            "reference": deposit.consultation.reference,
            "title": deposit.consultation.title,
        },
        "copies": 1,
        "deposit": str(deposit.pk),
        "first_byte_at": "2026-11-02T09:00:00.000000+00:00",
        "follows": None,
        "is_late": False,
        "journal": {
            "entry": journal.opened(entry),
            "head": SignedHead.objects.get().note,
            "index": entry.index,
            "key": str(heads.verifier_key()),
            "leaf_hash": bytes(entry.leaf_hash).hex(),
            "proof": [
                node.hex() for node in journal_tree.prove_inclusion(entry.index, entry.index + 1)
            ],
        },
        "last_byte_at": "2026-11-02T09:00:00.000000+00:00",
        "manifest_sha256": hashlib.sha256(bytes(deposit.manifest or b"")).hexdigest(),
        "recipients": deposit.consultation.recipient_set.fingerprints,
        "submitted_at": "2026-11-02T09:00:00.000000+00:00",
        "version": 3,
    }


@pytest.mark.parametrize("relation", Deposit.Relation)
def test_submit_says_what_the_deposit_is_to_the_one_before_it(relation):
    first = make_deposit()
    submit(first, ready_to_submit(first))
    second = make_deposit(consultation=first.consultation, bidder=first.bidder, relation=relation)

    receipt = content_of(submit(second, ready_to_submit(second)))

    assert receipt["follows"] == {"deposit": str(first.pk), "relation": relation.value}


def second_deposit(relation: Deposit.Relation) -> Deposit:
    first = make_deposit()
    submit(first, ready_to_submit(first))
    return make_deposit(consultation=first.consultation, bidder=first.bidder, relation=relation)


def test_submit_refuses_another_relation_than_the_page_showed():
    deposit = second_deposit(Deposit.Relation.REPLACES)
    announcement = ready_to_submit(deposit)
    shown = dataclasses.replace(announcement, relation="completes")
    nothing = dataclasses.replace(announcement, follows=None, relation="")

    for stale in (shown, nothing):
        with pytest.raises(RelationChanged):
            submit(deposit, stale)

    deposit.refresh_from_db()
    assert deposit.state == Deposit.State.DRAFT
    assert submit(deposit, announcement)


def test_submit_refuses_a_relation_chosen_anew_while_the_blocks_are_read_back(store, monkeypatch):
    deposit = second_deposit(Deposit.Relation.COMPLETES)
    announcement = ready_to_submit(deposit)
    verify = sealing.verify_stored

    def choose_anew(block: SealedBlock) -> None:
        relations.choose(deposit.pk, "replaces", actor=deposit.bidder.user, now=NOW)
        verify(block)

    monkeypatch.setattr(submission, "verify_stored", choose_anew)

    with pytest.raises(RelationChanged):
        submit(deposit, announcement)

    deposit.refresh_from_db()
    names = {str(p.relative_to(store)) for p in store.rglob("*") if p.is_file()}
    assert (deposit.state, deposit.relation) == (Deposit.State.DRAFT, "replaces")
    assert names == set(SealedBlock.objects.values_list("storage_name", flat=True))


def test_submit_proves_that_the_journal_has_it():
    deposit = make_deposit()

    receipt = submit(deposit, ready_to_submit(deposit))

    entry = JournalEntry.objects.get(action="deposit.submitted")
    proven = content_of(receipt)["journal"]
    head = notes.read(proven["head"], [heads.verifier_key()])
    proof = [bytes.fromhex(node) for node in proven["proof"]]
    merkle.verify_inclusion(bytes(entry.leaf_hash), entry.index, head.size, proof, head.root)
    assert head.size == entry.index + 1


def test_submit_has_the_manifest_stamped_after_the_receipt_and_beside_it():
    deposit = make_deposit()
    receipt = submit(deposit, ready_to_submit(deposit))
    before = bytes(receipt.content)

    assert Timestamp.objects.get().token is None
    assert timestamps.obtain_waiting(clock=clock) == 1

    receipt = Receipt.objects.select_related("timestamp").get()
    assert bytes(receipt.content) == before
    assert receipt.timestamp is not None
    assert bytes(receipt.timestamp.digest).hex() == content_of(receipt)["manifest_sha256"]
    assert timestamps.verify(receipt.timestamp).generated_at == NOW


def test_submit_is_not_stopped_by_a_silent_authority(settings):
    settings.TSA_URL = "http://127.0.0.1:1/"
    deposit = make_deposit()

    receipt = submit(deposit, ready_to_submit(deposit))

    assert timestamps.obtain_waiting(clock=clock) == 0
    assert content_of(receipt)["journal"]["head"]


def test_submit_is_not_stopped_by_a_damaged_journal():
    deposit = make_deposit()
    announcement = ready_to_submit(deposit)
    JournalEntry.objects.filter(index=0).update(action="thing.changed")

    receipt = submit(deposit, announcement)

    proven = content_of(receipt)["journal"]
    assert (proven["head"], proven["proof"]) == (None, [])
    assert not SignedHead.objects.exists()


def test_submit_tells_the_journal_nothing_that_a_buyer_may_not_read():
    deposit = make_deposit()

    submit(deposit, ready_to_submit(deposit))

    entry = JournalEntry.objects.get(action="deposit.submitted")
    assert entry.organisation is None
    assert entry.facts.keys() == {"is_late", "manifest_sha256", "receipt_sha256"}


def test_submit_again_gives_the_same_receipt(store):
    deposit = make_deposit()
    announcement = ready_to_submit(deposit)
    first = bytes(submit(deposit, announcement).content)
    objects = sorted(store.rglob("*"))

    other = dataclasses.replace(announcement, salt="00" * 32)
    again = submit(deposit, other, now=DEADLINE + SECOND)

    deposit.refresh_from_db()
    assert bytes(again.content) == first
    assert not deposit.is_late
    assert sorted(store.rglob("*")) == objects
    assert JournalEntry.objects.filter(action="deposit.submitted").count() == 1


def test_submit_meets_another_request_that_was_first(store, monkeypatch):
    deposit = make_deposit()
    announcement = ready_to_submit(deposit)
    verify = sealing.verify_stored
    done: list[bytes] = []

    def submit_meanwhile(block: SealedBlock) -> None:
        monkeypatch.setattr(submission, "verify_stored", verify)
        done.append(bytes(submit(deposit, announcement).content))

    monkeypatch.setattr(submission, "verify_stored", submit_meanwhile)
    receipt = submit(deposit, announcement)

    assert bytes(receipt.content) == done[0]
    assert SealedFile.objects.filter(is_index=True).count() == 1


@pytest.mark.parametrize(
    ("now", "is_late"),
    [(DEADLINE - SECOND, False), (DEADLINE, True), (DEADLINE + SECOND, True)],
)
def test_submit_flags_what_comes_at_the_deadline_or_later(now, is_late):
    deposit = make_deposit()

    receipt = submit(deposit, ready_to_submit(deposit), now=now)

    deposit.refresh_from_db()
    assert deposit.state == Deposit.State.SUBMITTED
    assert deposit.is_late is is_late
    assert content_of(receipt)["is_late"] is is_late


def test_submit_numbers_deposits_in_their_order():
    consultation = make_online_consultation()
    numbers = []
    for _ in range(2):
        deposit = make_deposit(consultation=consultation)
        submit(deposit, ready_to_submit(deposit))
        deposit.refresh_from_db()
        numbers.append(deposit.number)
    elsewhere = make_deposit()
    submit(elsewhere, ready_to_submit(elsewhere))
    elsewhere.refresh_from_db()

    assert numbers == [1, 2]
    assert elsewhere.number == 1


def test_submit_leaves_no_envelope_without_a_file():
    deposit = make_deposit()

    submit(deposit, ready_to_submit(deposit))

    assert [envelope.kind for envelope in deposit.envelopes.all()] == [EnvelopeKind.OFFER]


def refused(deposit: Deposit, announcement: Announcement, refusal: type[Exception]) -> None:
    """Submit, and check that nothing changed."""
    before = (SealedFile.objects.count(), SealedBlock.objects.count(), Envelope.objects.count())

    with pytest.raises(refusal):
        submit(deposit, announcement)

    deposit.refresh_from_db()
    after = (SealedFile.objects.count(), SealedBlock.objects.count(), Envelope.objects.count())
    assert deposit.state == Deposit.State.DRAFT
    assert after == before
    assert not Receipt.objects.exists()
    assert not JournalEntry.objects.filter(action="deposit.submitted").exists()


def test_submit_refuses_a_deposit_without_a_file():
    deposit = make_deposit()

    refused(deposit, Announcement((), SALT), NothingToSubmit)


def test_submit_refuses_a_file_that_has_not_wholly_arrived():
    deposit = make_deposit()
    envelope = envelope_of(deposit)
    file = uploads.create(
        deposit.pk, envelope_id=envelope.pk, size=4, actor=deposit.bidder.user, clock=clock
    )

    refused(deposit, announce(envelope, announced(file, "a", b"1234")), FileIncomplete)


def test_submit_refuses_files_that_were_not_announced():
    deposit = make_deposit()
    announcement = ready_to_submit(deposit)
    send(envelope_of(deposit), b"forgotten")

    refused(deposit, announcement, FilesDiffer)


def test_submit_refuses_files_that_were_not_received():
    deposit = make_deposit()
    envelope = envelope_of(deposit)
    file = announced(send(envelope, b"here"), "here", b"here")
    unknown = AnnouncedFile(uuid4(), "absent", 4, "00" * 32)

    refused(deposit, announce(envelope, file, unknown), FilesDiffer)


def test_submit_refuses_a_file_announced_twice():
    deposit = make_deposit()
    envelope = envelope_of(deposit)
    file = announced(send(envelope, b"here"), "here", b"here")
    twin = dataclasses.replace(file, name="twin")

    refused(deposit, announce(envelope, file, twin), FilesDiffer)


def test_submit_refuses_the_file_of_another_envelope():
    deposit = make_deposit()
    file = announced(send(envelope_of(deposit), b"here"), "here", b"here")
    other = envelope_of(deposit, EnvelopeKind.APPLICATION)

    refused(deposit, announce(other, file), FilesDiffer)


def test_submit_refuses_an_envelope_of_no_deposit():
    deposit = make_deposit()
    announcement = ready_to_submit(deposit)
    stray = AnnouncedEnvelope(uuid4(), ())

    with pytest.raises(FilesDiffer):
        submit(deposit, Announcement((*announcement.envelopes, stray), SALT))


def test_submit_refuses_another_size_than_received():
    deposit = make_deposit()
    envelope = envelope_of(deposit)
    file = dataclasses.replace(announced(send(envelope, b"here"), "here", b"here"), size=5)

    refused(deposit, announce(envelope, file), FilesDiffer)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "a\\b", "a\0b", "a\nb", "é" * 128, "\ud800"]
)
def test_submit_refuses_a_name_that_no_computer_keeps(name):
    deposit = make_deposit()

    refused(deposit, ready_to_submit(deposit, name=name), BadFileName)


@pytest.mark.parametrize("names", [("a", "a"), ("Plan.pdf", "plan.PDF"), ("\xe9", "e\u0301")])
def test_submit_refuses_two_names_that_some_computers_confuse(names):
    deposit = make_deposit()
    envelope = envelope_of(deposit)
    files = [announced(send(envelope, b"x"), name, b"x") for name in names]

    refused(deposit, announce(envelope, *files), SameName)


def test_submit_accepts_one_name_in_two_envelopes():
    deposit = make_deposit()
    parts = []
    for kind in EnvelopeKind:
        envelope = envelope_of(deposit, kind)
        file = announced(send(envelope, b"x"), "DC1.pdf", b"x")
        parts.append(AnnouncedEnvelope(envelope.pk, (file,)))

    assert submit(deposit, Announcement(tuple(parts), SALT))


def test_submit_refuses_what_cannot_be_read_back(store):
    deposit = make_deposit()
    announcement = ready_to_submit(deposit)
    path = store / SealedBlock.objects.get().storage_name
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))

    refused(deposit, announcement, StoredBlockDamaged)


def test_submit_refuses_while_the_store_does_not_answer(store):
    deposit = make_deposit()
    announcement = ready_to_submit(deposit)
    path = store / SealedBlock.objects.get().storage_name
    content = path.read_bytes()
    path.unlink()
    path.mkdir()  # reading it fails, and not because it is missing

    refused(deposit, announcement, StoreSilent)

    path.rmdir()
    path.write_bytes(content)
    assert submit(deposit, announcement)


def test_submit_declares_nothing_lost_where_the_store_cannot_be_read(store):
    deposit = make_deposit()
    announcement = ready_to_submit(deposit)
    with pytest.MonkeyPatch.context() as unread:

        def read_start(name, size):
            raise OSError(errno.EMFILE, "Too many open files")

        unread.setattr(block_store().stores[0], "read_start", read_start)
        refused(deposit, announcement, StoreSilent)

    assert not JournalEntry.objects.filter(action="block.lost").exists()
    assert submit(deposit, announcement)


def test_submit_refuses_a_file_added_while_the_blocks_are_read_back(store, monkeypatch):
    deposit = make_deposit()
    announcement = ready_to_submit(deposit)
    verify = sealing.verify_stored

    def add_a_file(block: SealedBlock) -> None:
        monkeypatch.setattr(submission, "verify_stored", verify)
        send(envelope_of(deposit), b"late arrival")

    monkeypatch.setattr(submission, "verify_stored", add_a_file)

    with pytest.raises(FilesDiffer):
        submit(deposit, announcement)

    names = {str(p.relative_to(store)) for p in store.rglob("*") if p.is_file()}
    assert names == set(SealedBlock.objects.values_list("storage_name", flat=True))


def test_submit_stores_neither_names_nor_digests_of_plaintext(store):
    deposit = make_deposit()
    content = uuid4().bytes * 2
    name = f"canary-{uuid4()}.pdf"

    submit(deposit, ready_to_submit(deposit, name=name, content=content))

    models = (Deposit, Envelope, SealedFile, SealedBlock, Receipt, JournalEntry)
    rows = [repr(row) for model in models for row in model.objects.values_list()]
    binary = [bytes(Receipt.objects.get().content), bytes(Deposit.objects.get().manifest or b"")]
    stored = [path.read_bytes() for path in store.rglob("*") if path.is_file()]
    written = "\n".join(map(repr, rows + binary + stored))
    assert name not in written
    assert hashlib.sha256(content).hexdigest() not in written
    assert SALT not in written
