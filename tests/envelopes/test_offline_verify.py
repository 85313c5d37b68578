# SPDX-License-Identifier: EUPL-1.2
"""The verifier that knows only itself (attacks L1 to L4): what it accepts, and all that it refuses."""

import hashlib
import json
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings as django_settings

from envelopes import receipts, submission
from envelopes.models import Deposit, Receipt
from envelopes.offline import verify
from marketplace import canonical, heads, notes, timestamps
from marketplace.notes import VerifierKey
from tests.envelopes.deposits import clock, ready_to_submit
from tests.factories import DAY, NOW, make_deposit, make_online_consultation
from tests.marketplace.stamping import Forge, make_party

pytestmark = pytest.mark.django_db
NAME, CONTENT = "offre.pdf", b"42 000 euros"


def submit_one(deposit: Deposit | None = None) -> Receipt:
    deposit = deposit or make_deposit()
    announcement = ready_to_submit(deposit, name=NAME, content=CONTENT)
    receipt = submission.submit(deposit.pk, announcement, actor=deposit.bidder.user, now=NOW)
    timestamps.obtain_waiting(clock=clock)
    receipt.refresh_from_db()
    return receipt


class Kept:
    """What a bidder keeps in a folder."""

    def __init__(self, folder: Path, deposit: Deposit | None = None) -> None:
        deposit = deposit or make_deposit()
        announcement = ready_to_submit(deposit, name=NAME, content=CONTENT)
        submission.submit(deposit.pk, announcement, actor=deposit.bidder.user, now=NOW)
        timestamps.obtain_waiting(clock=clock)
        deposit = Deposit.objects.select_related("receipt__timestamp").get(pk=deposit.pk)
        envelopes = {e.pk: e for e in deposit.envelopes.select_related("lot")}
        assert deposit.receipt.timestamp is not None
        root = timestamps.authority().roots[0].public_bytes(Encoding.PEM)
        self.folder = folder
        self.receipt = self.write("receipt.json", bytes(deposit.receipt.content))
        self.token = self.write("token.tst", bytes(deposit.receipt.timestamp.token or b""))
        self.manifest = self.write("manifest.json", bytes(deposit.manifest or b""))
        self.annex = self.write("annex.json", receipts.annex(deposit, announcement, envelopes))
        self.file = self.write("renamed by the bidder", CONTENT)
        self.root = self.write("root.pem", root)
        self.trust = ["--key", str(heads.verifier_key()), "--root", str(self.root)]

    def write(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path

    def content(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.receipt.read_bytes())
        return content

    def rewrite(self, content: dict[str, Any]) -> None:
        self.receipt.write_bytes(canonical.dumps(content))


@pytest.fixture
def kept(tmp_path) -> Kept:
    return Kept(tmp_path)


def run(*arguments: object) -> int:
    return verify.main([str(argument) for argument in arguments])


def test_verify_accepts_a_receipt_with_all_that_comes_with_it(kept, capsys):
    files = (kept.token, kept.manifest, kept.annex, kept.file)

    assert run(kept.receipt, *files, *kept.trust) == 0

    said = capsys.readouterr().out
    assert f"is “{NAME}”, as it was sent" in said
    assert "not qualified" in said
    assert "NOT" not in said.replace("(not qualified)", "")


def test_verify_accepts_a_receipt_alone_and_says_what_was_not_compared(kept, capsys):
    assert run(kept.receipt) == 0

    said = capsys.readouterr().out
    assert said.count("NOT COMPARED") == 1
    assert said.count("NOT GIVEN") == 2
    assert str(heads.verifier_key()) in said


@pytest.fixture
def of_version_2(monkeypatch):
    """The receipts made are those of before `copies` and `follows`."""
    statement = receipts.statement

    def earlier(*args: Any, **kwargs: Any) -> dict[str, Any]:
        said = statement(*args, **kwargs) | {"version": 2}
        return {name: value for name, value in said.items() if name not in {"copies", "follows"}}

    monkeypatch.setattr(submission, "statement", earlier)


def test_verify_accepts_a_receipt_of_version_2(of_version_2, tmp_path):
    kept = Kept(tmp_path)

    assert run(kept.receipt, kept.token, kept.manifest, kept.annex, kept.file, *kept.trust) == 0
    assert kept.content()["version"] == 2


def test_verify_refuses_a_receipt_of_version_2_with_members_of_version_3(of_version_2, tmp_path):
    kept = Kept(tmp_path)
    kept.rewrite(kept.content() | {"copies": 1, "follows": None})

    assert run(kept.receipt) == 1


@pytest.fixture
def rehearsed(tmp_path) -> Kept:
    return Kept(tmp_path, make_deposit(consultation=make_online_consultation(is_test=True)))


def test_verify_accepts_the_receipt_of_a_rehearsal_and_says_first_what_it_is(rehearsed, capsys):
    kept = rehearsed

    assert run(kept.receipt, kept.token, kept.manifest, kept.annex, kept.file, *kept.trust) == 0

    said = capsys.readouterr().out.splitlines()
    assert kept.content()["version"] == 4
    assert said[0].startswith("REHEARSAL: no bid")
    assert "2026-11-09T09:00:00.000000+00:00" in said[0]


def test_verify_says_of_no_bid_that_it_is_a_rehearsal(kept, capsys):
    assert run(kept.receipt, *kept.trust) == 0
    assert "REHEARSAL" not in capsys.readouterr().out


def as_a_bid(said: dict[str, Any]) -> None:
    del said["rehearsal_kept_until"]
    said["version"] = 3


@pytest.mark.parametrize(
    "forge",
    [as_a_bid, lambda said: said.update(rehearsal_kept_until="2030-01-01T00:00:00.000000+00:00")],
)
def test_verify_refuses_a_forged_receipt_of_a_rehearsal(rehearsed, forge):
    content = rehearsed.content()
    forge(content)
    rehearsed.rewrite(content)

    assert run(rehearsed.receipt) == 1


@pytest.fixture
def kept_until(monkeypatch):
    """`kept_until(value)`: what the receipts made say, wherever else they say it."""
    statement = receipts.statement

    def say(value: object) -> None:
        def changed(*args: Any, **kwargs: Any) -> dict[str, Any]:
            return statement(*args, **kwargs) | {"rehearsal_kept_until": value}

        monkeypatch.setattr(submission, "statement", changed)

    return say


@pytest.mark.parametrize("until", ["soon", 7, None, {}])
def test_verify_refuses_a_rehearsal_that_is_kept_until_no_instant(kept_until, until, tmp_path):
    kept_until(until)
    kept = Kept(tmp_path, make_deposit(consultation=make_online_consultation(is_test=True)))

    assert run(kept.receipt) == 1


def test_verify_refuses_a_bid_that_is_kept_until_an_instant(kept_until, tmp_path):
    kept_until("2026-11-09T09:00:00.000000+00:00")

    assert run(Kept(tmp_path).receipt) == 1


def follower(relation: str) -> Receipt:
    """Of a second deposit of a company, submitted as what `relation` says."""
    first = submit_one().deposit
    second = make_deposit(consultation=first.consultation, bidder=first.bidder)
    Deposit.objects.filter(pk=second.pk).update(follows=first, relation=relation)
    return submit_one(second)


@pytest.mark.parametrize("relation", Deposit.Relation)
def test_verify_says_what_a_deposit_is_to_the_one_before_it(relation, tmp_path, capsys):
    receipt = follower(relation)
    path = tmp_path / "receipt.json"
    path.write_bytes(bytes(receipt.content))

    assert run(path, "--key", heads.verifier_key()) == 0
    assert f"it {relation} deposit {receipt.deposit.follows_id}" in capsys.readouterr().out


def test_verify_refuses_a_relation_that_it_does_not_know(tmp_path, capsys):
    path = tmp_path / "receipt.json"
    path.write_bytes(bytes(follower("swallows").content))

    assert run(path) == 1
    assert "nothing that is known" in capsys.readouterr().err


def test_verify_says_that_nothing_vouches_for_an_authority_without_a_root(kept, capsys):
    assert run(kept.receipt, kept.token, "--key", heads.verifier_key()) == 0

    assert "nothing vouches for that authority" in capsys.readouterr().out


def test_verifier_is_one_file_that_works_alone(kept, tmp_path):
    """Copied elsewhere, isolated from what is installed here, without Django, without a socket."""
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(verify.__file__, alone / "verify.py")
    code = (
        "import sys, socket\n"
        "for name in ('django', 'marketplace', 'envelopes', 'keys', 'asn1crypto'):\n"
        "    sys.modules[name] = None\n"
        "socket.socket = None\n"
        f"sys.path.insert(0, {str(alone)!r})\n"
        "import verify\n"
        "sys.exit(verify.main(sys.argv[1:]))\n"
    )
    files = [kept.receipt, kept.token, kept.manifest, kept.annex, kept.file, *kept.trust]

    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, files)],
        cwd=alone,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert len(Path(verify.__file__).read_text("utf-8").splitlines()) <= 600


