# SPDX-License-Identifier: EUPL-1.2
import errno
import os
import random
import shutil
import tracemalloc
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.utils import translation

from envelopes import alarms, mending, scrubbing, uploads
from envelopes.errors.store import BlockRepaired
from envelopes.mending import Finding
from envelopes.models import Scrub, SealedBlock, StoreAlarm
from keys.cms import BLOCK_SIZE
from marketplace.models import EnvelopeKind, JournalEntry
from marketplace.storage import block_store
from tests.envelopes import sealed
from tests.envelopes.damages import (
    DAMAGES,
    count_reads,
    damage,
    fail_for,
    flip,
    flip_and_refuse,
    flip_and_scrub,
)
from tests.envelopes.deposits import envelope_of, send
from tests.factories import DAY, NOW, SECOND, make_deposit
from tests.marketplace.test_mirrored_storage import fail_in, files_in
from tests.racing import race

pytestmark = pytest.mark.django_db
FLIPS = 300


class Clock:
    """A clock that moves by so much each time that it is read, and by the pauses."""

    def __init__(self, step: timedelta = timedelta(0)) -> None:
        self.now, self.step, self.pauses = NOW, step, list[float]()

    def __call__(self):
        self.now += self.step
        return self.now

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += timedelta(seconds=seconds)


def scrub(clock: Clock | None = None) -> Scrub:
    return scrubbing.whole(clock=clock or Clock())


def spell(clock: Clock) -> Scrub:
    return scrubbing.spell(clock=clock, pause=clock.pause)


def figures(found: Scrub) -> tuple[int, int, int]:
    return found.checked_count, found.repaired_count, found.lost_count


def journalled(action: str) -> list[JournalEntry]:
    return list(JournalEntry.objects.filter(action=action).order_by("index"))


@pytest.fixture
def folders(store, second_store) -> tuple[Path, Path]:
    return store, second_store


@pytest.fixture
def blocks(folders) -> list[SealedBlock]:
    """Those of a deposit of four files and of two envelopes: six."""
    sealed.make_scene(
        {
            EnvelopeKind.APPLICATION: {"a": b"a" * 1000, "b": b""},
            EnvelopeKind.OFFER: {"c": b"c" * 5000, "d": b"d"},
        }
    )
    return list(SealedBlock.objects.order_by("pk"))


def test_scrub_of_a_sound_store_changes_nothing(folders, blocks):
    before = [files_in(folder) for folder in folders]

    done = scrub()

    assert (figures(done), done.finished_at) == ((6, 0, 0), NOW)
    assert [files_in(folder) for folder in folders] == before
    assert not StoreAlarm.objects.exists()
    assert [(entry.action, entry.facts) for entry in JournalEntry.objects.order_by("index")] == [
        ("scrub.started", {}),
        ("scrub.finished", {"checked": 6, "repaired": 0, "lost": 0}),
    ]


def test_scrub_of_an_empty_store_ends(folders):
    assert figures(scrub()) == (0, 0, 0)


@pytest.mark.parametrize("how", sorted(DAMAGES.keys() - {"unreadable"}))
@pytest.mark.parametrize("damaged", [0, 1])
def test_scrub_writes_what_one_store_has_not_from_the_other(folders, blocks, damaged, how):
    before = files_in(folders[0])
    damage(folders[damaged], how)

    done = scrub()

    assert figures(done) == (6, 6, 0)
    assert [files_in(folder) for folder in folders] == [before, before]
    assert StoreAlarm.objects.get().cause == "block_repaired"
    assert figures(scrub()) == (6, 0, 0)


def test_scrub_writes_again_what_a_disk_cannot_read(folders, blocks, monkeypatch):
    """As a bad sector: reading this file fails, all else of the disk works."""
    first, name = block_store().stores[0], blocks[0].storage_name
    read, replace, bad = first.read_start, first.replace, {name}

    def read_start(asked, size):
        if asked in bad:
            raise OSError(errno.EIO, "Input/output error")
        return read(asked, size)

    def written(asked, content):
        replace(asked, content)
        bad.discard(asked)

    monkeypatch.setattr(first, "read_start", read_start)
    monkeypatch.setattr(first, "replace", written)

    assert figures(scrub()) == (6, 1, 0)


