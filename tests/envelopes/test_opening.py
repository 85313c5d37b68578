# SPDX-License-Identifier: EUPL-1.2
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.files.storage import storages
from django.db import connection

from envelopes import opening, release_keys
from envelopes.errors.opening import (
    ApplicationFirst,
    BlockDamaged,
    DeadlineNotReached,
    IndexDamaged,
    LateNotConfirmed,
    ManifestDamaged,
    NotARecipientKey,
    StoreUnavailable,
    WrongContentKeys,
)
from envelopes.manifest import Index, IndexFile, read_manifest
from envelopes.models import Envelope, Opening, Release, ReleasedFile, SealedBlock
from envelopes.release_keys import Purpose
from envelopes.signals import envelope_opened
from envelopes.standing import State
from keys import cms
from marketplace.models import Consultation, EnvelopeKind, JournalEntry, Lot, Right
from tests import factories
from tests.envelopes import sealed
from tests.envelopes.sealed import OPENED
from tests.factories import DEADLINE, SECOND

pytestmark = pytest.mark.django_db


def release(scene, envelope, *, now=OPENED, **changes):
    """Release an envelope as the agent of the scene."""
    keys = replace(sealed.unwrap(envelope, scene.holder), **changes)
    return opening.release(envelope.pk, agent=scene.agent, keys=keys, now=now)


def assert_nothing_opened(consultation):
    """What a refusal must not have changed."""
    consultation.refresh_from_db()
    assert not Release.objects.exists()
    assert not ReleasedFile.objects.exists()
    assert not Opening.objects.exists()
    assert not JournalEntry.objects.exists()
    assert consultation.state == Consultation.State.ONLINE


# The deadline


@pytest.mark.parametrize("now", [DEADLINE - SECOND, DEADLINE - timedelta(microseconds=1)])
def test_nothing_is_listed_nor_served_before_the_deadline(now):
    scene = sealed.make_scene()
    keys = sealed.unwrap(scene.application, scene.holder)

    for rule in (
        lambda: opening.deposits(scene.consultation, now=now),
        lambda: opening.manifest(scene.application.pk, now=now),
        lambda: opening.headers(scene.application.pk, start=0, now=now),
        lambda: opening.release(scene.application.pk, agent=scene.agent, keys=keys, now=now),
    ):
        with pytest.raises(DeadlineNotReached):
            rule()

    assert_nothing_opened(scene.consultation)


def test_everything_is_served_at_the_deadline_itself():
    scene = sealed.make_scene()

    [link] = opening.deposits(scene.consultation, now=DEADLINE)
    assert (link.deposit, link.state) == (scene.deposit, State.STANDS)
    assert opening.manifest(scene.application.pk, now=DEADLINE) == scene.deposit.manifest
    assert len(opening.headers(scene.application.pk, start=0, now=DEADLINE).headers) == 3
    assert release(scene, scene.application, now=DEADLINE).released_at == DEADLINE


def test_a_draft_has_nothing_to_open_even_after_its_date():
    consultation = factories.make_consultation()

    with pytest.raises(DeadlineNotReached) as refusal:
        opening.deposits(consultation, now=OPENED)

    assert refusal.value.facts == {"closes_at": DEADLINE.isoformat()}


# The list


def test_deposits_come_in_order_of_arrival_without_drafts():
    scene = sealed.make_scene()
    second = sealed.seal_deposit(scene.consultation, is_late=True)
    factories_bidder = factories.make_bidder()
    scene.consultation.deposits.create(
        company=factories_bidder.company, bidder=factories_bidder, created_at=factories.NOW
    )

    listed = opening.deposits(scene.consultation, now=OPENED)

    assert [(link.deposit, link.state) for link in listed] == [
        (scene.deposit, State.STANDS),
        (second, State.LATE),
    ]
    kinds = [envelope.kind for envelope in listed[0].deposit.envelopes.all()]
    assert kinds == [EnvelopeKind.APPLICATION, EnvelopeKind.OFFER]


# What the browser asks for


def test_headers_are_those_of_the_index_then_of_the_files():
    scene = sealed.make_scene()
    manifest = read_manifest(opening.manifest(scene.application.pk, now=OPENED))
    described = manifest.envelope(scene.application.pk)
    assert described

    page = opening.headers(scene.application.pk, start=0, now=OPENED)

    nonces = [cms.read_header(header).nonce for header in page.headers]
    files = [described.index, *described.files]
    assert nonces == [cms.nonce_of(file.id, 0, is_last=True) for file in files]
    assert page.following is None


def test_headers_come_in_pages(monkeypatch):
    monkeypatch.setattr(opening, "HEADERS_PAGE_SIZE", 1)
    scene = sealed.make_scene()

    pages = [opening.headers(scene.application.pk, start=start, now=OPENED) for start in range(4)]

    assert [len(page.headers) for page in pages] == [1, 1, 1, 0]
    assert [page.following for page in pages] == [1, 2, None, None]