def test_command_verifies_beside_the_opener(kept):
    command = [sys.executable, "-m", "envelopes.offline", "verify", str(kept.receipt)]

    def done(*more: str) -> int:
        return subprocess.run(
            [*command, *more], cwd=django_settings.BASE_DIR, capture_output=True, check=False
        ).returncode

    assert done() == 0
    assert done(str(kept.root)) == 1  # a file that is none of the bid


def test_openssl_verifies_the_token_of_a_receipt(kept):
    command = ["openssl", "ts", "-verify", "-in", kept.token, "-token_in", "-CAfile", kept.root]

    def accepts(*what: object) -> bool:
        line = [str(word) for word in (*command, *what)]
        return subprocess.run(line, capture_output=True, check=False).returncode == 0

    assert accepts("-data", kept.manifest)
    assert accepts("-digest", kept.content()["manifest_sha256"])
    assert not accepts("-data", kept.annex)


def test_verify_refuses_each_altered_byte_of_a_receipt(kept):
    whole = kept.receipt.read_bytes()
    chance = random.Random(4)
    key = [verify.read_key(heads.verifier_key())]
    for at in sorted(chance.sample(range(len(whole)), 400)):
        altered = whole[:at] + bytes([whole[at] ^ 1 << chance.randrange(7)]) + whole[at + 1 :]
        if is_key(whole, at):
            continue
        with pytest.raises((verify.Wrong, ValueError)):
            verify.read_receipt(altered, key, lambda _line: None)