def test_repair_is_journalled_without_a_person_and_told(folders, blocks, settings):
    settings.OPERATORS = ["operator@example.org"]
    flip(folders[1] / blocks[0].storage_name)
    scrub()

    alarms.tell(now=NOW)

    [entry] = journalled("block.repaired")
    [message] = mail.outbox
    with translation.override("fr"):
        remedy = str(BlockRepaired.remedy)
    assert (entry.subject, entry.actor, entry.organisation) == (
        f"SealedBlock {blocks[0].pk}",
        "system",
        None,
    )
    assert entry.facts == {"copies": 1}
    assert BlockRepaired.code in message.body
    assert remedy in message.body


def test_block_without_a_good_copy_is_lost_and_the_others_are_repaired(folders, blocks, settings):
    settings.OPERATORS = ["operator@example.org"]
    for block in blocks[:2]:
        flip(folders[0] / block.storage_name)
    flip(folders[1] / blocks[0].storage_name)
    left = (folders[0] / blocks[0].storage_name).read_bytes()

    done = scrub()
    alarms.tell(now=NOW)

    assert figures(done) == (6, 1, 1)
    assert [entry.subject for entry in journalled("block.lost")] == [f"SealedBlock {blocks[0].pk}"]
    assert {alarm.cause for alarm in StoreAlarm.objects.all()} == {"block_lost", "block_repaired"}
    assert "manage.py scrub" in next(m.body for m in mail.outbox if "block_lost" in m.body)
    assert (folders[0] / blocks[0].storage_name).read_bytes() == left


def test_lost_block_is_journalled_once_and_counted_each_time(folders, blocks):
    for folder in folders:
        flip(folder / blocks[0].storage_name)

    found = [figures(scrub()), figures(scrub())]

    assert found == [(6, 0, 1), (6, 0, 1)]
    assert len(journalled("block.lost")) == 1
    assert StoreAlarm.objects.get().occurrence_count == 2


def test_lost_block_is_sound_again_after_the_backup_is_put_back(folders, blocks):
    kept = (folders[0] / blocks[0].storage_name).read_bytes()
    for folder in folders:
        (folder / blocks[0].storage_name).unlink()
    scrub()

    (folders[1] / blocks[0].storage_name).write_bytes(kept)

    assert figures(scrub()) == (6, 1, 0)
    assert files_in(folders[0]) == files_in(folders[1])


def test_every_flipped_bit_is_found_and_repaired(folders, blocks):
    flip_and_scrub(FLIPS, folders, blocks, random.Random(18))

    assert len(journalled("block.repaired")) == FLIPS


def test_every_flipped_bit_of_a_single_store_is_found_and_never_given(store):
    sealed.make_scene()

    flip_and_refuse(FLIPS, store, list(SealedBlock.objects.all()), random.Random(19))


@pytest.mark.parametrize("lost", [0, 1])
def test_whole_store_that_was_lost_is_restored(folders, blocks, lost):
    before = files_in(folders[0])
    shutil.rmtree(folders[lost])
    call_command("mark_stores")

    assert figures(scrub()) == (6, 6, 0)
    assert [files_in(folder) for folder in folders] == [before, before]


def test_store_that_does_not_answer_stops_the_scrub_and_loses_nothing(folders, blocks, monkeypatch):
    monkeypatch.setattr(scrubbing, "BATCH", 2)
    with pytest.MonkeyPatch.context() as away:
        fail_for(away, block_store().stores[1], "read_start", blocks[3].storage_name)
        stopped = spell(Clock())
        asked = count_reads(away, block_store().stores[0])
        spell(Clock())

    assert figures(stopped) == (2, 0, 0)
    assert StoreAlarm.objects.get().cause == "scrub_stopped"
    assert not journalled("block.lost")
    assert blocks[0].storage_name not in asked  # it went on where it had stopped
    assert figures(spell(Clock())) == (6, 0, 0)


