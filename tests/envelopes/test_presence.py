# SPDX-License-Identifier: EUPL-1.2
"""A disk that is not mounted: an empty folder, or none, where the store was."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from io import BytesIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from envelopes import mending, opening, presence, scrubbing, submission, uploads
from envelopes.errors.opening import StoreUnavailable
from envelopes.errors.submission import StoreSilent
from envelopes.errors.uploads import StoreFailed
from envelopes.mending import Finding
from envelopes.models import SealedBlock, StoreAlarm
from marketplace.models import JournalEntry
from marketplace.storage import MARK, DurableStorage, StoreAbsent
from tests.envelopes import sealed
from tests.envelopes.deposits import clock, envelope_of, ready_to_submit, send
from tests.envelopes.sealed import OPENED
from tests.factories import NOW, make_deposit
from tests.marketplace.test_mirrored_storage import files_in

pytestmark = pytest.mark.django_db
Unmounted = Callable[[Path], AbstractContextManager[None]]


@pytest.fixture(params=["an empty folder", "no folder"])
def unmounted(request) -> Unmounted:
    """`with unmounted(folder)`: its disk is elsewhere meanwhile; nothing is made in its place."""

    @contextmanager
    def unmounted(folder: Path) -> Iterator[None]:
        away = folder.with_name("away")
        folder.rename(away)
        if request.param == "an empty folder":
            folder.mkdir()
        found = list(folder.parent.rglob("*"))
        yield
        assert list(folder.parent.rglob("*")) == found
        if folder.exists():
            folder.rmdir()
        away.rename(folder)

    return unmounted


def scrubbed() -> tuple[int, int]:
    done = scrubbing.whole(clock=lambda: NOW)
    return done.checked_count, done.lost_count


def test_scrub_calls_nothing_lost_and_goes_on_once_the_disk_is_back(store, unmounted):
    sealed.make_scene()
    with unmounted(store):
        stopped = scrubbing.spell(clock=lambda: NOW, pause=lambda _seconds: None)

        assert (stopped.checked_count, stopped.finished_at) == (0, None)
        assert StoreAlarm.objects.get().cause == "scrub_stopped"
        with pytest.raises(StoreAbsent, match="mark_stores"):
            scrubbing.whole(clock=lambda: NOW)

    assert scrubbed() == (SealedBlock.objects.count(), 0)
    assert not JournalEntry.objects.filter(action="block.lost").exists()


def test_second_store_gets_no_copies_in_the_place_of_its_disk(second_store, unmounted):
    sealed.make_scene()
    with unmounted(second_store), pytest.raises(StoreAbsent):
        scrubbing.whole(clock=lambda: NOW)

    assert scrubbed() == (SealedBlock.objects.count(), 0)


def test_nothing_is_received_in_the_place_of_the_disk(store, unmounted):
    deposit = make_deposit()
    send(envelope_of(deposit), b"before")
    begun = uploads.create(
        deposit.pk,
        envelope_id=envelope_of(deposit).pk,
        size=5,
        actor=deposit.bidder.user,
        clock=clock,
    )
    with unmounted(store):
        with pytest.raises(StoreFailed):
            uploads.receive(begun.pk, BytesIO(b"after"), offset=0, length=5, clock=clock)
        with pytest.raises(StoreFailed):
            send(envelope_of(deposit), b"another")

    assert StoreAlarm.objects.get().cause == "store_failed"
    assert list(deposit.uploads().filter(completed_at=None)) == [begun]
    assert uploads.receive(begun.pk, BytesIO(b"after"), offset=0, length=5, clock=clock) == 5


def test_bid_waits_for_the_disk_to_be_submitted(store, unmounted):
    deposit = make_deposit()
    announcement = ready_to_submit(deposit)
    with unmounted(store), pytest.raises(StoreSilent):
        submission.submit(deposit.pk, announcement, actor=deposit.bidder.user, now=NOW)

    assert StoreAlarm.objects.get().cause == "store_silent"
    assert submission.submit(deposit.pk, announcement, actor=deposit.bidder.user, now=NOW)


def test_bid_waits_for_the_disk_to_be_opened(store, unmounted):
    scene = sealed.make_scene()
    keys = sealed.unwrap(scene.application, scene.holder)
    with unmounted(store), pytest.raises(StoreUnavailable):
        opening.release(scene.application.pk, agent=scene.agent, keys=keys, now=OPENED)

    assert opening.release(scene.application.pk, agent=scene.agent, keys=keys, now=OPENED)


def test_block_that_is_missing_in_a_store_that_is_there_is_lost(store):
    sealed.make_scene()
    block = SealedBlock.objects.earliest("pk")
    (store / block.storage_name).unlink()

    assert mending.check(block, now=NOW) == Finding.LOST


def test_first_upload_makes_the_store_known(store):
    (store / MARK).rmdir()

    send(envelope_of(make_deposit()), b"content")

    assert (store / MARK).is_dir()


def test_store_that_has_the_newest_block_is_recognised_without_its_mark(store):
    sealed.make_scene()
    (store / MARK).rmdir()

    presence.recognise()

    assert (store / MARK).is_dir()


def test_store_of_before_marks_is_recognised_by_what_is_under_way(store):
    deposit = make_deposit()
    announcement = ready_to_submit(deposit)
    (store / MARK).rmdir()

    assert submission.submit(deposit.pk, announcement, actor=deposit.bidder.user, now=NOW)
    assert (store / MARK).is_dir()


def test_file_begun_before_marks_is_received(store):
    deposit = make_deposit()
    send(envelope_of(deposit), b"before")
    begun = uploads.create(
        deposit.pk,
        envelope_id=envelope_of(deposit).pk,
        size=5,
        actor=deposit.bidder.user,
        clock=clock,
    )
    (store / MARK).rmdir()

    assert uploads.receive(begun.pk, BytesIO(b"after"), offset=0, length=5, clock=clock) == 5


def test_store_that_was_emptied_is_not_taken_for_a_new_one(store):
    file = send(envelope_of(make_deposit()), b"removed since")
    uploads.remove(file.pk, actor=file.envelope.deposit.bidder.user, now=NOW)
    (store / MARK).rmdir()

    with pytest.raises(StoreFailed):
        send(envelope_of(make_deposit()), b"content")

    assert not (store / MARK).exists()


def test_second_store_is_used_once_it_is_made_known(second_store, capsys):
    sealed.make_scene()
    block = SealedBlock.objects.latest("pk")
    (second_store / block.storage_name).unlink()
    (second_store / MARK).rmdir()
    with pytest.raises(StoreFailed):
        send(envelope_of(make_deposit()), b"content")

    call_command("mark_stores")

    assert capsys.readouterr().out == "1 stores marked.\n"
    assert scrubbed() == (SealedBlock.objects.count(), 0)
    assert files_in(second_store).keys() >= {block.storage_name}
    send(envelope_of(make_deposit()), b"content")


def test_mark_stores_marks_nothing_where_the_disk_of_the_newest_block_is_not_mounted(
    store, second_store, unmounted
):
    sealed.make_scene()
    (second_store / MARK).rmdir()
    (second_store / SealedBlock.objects.latest("pk").storage_name).unlink()  # a new disk
    with unmounted(store), pytest.raises(CommandError, match="--without-newest"):
        call_command("mark_stores")

    assert not (second_store / MARK).exists()
    call_command("mark_stores")
    assert (second_store / MARK).is_dir()


def test_disk_put_back_from_a_backup_is_made_known_on_purpose(store):
    sealed.make_scene()
    shutil.rmtree(store)
    with pytest.raises(CommandError):
        call_command("mark_stores")

    call_command("mark_stores", "--without-newest")

    assert (store / MARK).is_dir()


def test_proof_leaves_nothing_and_is_not_given_in_the_place_of_a_disk(store):
    only = DurableStorage(location=store)
    only.prove()

    assert list((store / MARK).iterdir()) == []

    (store / MARK).rmdir()
    with pytest.raises(StoreAbsent):
        only.prove()