def is_key(receipt: bytes, at: int) -> bool:
    """Whether the byte is of the key, which is compared with the one that was given, or with nothing."""
    key = canonical.dumps(json.loads(receipt)["journal"]["key"])
    return receipt.find(key) < at < receipt.find(key) + len(key) - 1


def other_key(content: dict[str, Any]) -> None:
    """Re-signed by somebody else, who says so."""
    key = Ed25519PrivateKey.generate()
    found = notes.read(content["journal"]["head"], [heads.verifier_key()])
    content["journal"]["head"] = notes.sign(found, key)
    content["journal"]["key"] = str(VerifierKey(found.origin, key.public_key()))


def set_at(*path: str, value: object):
    def change(content: dict[str, Any]) -> None:
        place = content
        for name in path[:-1]:
            place = place[name]
        place[path[-1]] = value

    return change


def proof_of(change):
    def changed(content: dict[str, Any]) -> None:
        content["journal"]["proof"] = change(content["journal"]["proof"])

    return changed


FORGERIES = {
    "a version of before the heads": set_at("version", value=1),
    "an earlier version": set_at("version", value=2),
    "a version to come": set_at("version", value=4),
    "other copies": set_at("copies", value=2),
    "an earlier deposit": set_at("follows", value={"deposit": "0" * 36, "relation": "replaces"}),
    "a member more": set_at("more", value=1),
    "a member less": lambda content: content.pop("buyer"),
    "another deposit": set_at("deposit", value="0" * 36),
    "another manifest": set_at("manifest_sha256", value="00" * 32),
    "another time": set_at("submitted_at", value="2026-11-02T08:00:00.000000+00:00"),
    "late": set_at("is_late", value=True),
    "another deadline": set_at(
        "consultation", "closes_at", value="2026-11-01T09:00:00.000000+00:00"
    ),
    "another annex": set_at("annex_sha256", value="00" * 32),
    "another buyer": set_at("buyer", "service", value="Another"),
    "another company": set_at("company", "name", value="Another"),
    "other recipients": set_at("recipients", value=[]),
    "another first byte": set_at("first_byte_at", value=None),
    "no deadline": lambda content: content["consultation"].pop("closes_at"),
    "no head": set_at("journal", "head", value=None),
    "a head of nothing": set_at("journal", "head", value=""),
    "a head of another size": lambda content: content["journal"].update(
        head=content["journal"]["head"].replace("\n5\n", "\n6\n")
    ),
    "another key": other_key,
    "another index": set_at("journal", "index", value=0),
    "another index, twice": lambda content: (
        set_at("journal", "index", value=0)(content),
        set_at("journal", "entry", "index", value=0)(content),
    ),
    "an index that is no number": set_at("journal", "entry", "index", value=True),
    "another leaf": set_at("journal", "leaf_hash", value="00" * 32),
    "another action": set_at("journal", "entry", "action", value="deposit.started"),
    "another subject": set_at("journal", "entry", "subject", value="Deposit 1"),
    "another actor": set_at("journal", "entry", "actor", value="somebody"),
    "other facts": set_at("journal", "entry", "facts", value={}),
    "another salt": set_at("journal", "entry", "salt", value="00" * 16),
    "a short salt": set_at("journal", "entry", "salt", value="00"),
    "no proof": proof_of(lambda _proof: []),
    "a proof that is no list": proof_of(lambda _proof: None),
    "a proof cut": proof_of(lambda proof: proof[:-1]),
    "a proof turned round": proof_of(lambda proof: [*proof[:-1], "00" * 32]),
    "a longer proof": proof_of(lambda proof: [*proof, "00" * 32]),
    "a proof of 63 lines": proof_of(lambda proof: [*proof, *["00" * 32] * 63]),
    "a short hash": proof_of(lambda proof: [proof[0][:-2], *proof[1:]]),
    "a hash in capitals": proof_of(lambda proof: [proof[0].upper() + "", "A" * 64]),
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_verify_refuses_a_forged_receipt(kept, forge, capsys):
    content = kept.content()
    forge(content)
    kept.rewrite(content)

    assert run(kept.receipt, *kept.trust) == 1
    assert capsys.readouterr().err.startswith("WRONG: ")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data + b"\n",
        lambda data: b" " + data,
        lambda data: data.replace(b'":', b'": ', 1),
        lambda data: data.replace(b'"version":3', b'"version":3.0'),
        lambda data: data.replace(b'"version":3', b'"version":3,"version":3'),
        lambda data: data[:-1],
        lambda _data: b"",
        lambda _data: b"{}",
        lambda _data: b"null",
        lambda data: data.decode().encode("utf-16"),
    ],
)
def test_verify_refuses_a_receipt_that_is_not_canonical(kept, spoil):
    kept.receipt.write_bytes(spoil(kept.receipt.read_bytes()))

    assert run(kept.receipt) == 1