def test_manifest_of_another_deposit_is_refused():
    scene = sealed.make_scene()
    other = sealed.seal_deposit(scene.consultation)
    scene.deposit.manifest = other.manifest
    scene.deposit.save()

    with pytest.raises(ManifestDamaged):
        opening.manifest(scene.application.pk, now=OPENED)


def test_manifest_that_is_not_the_one_of_the_receipt_is_refused():
    scene = sealed.make_scene()
    manifest = read_manifest(bytes(scene.deposit.manifest or b""))
    scene.deposit.manifest = replace(manifest, recipients=("0" * 64,)).to_bytes()
    scene.deposit.save()

    with pytest.raises(ManifestDamaged):
        opening.manifest(scene.application.pk, now=OPENED)


# The release


def test_release_keeps_what_was_verified():
    scene = sealed.make_scene()
    keys = sealed.unwrap(scene.application, scene.holder)

    released = opening.release(scene.application.pk, agent=scene.agent, keys=keys, now=OPENED)

    kept = release_keys.unseal(bytes(released.sealed_keys), released.pk, Purpose.KEYS)
    assert release_keys.decode(kept) == keys.content_keys
    assert (released.released_by, released.released_at) == (scene.agent, OPENED)
    assert released.key_pair == scene.holder.key_pair
    files = released.files.order_by("file__created_at")
    assert [(file.name, file.matches_index) for file in files] == [
        (name, True) for name in sealed.CONTENTS[EnvelopeKind.APPLICATION]
    ]


def test_released_keys_are_not_shown_where_they_are_logged():
    keys = opening.ReleasedKeys("ab" * 32, {b"file id.": (b"k" * 32,)})

    assert repr(keys) == f"ReleasedKeys(fingerprint='{'ab' * 32}')"


def test_release_starts_the_session_once_and_keeps_its_first_instant():
    scene = sealed.make_scene()

    release(scene, scene.application)
    release(scene, scene.offer, now=OPENED + SECOND)

    session = Opening.objects.get()
    scene.consultation.refresh_from_db()
    assert (session.started_at, session.started_by) == (OPENED, scene.agent)
    assert scene.consultation.state == Consultation.State.OPENING
    actions = JournalEntry.objects.order_by("index").values_list("action", flat=True)
    assert list(actions) == [
        "consultation.opening_started",
        "envelope.opened",
        "envelope.opened",
    ]


def test_release_journals_the_key_and_nothing_of_the_bid():
    scene = sealed.make_scene()

    release(scene, scene.application)

    entry = JournalEntry.objects.get(action="envelope.opened")
    assert entry.subject == f"Envelope {scene.application.pk}"
    assert entry.organisation_id == scene.service.organisation_id
    assert entry.facts == {
        "deposit": str(scene.deposit.pk),
        "fingerprint": scene.holder.key_pair.fingerprint,
        "is_late": False,
        "is_replaced": False,
        "different_files": 0,
    }


def test_release_tells_upper_apps_once_after_the_commit(django_capture_on_commit_callbacks):
    scene = sealed.make_scene()
    told = []
    listener = lambda **news: told.append((news["envelope_id"], news["released_at"]))  # noqa: E731 - kept alive here
    envelope_opened.connect(listener)

    try:
        with django_capture_on_commit_callbacks(execute=True):
            release(scene, scene.application)
            assert told == []
        with django_capture_on_commit_callbacks(execute=True):
            release(scene, scene.application)
    finally:
        envelope_opened.disconnect(listener)

    assert told == [(scene.application.pk, OPENED)]


def test_release_twice_is_the_same_release():
    scene = sealed.make_scene()
    first = release(scene, scene.application)
    colleague = factories.make_agent(service=scene.service, open_bids=True)
    keys = sealed.unwrap(scene.application, scene.holder)

    again = opening.release(
        scene.application.pk, agent=colleague, keys=keys, now=OPENED + timedelta(hours=1)
    )

    assert again == first
    assert (again.released_at, again.released_by) == (OPENED, scene.agent)
    assert JournalEntry.objects.filter(action="envelope.opened").count() == 1


