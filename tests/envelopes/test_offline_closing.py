# SPDX-License-Identifier: EUPL-1.2
"""The closing proof, checked with the files that a bidder keeps: what is accepted, what is refused."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings

from envelopes import closing, submission
from envelopes.models import ClosingFingerprint, Deposit
from envelopes.offline import main
from marketplace import canonical, heads, timestamps
from marketplace.models import Consultation
from tests.envelopes.deposits import clock, ready_to_submit
from tests.factories import DEADLINE, NOW, make_deposit, make_online_consultation

pytestmark = pytest.mark.django_db
LATER = DEADLINE + timedelta(minutes=1)
Content = dict[str, Any]


class Kept:
    """Three deposits, of which the second came in after the first fingerprint; what its bidder keeps."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.consultation = make_online_consultation()
        self.deposits = [self.submitted()]
        closing.close(self.consultation.pk, now=LATER)
        self.early = self.write("early.json", self.published())
        self.deposits += [self.submitted(), self.submitted()]
        closing.close(self.consultation.pk, now=LATER)
        timestamps.obtain_waiting(clock=clock)
        made = ClosingFingerprint.objects.select_related("timestamp").get(number=2)
        assert made.timestamp is not None
        self.receipt = self.write("receipt.json", bytes(self.deposits[1].receipt.content))
        self.proof = self.write("proof.json", self.proof_of(self.deposits[1]))
        self.file = self.write("published.json", self.published())
        self.token = self.write("closing.tst", bytes(made.timestamp.token or b""))
        root = timestamps.authority().roots[0].public_bytes(Encoding.PEM)
        self.trust = [
            *("--key", str(heads.verifier_key())),
            *("--root", str(self.write("root.pem", root))),
        ]

    def submitted(self) -> Deposit:
        deposit = make_deposit(consultation=self.consultation)
        announcement = ready_to_submit(deposit)
        submission.submit(deposit.pk, announcement, actor=deposit.bidder.user, now=NOW)
        return Deposit.objects.select_related("receipt").get(pk=deposit.pk)

    def published(self) -> bytes:
        consultation = Consultation.objects.get(pk=self.consultation.pk)
        return closing.published(closing.fingerprints(consultation, now=LATER))

    def proof_of(self, deposit: Deposit) -> bytes:
        content = closing.proof(deposit, now=LATER)
        assert content is not None
        return content

    def write(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path

    def change(self, path: Path, change: Callable[[Content], object]) -> None:
        content = json.loads(path.read_bytes())
        change(content)
        path.write_bytes(canonical.dumps(content))


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


def check(kept: Kept, *files: Path, proof: Path | None = None) -> int:
    chosen = [str(path) for path in (kept.receipt, proof or kept.proof, *files)]
    return main(["closing", *chosen, *kept.trust])


def test_closing_proof_holds(kept, capsys):
    assert check(kept, kept.file, kept.token) == 0

    said = capsys.readouterr().out
    assert "the deposit is number 2 of the 3 that were received in time" in said
    assert "the fingerprint is the one that was published" in said
    assert "the fingerprint was stamped at 2026-11-02T09:00:00+00:00" in said
    assert "NOT COMPARED" not in said


def test_published_fingerprints_may_have_been_saved_before_the_last(kept):
    assert check(kept, kept.early) == 0


def test_closing_proof_alone_says_what_to_compare(kept, capsys):
    assert check(kept) == 0

    root = json.loads(kept.proof.read_bytes())["root"]
    assert "NOT COMPARED: compare the fingerprint" in capsys.readouterr().out.replace(root, "")


def test_command_needs_neither_django_nor_a_database(kept):
    command = [sys.executable, "-c"]
    script = (
        "import sys; sys.modules['django'] = None\n"
        "from envelopes.offline import main\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    files = [str(kept.receipt), str(kept.proof), str(kept.file), str(kept.token)]

    done = subprocess.run(
        [*command, script, "closing", *files, *kept.trust],
        cwd=settings.BASE_DIR,
        env={},
        check=False,
        capture_output=True,
        text=True,
    )

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c.update(version=2), "another version"),
        (lambda c: c.pop("made_at"), "has not the members"),
        (lambda c: c.update(deposit=c["consultation"]), "another deposit than the receipt"),
        (lambda c: c.update(manifest_sha256="00" * 32), "another deposit than the receipt"),
        (lambda c: c.update(index=0), "not in the tree"),
        (lambda c: c.update(index=3), "outside the tree"),
        (lambda c: c.update(index=True), "a number of the proof is none"),
        (lambda c: c.update(size=5), "proof of inclusion is too short"),
        (lambda c: c.update(root="00" * 32), "not in the tree"),
        (lambda c: c["proof"].pop(), "proof of inclusion is too short"),
        (lambda c: c["proof"].insert(0, "00" * 32), "not in the tree"),
        (lambda c: c.update(earlier=[]), "an earlier fingerprint is missing"),
        (lambda c: c["earlier"][0].update(number=2), "an earlier fingerprint is missing"),
        (lambda c: c["earlier"][0].update(root="00" * 32), "does not begin with fingerprint 1"),
        (lambda c: c["earlier"][0].update(size=2), "does not begin with fingerprint 1"),
    ],
)
def test_changed_proof_is_refused(kept, capsys, change, said):
    kept.change(kept.proof, change)

    assert check(kept, kept.file) == 1

    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c.update(version=2), "another consultation, or version"),
        (lambda c: c.update(consultation=""), "another consultation, or version"),
        (lambda c: c["fingerprints"][0].update(root="00" * 32), "published with another root"),
        (lambda c: c["fingerprints"][1].update(number=3), "another fingerprint was published"),
    ],
)
def test_other_published_fingerprints_are_refused(kept, capsys, change, said):
    kept.change(kept.file, change)

    assert check(kept, kept.file) == 1

    assert said in capsys.readouterr().err


def test_proof_of_another_deposit_is_refused(kept, capsys):
    other = kept.write("other.json", kept.proof_of(kept.deposits[2]))

    assert check(kept, proof=other) == 1

    assert "another deposit than the receipt" in capsys.readouterr().err


def test_token_of_another_fingerprint_is_refused(kept, capsys):
    first = ClosingFingerprint.objects.select_related("timestamp").get(number=1)
    assert first.timestamp is not None
    token = kept.write("first.tst", bytes(first.timestamp.token or b""))

    assert check(kept, token) == 1

    assert "another fingerprint" in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"\0", b"0" * 40])
def test_file_that_is_no_token_is_refused(kept, capsys, content):
    assert check(kept, kept.write("photo.jpg", content)) == 1

    assert "token" in capsys.readouterr().err
