# SPDX-License-Identifier: EUPL-1.2
"""What must hold after any fault: nothing acknowledged is lost, nothing is readable, the receipt is one."""

import hashlib
import json
import secrets
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.files.storage import default_storage
from django.utils import timezone

from envelopes import submission
from envelopes.manifest import read_index
from envelopes.models import Deposit, Envelope, Receipt, SealedFile
from envelopes.stored import manifest_of
from keys import cms
from marketplace.models import Bidder as Account
from marketplace.models import Consultation, EnvelopeKind
from tests import factories
from tests.envelopes.sealed import Holder, make_holder, publish
from tests.faults.bidder import Bidder, upload_id

THREE_BLOCKS = 2 * cms.BLOCK_SIZE + 64 * 1024  # bytes


@dataclass(frozen=True)
class Tender:
    """A consultation on line, the holders of the keys that its bids are sealed to, and a bidder's account."""

    consultation: Consultation
    holders: tuple[Holder, ...]
    account: Account

    @classmethod
    def make(cls) -> "Tender":
        service = factories.make_service()
        agent = factories.make_agent(service=service)
        consultation = factories.make_consultation(service=service, created_by=agent)
        holders = (make_holder(service), make_holder(service, is_backup=True))
        publish(consultation, *holders)
        return cls(consultation, holders, factories.make_bidder())

    def deposit(self) -> Deposit:
        """A new one, in preparation, that completes what the account has submitted."""
        return submission.start(
            self.consultation, self.account, now=timezone.now(), relation="completes"
        )


@dataclass(frozen=True)
class Bid:
    """A file full of canaries, and the deposit that it goes into."""

    tender: Tender
    deposit: Deposit
    canary: bytes
    content: bytes

    @classmethod
    def make(cls, tender: Tender, size: int = THREE_BLOCKS) -> "Bid":
        canary = secrets.token_hex(16).encode()
        return cls(tender, tender.deposit(), canary, (canary * (size // len(canary) + 1))[:size])

    @property
    def offer(self) -> Envelope:
        return self.deposit.envelopes.get(kind=EnvelopeKind.OFFER)

    def sent(self, bidder: Bidder) -> bytes:
        """Deposit it, whatever happens on the way, and check that nothing was lost; the receipt."""
        path = bidder.create(self.offer, len(self.content))
        bidder.send(path, self.content)
        receipt = bidder.submit(self.deposit, {path: self.content}, self.name)
        self.check({path: self.content}, receipt)
        if bidder.submit(self.deposit, {path: self.content}, self.name) != receipt:
            raise AssertionError("another receipt")
        return receipt

    @property
    def name(self) -> str:
        return f"{self.canary.decode()}.pdf"

    def check(self, files: Mapping[str, bytes], receipt: bytes) -> None:
        """The deposit is there, once; each key opens it to what was sent; nothing of it is readable."""
        deposit = Deposit.objects.get(pk=self.deposit.pk)
        assert deposit.state == Deposit.State.SUBMITTED
        assert bytes(Receipt.objects.get(pk=deposit.pk).content) == receipt
        digest = hashlib.sha256(bytes(deposit.manifest or b"")).hexdigest()
        assert json.loads(receipt)["manifest_sha256"] == digest
        assert manifest_of(deposit).deposit == deposit.pk
        rows = {file.pk: file for file in SealedFile.objects.filter(envelope__deposit=deposit)}
        indexes = [file for file in rows.values() if file.is_index]
        assert len(indexes) == 1
        assert rows.keys() - {indexes[0].pk} == {upload_id(path) for path in files}
        for holder in self.tender.holders:
            names = [file.name for file in read_index(opened(indexes[0], holder)).files]
            assert names == [f"{number} {self.name}" for number in range(len(files))]
            for path, content in files.items():
                assert opened(rows[upload_id(path)], holder) == content
        assert found_in_clear(self.canary) == []


@dataclass(frozen=True)
class Scene:
    """A consultation, and a bidder who is signed in at a site."""

    tender: Tender
    bidder: Bidder

    @classmethod
    def make(cls, port: int) -> "Scene":
        tender = Tender.make()
        return cls(tender, Bidder(tender.account.user, port))

    def bid(self, size: int = THREE_BLOCKS) -> Bid:
        return Bid.make(self.tender, size)

    def deposit(self) -> None:
        """One bid of three blocks, whatever happens, with all that must hold after it; then it is removed."""
        bid = self.bid()
        bid.sent(self.bidder)
        shutil.rmtree(Path(default_storage.path(str(bid.deposit.pk))))


def opened(file: SealedFile, holder: Holder) -> bytes:
    """The plaintext of all that the server says it has of a file."""
    parts = []
    for block in file.blocks.order_by("number"):
        with default_storage.open(block.storage_name) as stored:
            sealed = stored.read()
        assert hashlib.sha256(sealed).digest() == bytes(block.sha256)
        plaintext = cms.open_with(
            sealed,
            (holder.certificate, holder.private_key),
            file_id=bytes(file.file_id),
            number=block.number,
            is_last=file.completed_at is not None and block.number == file.block_count - 1,
        )
        parts.append(plaintext)
    assert len(parts) == file.block_count
    return b"".join(parts)


def found_in_clear(canary: bytes) -> list[str]:
    """The files of the installation in which a canary can be read.

    Looked for by another process: to close a file of SQLite lets go of the locks that this one has on it.
    """
    command = ["grep", "--recursive", "--files-with-matches", "--text", "--fixed-strings"]
    command += ["--regexp", canary.decode(), str(settings.DATA_DIR)]
    found = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if found.returncode > 1:  # 1: nothing
        raise OSError(found.stderr)
    return found.stdout.splitlines()
