# SPDX-License-Identifier: EUPL-1.2
"""`manage.py demo`, and what a newcomer does with it: open a bid with nothing but OpenSSL."""

import json
import subprocess
import zipfile

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from envelopes.models import Deposit, Envelope, Release
from keys.models import KeyPair
from marketplace import rehearsals
from marketplace.models import Consultation, JournalEntry, User

pytestmark = pytest.mark.django_db(transaction=True)


def openssl(*arguments: str) -> bytes:
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True).stdout


def test_demo_shows_each_state_and_its_keys_open_the_archive(tmp_path, capsys):
    call_command("demo", out=tmp_path)

    said = capsys.readouterr().out
    assert sorted(Consultation.objects.values_list("state", flat=True)) == [
        "draft",
        "online",
        "online",
        "online",
        "opening",
    ]
    assert Consultation.objects.rehearsals().get().closes_at > timezone.now() + rehearsals.NEAREST
    assert set(KeyPair.objects.values_list("state", "is_backup")) == {
        ("active", False),
        ("active", True),
    }
    assert Deposit.objects.count() == 3
    assert (Envelope.objects.count(), Release.objects.count()) == (6, 2)
    times = list(JournalEntry.objects.order_by("index").values_list("recorded_at", flat=True))
    assert times == sorted(times)
    passwords = json.loads((tmp_path / "passwords.json").read_text())
    for file_name, password in passwords.items():
        assert file_name in said
        assert password in said
        assert blocks_opened_with(tmp_path, file_name, password) == 5


def blocks_opened_with(folder, file_name, password) -> int:
    """How many blocks of the archive `openssl cms -decrypt` opens with a PKCS#12 file."""
    key, certificate, block = folder / "key.pem", folder / "certificate.pem", folder / "block.p7m"
    password_option = ["-passin", f"pass:{password}"]
    pkcs12 = ["pkcs12", "-in", str(folder / file_name), *password_option]
    key.write_bytes(openssl(*pkcs12, "-nocerts", "-noenc"))
    certificate.write_bytes(openssl(*pkcs12, "-nokeys"))
    with zipfile.ZipFile(folder / "pli-scelle.zip") as archive:
        names = [name for name in archive.namelist() if name.startswith("blocks/")]
        for name in names:
            block.write_bytes(archive.read(name))
            options = ["-inform", "DER", "-inkey", str(key), "-recip", str(certificate), "-binary"]
            assert openssl("cms", "-decrypt", "-in", str(block), *options)
    return len(names)


def test_demo_refuses_a_database_that_is_not_empty(tmp_path):
    User.objects.create_user("someone@example.org")

    with pytest.raises(CommandError, match="not empty"):
        call_command("demo", out=tmp_path)

    assert User.objects.count() == 1
    assert list(tmp_path.iterdir()) == []
