# SPDX-License-Identifier: EUPL-1.2
"""The blocks of a deposit that is being submitted: read back, and listed in their order."""

import errno
from io import BytesIO
from pathlib import Path

import pytest

from envelopes import sealing, submission, uploads
from envelopes.errors.submission import FilesDiffer, StoredBlockDamaged
from envelopes.manifest import read_manifest
from envelopes.models import Deposit, Receipt, SealedBlock, SealedFile
from keys.cms import BLOCK_SIZE
from marketplace.storage import block_store
from tests.envelopes.damages import flip
from tests.envelopes.deposits import envelope_of, ready_to_submit, send
from tests.envelopes.test_submission import submit
from tests.factories import NOW, SECOND, make_deposit

pytestmark = pytest.mark.django_db


def meanwhile(monkeypatch: pytest.MonkeyPatch, act) -> None:
    """Let something happen, once, while the blocks are read back."""
    verify = sealing.verify_stored

    def act_and_verify(block: SealedBlock) -> None:
        monkeypatch.setattr(submission, "verify_stored", verify)
        act()
        verify(block)

    monkeypatch.setattr(submission, "verify_stored", act_and_verify)


def names_in(store: Path) -> set[str]:
    return {str(path.relative_to(store)) for path in store.rglob("*") if path.is_file()}


def test_submit_lists_the_blocks_of_a_file_in_their_order():
    deposit = make_deposit()
    submit(deposit, ready_to_submit(deposit, content=bytes(BLOCK_SIZE + 1)))

    deposit.refresh_from_db()
    [envelope] = read_manifest(bytes(deposit.manifest or b"")).envelopes
    [file] = envelope.files
    rows = SealedBlock.objects.filter(file__is_index=False).order_by("number")
    assert [block.sha256 for block in file.blocks] == [bytes(row.sha256).hex() for row in rows]
    assert len(rows) == 2


def test_submit_looks_again_where_a_disk_failed_for_a_moment(monkeypatch):
    deposit = make_deposit()
    announcement = ready_to_submit(deposit)
    only = block_store().stores[0]
    read = only.read_start

    def fail(name, size):
        monkeypatch.setattr(only, "read_start", read)
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(only, "read_start", fail)

    assert submit(deposit, announcement)


def test_submit_refuses_where_the_index_is_not_what_was_sealed(store, monkeypatch):
    deposit = make_deposit()
    announcement = ready_to_submit(deposit)
    seal = sealing.seal_bytes

    def seal_and_damage(*arguments) -> list[SealedBlock]:
        blocks = seal(*arguments)
        flip(store / blocks[0].storage_name)
        return blocks

    monkeypatch.setattr(submission, "seal_bytes", seal_and_damage)

    with pytest.raises(StoredBlockDamaged):
        submit(deposit, announcement)

    assert not Receipt.objects.exists()


def test_submit_refuses_a_file_put_in_the_place_of_another_meanwhile(store, monkeypatch):
    deposit = make_deposit()
    announcement = ready_to_submit(deposit)

    def put_another() -> None:
        file = deposit.uploads().get()
        send(envelope_of(deposit), b"another")
        file.delete()

    meanwhile(monkeypatch, put_another)

    with pytest.raises(FilesDiffer):
        submit(deposit, announcement)

    deposit.refresh_from_db()
    assert deposit.state == Deposit.State.DRAFT
    assert not SealedFile.objects.filter(is_index=True).exists()


def test_submit_keeps_when_the_last_byte_came_meanwhile(monkeypatch):
    """Of a file that was removed before the end: the bytes came all the same."""
    deposit = make_deposit()
    announcement = ready_to_submit(deposit)

    def send_and_remove() -> None:
        actor, later = deposit.bidder.user, NOW + SECOND
        file = uploads.create(
            deposit.pk,
            envelope_id=envelope_of(deposit).pk,
            size=4,
            actor=actor,
            clock=lambda: later,
        )
        uploads.receive(file.pk, BytesIO(b"more"), offset=0, length=4, clock=lambda: later)
        uploads.remove(file.pk, actor=actor, now=later)

    meanwhile(monkeypatch, send_and_remove)

    submit(deposit, announcement, now=NOW + 2 * SECOND)

    deposit.refresh_from_db()
    assert (deposit.first_byte_at, deposit.last_byte_at) == (NOW, NOW + SECOND)


def test_submit_that_was_second_leaves_nothing_of_its_own(
    store, monkeypatch, django_capture_on_commit_callbacks
):
    deposit = make_deposit()
    announcement = ready_to_submit(deposit)
    meanwhile(monkeypatch, lambda: submit(deposit, announcement))

    with django_capture_on_commit_callbacks(execute=True):
        submit(deposit, announcement)

    assert names_in(store) == set(SealedBlock.objects.values_list("storage_name", flat=True))
