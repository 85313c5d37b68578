# SPDX-License-Identifier: EUPL-1.2
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from marketplace import environment

FOLDER = Path("/srv/sigille/blocks")
FIRST_BUCKET = {"S3_BUCKET": "bids", "S3_ENDPOINT": "http://one.example"}
SECOND_BUCKET = {
    "SECOND_S3_BUCKET": "copies",
    "SECOND_S3_ENDPOINT": "http://two.example",
    "SECOND_S3_ACCESS_KEY": "sigille",
    "SECOND_S3_SECRET_KEY": "not a secret",
}

PROCESSES = 8
# Waits for the end of its input, then asks for the secret; others run once it has opened a file.
STARTING = """
import os, sys, time
from pathlib import Path
from marketplace import environment

def open_slowly(*arguments, _open=os.open):
    descriptor = _open(*arguments)
    time.sleep(0.05)  # no fact to wait for: the fault is what others see meanwhile
    return descriptor

os.open = open_slowly
print("ready", flush=True)
sys.stdin.read()
print(environment.local_secret(Path(sys.argv[1])), end="")
"""


@pytest.fixture
def described(monkeypatch):
    """`described(NAME=value…)`: the store that these variables describe."""

    def described(**variables):
        for name, value in variables.items():
            monkeypatch.setenv(f"SIGILLE_{name}", value)
        return environment.block_store(FOLDER)

    return described


def places(store):
    return [
        options.get("location") or (options["endpoint_url"], options["bucket_name"])
        for options in (store["OPTIONS"][which]["OPTIONS"] for which in ("first", "second"))
    ]


@pytest.mark.parametrize("url", ["sqlite:///data/sigille.sqlite3", "postgresql://db/sigille"])
def test_requests_share_the_connections_to_either_database(url):
    assert environment.database(url)["CONN_MAX_AGE"] == 60


def test_block_store_is_a_folder_without_any_variable(described):
    assert described() == {
        "BACKEND": "marketplace.storage.DurableStorage",
        "OPTIONS": {"location": FOLDER},
    }


def test_block_store_is_the_bucket_that_is_named(described):
    store = described(**FIRST_BUCKET)

    assert store["BACKEND"] == "marketplace.object_storage.ObjectStorage"
    assert store["OPTIONS"]["bucket_name"] == "bids"


def test_second_folder_makes_two_copies(described, tmp_path):
    store = described(SECOND_STORE=str(tmp_path))

    assert store["BACKEND"] == "marketplace.mirrored_storage.MirroredStorage"
    assert places(store) == [FOLDER, tmp_path]


def test_second_bucket_has_its_own_address_and_keys(described):
    store = described(**FIRST_BUCKET, **SECOND_BUCKET)

    second = store["OPTIONS"]["second"]["OPTIONS"]
    assert places(store) == [("http://one.example", "bids"), ("http://two.example", "copies")]
    assert (second["access_key"], second["secret_key"]) == ("sigille", "not a secret")


def test_second_bucket_stands_beside_a_folder(described):
    assert places(described(**SECOND_BUCKET)) == [FOLDER, ("http://two.example", "copies")]


def test_two_second_stores_are_one_too_many(described):
    with pytest.raises(ImproperlyConfigured, match="keep one"):
        described(SECOND_STORE="/srv/copies", **SECOND_BUCKET)


def test_local_secret_is_one_for_all_the_processes_that_start_together(tmp_path):
    path = tmp_path / "secrets" / "secret_key"
    command = [sys.executable, "-c", STARTING, str(path)]

    with ExitStack() as stack:
        starting = [
            stack.enter_context(
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            )
            for _ in range(PROCESSES)
        ]
        inputs = [process.stdin for process in starting if process.stdin]
        outputs = [process.stdout for process in starting if process.stdout]
        assert [output.readline() for output in outputs] == ["ready\n"] * PROCESSES
        for each in inputs:
            each.close()
        secrets = {output.read() for output in outputs}

    assert secrets == {path.read_text(encoding="ascii")}
    assert len(path.read_text(encoding="ascii")) >= 64
    assert [file.name for file in path.parent.iterdir()] == ["secret_key"]
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_local_secret_stays_the_same(tmp_path):
    first = environment.local_secret(tmp_path / "secret_key")

    assert environment.local_secret(tmp_path / "secret_key") == first


def test_local_secret_that_is_empty_is_neither_used_nor_replaced(tmp_path):
    path = tmp_path / "secret_key"
    path.touch()

    with pytest.raises(ImproperlyConfigured, match="is empty"):
        environment.local_secret(path)

    assert path.read_bytes() == b""