@pytest.mark.parametrize("number", [errno.EMFILE, errno.EACCES, errno.ESTALE])
def test_only_store_that_cannot_be_read_stops_the_scrub_and_loses_nothing(store, number):
    sealed.make_scene()
    with pytest.MonkeyPatch.context() as unread:

        def read_start(name, size):
            raise OSError(number, os.strerror(number))

        unread.setattr(block_store().stores[0], "read_start", read_start)
        with pytest.raises(OSError, match=os.strerror(number)):
            scrub()
        stopped = spell(Clock())

    assert figures(stopped) == (0, 0, 0)
    assert StoreAlarm.objects.get().cause == "scrub_stopped"
    assert not journalled("block.lost")
    assert scrub().lost_count == 0


def test_only_disk_that_fails_as_a_whole_stops_the_scrub_and_loses_nothing(store):
    """A dead one says EIO of each file, as it does of a damaged one; but it takes nothing any more."""
    sealed.make_scene()
    with pytest.MonkeyPatch.context() as dead:

        def read_start(name, size):
            raise OSError(errno.EIO, os.strerror(errno.EIO))

        dead.setattr(block_store().stores[0], "read_start", read_start)
        fail_in(dead, store, "fsync")
        stopped = spell(Clock())

    assert figures(stopped) == (0, 0, 0)
    assert StoreAlarm.objects.get().cause == "scrub_stopped"
    assert not journalled("block.lost")
    assert scrub().lost_count == 0


def test_only_copy_that_the_disk_reads_the_second_time_is_sound(store, monkeypatch):
    sealed.make_scene()
    only, asked = block_store().stores[0], set[str]()
    read = only.read_start

    def read_start(name, size):
        if name not in asked:
            asked.add(name)
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return read(name, size)

    monkeypatch.setattr(only, "read_start", read_start)

    assert scrub().lost_count == 0


def test_only_copy_that_the_disk_cannot_read_is_lost(store, monkeypatch):
    sealed.make_scene()
    block = SealedBlock.objects.earliest("pk")
    fail_for(
        monkeypatch, block_store().stores[0], "read_start", block.storage_name, number=errno.EIO
    )

    assert scrub().lost_count == 1