@pytest.mark.django_db(transaction=True)
def test_release_by_two_agents_at_once_is_one_release(monkeypatch):
    scene = sealed.make_scene()
    keys = sealed.unwrap(scene.application, scene.holder)
    agents = [scene.agent, factories.make_agent(Right.OPEN_BIDS, service=scene.service)]
    both_verified = threading.Barrier(2, timeout=30)
    told = []
    listener = lambda **news: told.append(news["envelope_id"])  # noqa: E731 - kept alive here
    verify = opening._opened

    def verify_together(stored, content_keys):
        opened = verify(stored, content_keys)
        both_verified.wait()
        return opened

    def release_as(agent):
        try:
            return opening.release(scene.application.pk, agent=agent, keys=keys, now=OPENED)
        finally:
            connection.close()

    monkeypatch.setattr(opening, "_opened", verify_together)
    envelope_opened.connect(listener)
    try:
        with ThreadPoolExecutor(2) as pool:
            first, second = pool.map(release_as, agents)
    finally:
        envelope_opened.disconnect(listener)

    kept = Release.objects.get()
    assert first == second == kept
    assert first.released_by == second.released_by == kept.released_by
    assert told == [scene.application.pk]
    assert Opening.objects.get().started_by == kept.released_by
    actions = list(JournalEntry.objects.order_by("index").values_list("action", flat=True))
    assert actions == ["consultation.opening_started", "envelope.opened"]


def test_release_of_an_offer_waits_for_the_application_of_the_same_deposit():
    scene = sealed.make_scene()

    with pytest.raises(ApplicationFirst):
        release(scene, scene.offer)
    with pytest.raises(ApplicationFirst):
        opening.headers(scene.offer.pk, start=0, now=OPENED)
    assert_nothing_opened(scene.consultation)

    release(scene, scene.application)
    assert release(scene, scene.offer).envelope == scene.offer


def test_release_of_an_offer_waits_for_no_application_where_there_is_none():
    scene = sealed.make_scene({EnvelopeKind.OFFER: {"offre.pdf": b"offre"}})

    assert release(scene, scene.offer).envelope == scene.offer


def test_release_of_a_late_deposit_is_confirmed():
    scene = sealed.make_scene()
    late = sealed.seal_deposit(scene.consultation, is_late=True)
    envelope = late.envelopes.get(kind=EnvelopeKind.APPLICATION)
    keys = sealed.unwrap(envelope, scene.holder)

    with pytest.raises(LateNotConfirmed):
        opening.release(envelope.pk, agent=scene.agent, keys=keys, now=OPENED)
    assert_nothing_opened(scene.consultation)

    released = opening.release(
        envelope.pk, agent=scene.agent, keys=keys, now=OPENED, accepts="late"
    )
    assert released.envelope == envelope


def test_release_opens_an_envelope_of_a_lot():
    scene = sealed.make_scene()
    lot = Lot.objects.create(consultation=scene.consultation, number=2, title="Peinture")
    deposit = sealed.seal_deposit(
        scene.consultation, {EnvelopeKind.OFFER: {"offre.pdf": b"offre"}}, lot=lot
    )

    assert release(scene, deposit.envelopes.get()).files.get().name == "offre.pdf"