def test_verify_refuses_what_is_not_of_this_receipt(kept, tmp_path):
    (tmp_path / "other").mkdir()
    other = Kept(tmp_path / "other")

    for file in (other.token, other.manifest, other.annex):
        assert run(kept.receipt, kept.annex, file) == 1, file
    assert run(kept.receipt, kept.file) == 1  # without the annex
    kept.file.write_bytes(CONTENT + b".")
    assert run(kept.receipt, kept.annex, kept.file) == 1


def test_verify_refuses_bad_time_stamps(kept):
    root = make_party("Root", is_authority=True)
    signer = make_party("Authority", root)
    roots = [root.certificate]
    imprint = ("sha256", bytes.fromhex(kept.content()["manifest_sha256"]))
    receipt = verify.read_receipt(kept.receipt.read_bytes(), [], lambda _line: None)
    good = Forge(signer, imprint=imprint).token()
    assert verify.check_stamp(good, receipt, None, roots) == ("CN=Authority", NOW)
    stranger = make_party("Authority", make_party("Root", is_authority=True))
    bad = [
        Forge(signer).token(),
        Forge(stranger, imprint=imprint).token(),
        Forge(make_party("A", root, usage=None), imprint=imprint).token(),
        Forge(make_party("A", root, is_critical=False), imprint=imprint).token(),
        Forge(make_party("A", root, key_size=1024), imprint=imprint).token(),
        Forge(make_party("A", root, validity=(NOW - 9 * DAY, NOW - DAY)), imprint=imprint).token(),
        Forge(signer, imprint=imprint, digest="sha1").token(),
        Forge(signer, imprint=imprint, signatures=2).token(),
        Forge(signer, imprint=imprint, sends_certificate=False).token(),
        Forge(signer, imprint=imprint, signs_with=stranger.private_key).token(),
        Forge(signer, imprint=imprint, content_type="data").token(),
        *(
            Forge(signer, imprint=imprint, attributes={name: None}).token()
            for name in ("content_type", "message_digest", "signing_certificate_v2")
        ),
        Forge(signer, imprint=imprint, attributes={"message_digest": bytes(32)}).token(),
        Forge(signer, imprint=("sha512", hashlib.sha512(b"").digest())).token(),
        good + b"\x00",
        good[:-1],
        good[:100],
        b"",
    ]
    bad += [
        good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :]
        for at in range(len(good) - 256, len(good))
    ]
    for token in bad:
        with pytest.raises(verify.Wrong):
            verify.check_stamp(token, receipt, None, roots)