def test_store_that_takes_no_repair_stops_the_scrub(folders, blocks, monkeypatch):
    flip(folders[0] / blocks[0].storage_name)

    def fail(name, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(block_store().stores[0], "replace", fail)

    assert figures(spell(Clock())) == (0, 0, 0)
    assert JournalEntry.objects.get(action="store.failed").facts == {"cause": "scrub_stopped"}
    assert not journalled("block.repaired")


def test_repair_that_does_not_last_is_no_repair(folders, blocks, monkeypatch):
    flip(folders[0] / blocks[0].storage_name)
    monkeypatch.setattr(block_store().stores[0], "replace", lambda *_arguments: None)

    with pytest.raises(OSError, match="read back"):
        scrub()

    assert not journalled("block.repaired")


def test_scrub_begins_once_a_day(folders):
    clock = Clock()
    first = spell(clock)
    clock.now = NOW + DAY - SECOND
    early = spell(clock)
    clock.now = NOW + DAY
    next_one = spell(clock)

    assert first == early != next_one
    assert [one.started_at for one in Scrub.objects.order_by("started_at")] == [NOW, NOW + DAY]


def test_spell_ends_in_time_and_the_next_goes_on(folders, blocks, monkeypatch):
    monkeypatch.setattr(scrubbing, "BATCH", 2)
    clock = Clock(step=timedelta(seconds=10))  # several readings of it a batch

    spells = [figures(spell(clock))]
    while Scrub.objects.filter(finished_at=None).exists():
        spells.append(figures(spell(clock)))

    assert spells[0] == (2, 0, 0)
    assert spells[-1] == (6, 0, 0)
    assert Scrub.objects.count() == 1


def test_spell_reads_no_faster_than_its_rate(folders, blocks, settings):
    settings.SCRUB_RATE = 1000  # bytes a second
    clock = Clock()

    spell(clock)

    read = 2 * sum(block.size for block in blocks)
    assert clock.pauses == [pytest.approx(read / 1000), 0.0]
    assert clock.now - NOW == timedelta(seconds=read / 1000)


def test_spell_without_a_rate_does_not_wait(folders, blocks, settings):
    settings.SCRUB_RATE = 0
    clock = Clock()

    spell(clock)

    assert set(clock.pauses) == {0.0}


def test_block_removed_meanwhile_is_no_loss(folders, django_capture_on_commit_callbacks):
    file = send(envelope_of(make_deposit()), b"content")
    block = file.blocks.get()
    with django_capture_on_commit_callbacks(execute=True):
        uploads.remove(file.pk, actor=file.envelope.deposit.bidder.user, now=NOW)

    assert mending.check(block, now=NOW) == Finding.REMOVED
    assert [files_in(folder) for folder in folders] == [{}, {}]
    assert not StoreAlarm.objects.exists()


def test_blocks_are_in_memory_one_at_a_time(folders):
    send(envelope_of(make_deposit()), bytes(6 * BLOCK_SIZE))
    tracemalloc.start()
    try:
        scrub()
        _current, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 3 * BLOCK_SIZE


@pytest.mark.django_db(transaction=True)
def test_two_scrubs_at_once_are_one(folders, blocks, monkeypatch):
    monkeypatch.setattr(scrubbing, "BATCH", 1)
    for rank, block in enumerate(blocks):
        flip(folders[rank % 2] / block.storage_name)

    race(*[lambda: spell(Clock())] * 3)

    done = Scrub.objects.get()
    assert figures(done) == (6, 6, 0)
    assert done.finished_at is not None
    assert len(journalled("block.repaired")) == 6
    assert len(journalled("scrub.started")) == len(journalled("scrub.finished")) == 1
    assert files_in(folders[0]) == files_in(folders[1])


@pytest.mark.django_db(transaction=True)
def test_block_is_mended_and_told_once_by_two_at_once(folders):
    block = send(envelope_of(make_deposit()), b"content").blocks.get()
    for _ in range(8):
        flip(folders[0] / block.storage_name)
        found = race(*[partial(mending.mend, block.pk, now=NOW)] * 2)
        assert sorted(one.value for one in found) == ["repaired", "sound"]

    assert len(journalled("block.repaired")) == 8


@pytest.mark.django_db(transaction=True)
def test_upload_is_removed_while_its_block_is_mended(folders):
    """Neither waits for the other for ever, and no copy is left of what is removed."""
    for _ in range(8):
        file = send(envelope_of(make_deposit()), b"content")
        block, actor = file.blocks.get(), file.envelope.deposit.bidder.user
        flip(folders[0] / block.storage_name)

        removed, found = race(
            partial(uploads.remove, file.pk, actor=actor, now=NOW),
            partial(mending.mend, block.pk, now=NOW),
        )

        assert removed is None
        assert found in {Finding.REPAIRED, Finding.REMOVED}
        assert [files_in(folder) for folder in folders] == [{}, {}]


def test_command_says_what_it_found(folders, blocks, capsys):
    flip(folders[0] / blocks[0].storage_name)

    call_command("scrub")

    assert capsys.readouterr().out == "6 blocks checked, 1 repaired, 0 lost.\n"


def test_command_fails_where_a_block_is_lost(folders, blocks):
    for folder in folders:
        (folder / blocks[0].storage_name).unlink()

    with pytest.raises(CommandError, match="No good copy"):
        call_command("scrub")


def test_command_says_that_a_store_failed(folders, blocks, monkeypatch):
    fail_for(monkeypatch, block_store().stores[0], "read_start", blocks[0].storage_name)

    with pytest.raises(CommandError, match="away"):
        call_command("scrub")