@pytest.mark.slow
def test_release_opens_a_file_of_several_blocks():
    content = b"7 bytes" * (cms.BLOCK_SIZE // 7 + 1)
    scene = sealed.make_scene({EnvelopeKind.OFFER: {"plans.zip": content}})

    released = release(scene, scene.offer)

    assert SealedBlock.objects.filter(file__is_index=False).count() == 2
    assert released.files.get().matches_index


# What a release refuses, changing nothing


def test_release_refuses_a_key_pair_that_is_no_recipient():
    scene = sealed.make_scene()
    stranger = sealed.make_holder(scene.service)

    with pytest.raises(NotARecipientKey):
        release(scene, scene.application, fingerprint=stranger.key_pair.fingerprint)

    assert_nothing_opened(scene.consultation)


def test_release_refuses_wrong_content_keys():
    scene = sealed.make_scene()
    right = dict(sealed.unwrap(scene.application, scene.holder).content_keys)
    first = next(iter(right))
    wrong = {
        "another key": right | {first: (b"k" * 32,)},
        "too short": right | {first: (b"k" * 31,)},
        "too many": right | {first: (*right[first], b"k" * 32)},
        "too few": right | {first: ()},
        "a file forgotten": {name: keys for name, keys in right.items() if name != first},
        "a file of elsewhere": right | {b"elsewher": (b"k" * 32,)},
        "exchanged": dict(zip(right, reversed(list(right.values())), strict=True)),
    }

    for content_keys in wrong.values():
        with pytest.raises(WrongContentKeys):
            release(scene, scene.application, content_keys=content_keys)

    assert_nothing_opened(scene.consultation)


@pytest.mark.parametrize("is_index", [True, False])
@pytest.mark.parametrize("at", [0, 40, -20, -1])
def test_release_refuses_a_flipped_byte_and_says_where(at, is_index):
    scene = sealed.make_scene()
    keys = sealed.unwrap(scene.application, scene.holder)
    block = sealed.block_of(scene.application, is_index=is_index)
    data = bytearray(sealed.read(block))
    data[at] ^= 1
    sealed.rewrite(block, bytes(data))

    with pytest.raises(BlockDamaged) as refusal:
        opening.release(scene.application.pk, agent=scene.agent, keys=keys, now=OPENED)

    assert refusal.value.facts == {"file": 0 if is_index else 1, "block": 0, "cause": "digest"}
    assert_nothing_opened(scene.consultation)


def test_release_refuses_exchanged_cut_lengthened_and_missing_blocks():
    scene = sealed.make_scene()
    keys = sealed.unwrap(scene.application, scene.holder)
    block = sealed.block_of(scene.application)
    right = sealed.read(block)
    bad = {
        "exchanged": sealed.read(sealed.block_of(scene.application, is_index=True)),
        "cut": right[:-1],
        "lengthened": right + b"\0",
        "empty": b"",
        "missing": None,
    }

    for data in bad.values():
        sealed.rewrite(block, data)
        with pytest.raises(BlockDamaged) as refusal:
            opening.release(scene.application.pk, agent=scene.agent, keys=keys, now=OPENED)
        assert (refusal.value.position, refusal.value.number) == (1, 0)

    assert refusal.value.cause == "missing"
    assert_nothing_opened(scene.consultation)
    sealed.rewrite(block, right)
    assert opening.release(scene.application.pk, agent=scene.agent, keys=keys, now=OPENED)


def test_release_refuses_a_block_whose_row_is_gone():
    scene = sealed.make_scene()
    keys = sealed.unwrap(scene.application, scene.holder)
    sealed.block_of(scene.application).delete()

    with pytest.raises(BlockDamaged):
        opening.release(scene.application.pk, agent=scene.agent, keys=keys, now=OPENED)

    assert_nothing_opened(scene.consultation)


def test_release_refuses_a_sound_block_of_another_place():
    scene = sealed.make_scene()
    keys = sealed.unwrap(scene.application, scene.holder)
    block = sealed.block_of(scene.application)
    index = sealed.block_of(scene.application, is_index=True)
    described = sealed.as_described(index)
    sealed.rewrite(block, sealed.read(index))
    sealed.redescribe(scene.deposit, bytes(block.file.file_id), described)

    with pytest.raises(BlockDamaged) as refusal:
        opening.release(scene.application.pk, agent=scene.agent, keys=keys, now=OPENED)

    assert refusal.value.cause == "misplaced"
    assert_nothing_opened(scene.consultation)


def test_release_refuses_an_index_of_another_envelope():
    scene = sealed.make_scene()
    announced = (IndexFile(b"elsewher", "autre.pdf", "0" * 64, 1),)
    other = Index(scene.deposit.pk, scene.application.pk, "application", None, announced)
    reseal_index(scene.application, other.to_bytes())

    with pytest.raises(IndexDamaged):
        release(scene, scene.application)

    assert_nothing_opened(scene.consultation)


def test_release_refuses_an_index_that_is_not_one():
    scene = sealed.make_scene()
    reseal_index(scene.application, b"{}")

    with pytest.raises(IndexDamaged):
        release(scene, scene.application)

    assert_nothing_opened(scene.consultation)


def test_release_delivers_a_file_that_is_not_what_was_announced_and_says_so():
    scene = sealed.make_scene({EnvelopeKind.OFFER: {"offre.pdf": b"offre"}})
    file_id = bytes(sealed.block_of(scene.offer).file.file_id)
    announced = (IndexFile(file_id, "offre.pdf", "0" * 64, 5),)
    index = Index(scene.deposit.pk, scene.offer.pk, "offer", None, announced)
    reseal_index(scene.offer, index.to_bytes())

    released = release(scene, scene.offer)

    assert [(file.name, file.matches_index) for file in released.files.all()] == [
        ("offre.pdf", False)
    ]
    assert JournalEntry.objects.get(action="envelope.opened").facts["different_files"] == 1


def test_release_says_when_the_store_does_not_answer(monkeypatch):
    scene = sealed.make_scene()
    keys = sealed.unwrap(scene.application, scene.holder)

    def fail(self, name, size):
        raise OSError("the store is away")

    monkeypatch.setattr(type(storages["default"]), "read_start", fail)

    with pytest.raises(StoreUnavailable):
        opening.release(scene.application.pk, agent=scene.agent, keys=keys, now=OPENED)

    assert_nothing_opened(scene.consultation)


def test_release_of_an_unknown_envelope_finds_none():
    scene = sealed.make_scene()
    keys = sealed.unwrap(scene.application, scene.holder)

    with pytest.raises(Envelope.DoesNotExist):
        opening.release(scene.deposit.pk, agent=scene.agent, keys=keys, now=OPENED)


def reseal_index(envelope, plaintext):
    """Put another index in the place of an envelope's, described as it is by the manifest."""
    old = envelope.files.get(is_index=True)
    old_id = bytes(old.file_id)
    old.delete()
    sealed.redescribe(
        envelope.deposit, old_id, sealed.seal_file(envelope, plaintext, is_index=True)
    )
