# SPDX-License-Identifier: EUPL-1.2
import pytest
from django.db import connection

from marketplace import checks


def ids(messages):
    return [message.id for message in messages]


def test_plaintext_stays_in_memory_accepts_the_settings_as_they_are():
    assert ids(checks.plaintext_stays_in_memory(None)) == []


def test_plaintext_stays_in_memory_refuses_a_handler_that_spools(settings):
    settings.FILE_UPLOAD_HANDLERS = [*settings.FILE_UPLOAD_HANDLERS, checks.SPOOLING_HANDLER]

    assert ids(checks.plaintext_stays_in_memory(None)) == ["sigille.E001"]


def test_plaintext_stays_in_memory_refuses_asgi(settings):
    settings.ASGI_APPLICATION = "marketplace.asgi.application"

    assert ids(checks.plaintext_stays_in_memory(None)) == ["sigille.E002"]


def test_secrets_are_apart_refuses_one_key_for_two_uses(settings):
    assert ids(checks.secrets_are_apart(None)) == []

    settings.RELEASE_KEY = settings.SECRET_KEY

    assert ids(checks.secrets_are_apart(None)) == ["sigille.E003"]


def test_secrets_are_apart_refuses_to_sign_the_journal_with_another_key(settings):
    settings.LOG_KEY = settings.RELEASE_KEY

    assert ids(checks.secrets_are_apart(None)) == ["sigille.E003"]


@pytest.mark.parametrize(
    ("name", "former"), [("two words", []), ("", []), ("sigille.example/journal", ["nothing"])]
)
def test_journal_keys_are_readable_refuses_what_no_note_can_carry(settings, name, former):
    assert ids(checks.journal_keys_are_readable(None)) == []

    settings.LOG_NAME, settings.LOG_FORMER_KEYS = name, former

    assert ids(checks.journal_keys_are_readable(None)) == ["sigille.E004"]


def test_timestamps_can_be_verified_refuses_an_authority_that_nothing_vouches_for(settings):
    assert ids(checks.timestamps_can_be_verified(None)) == []

    settings.TSA_URL = "https://tsa.example"
    for roots in ("", "nothing here", __file__):
        settings.TSA_ROOTS = roots
        assert ids(checks.timestamps_can_be_verified(None)) == ["sigille.E005"]

    settings.TSA_ROOTS = str(settings.BASE_DIR / "tests/vectors/keys/rsa-2048.crt")
    assert ids(checks.timestamps_can_be_verified(None)) == []
    settings.TSA_URL = "file:///etc/passwd"
    assert ids(checks.timestamps_can_be_verified(None)) == ["sigille.E005"]


def two_stores(first, second):
    return {
        "default": {
            "BACKEND": "marketplace.mirrored_storage.MirroredStorage",
            "OPTIONS": {"first": {"OPTIONS": first}, "second": {"OPTIONS": second}},
        }
    }


ONE_BUCKET = {"endpoint_url": "http://one.example", "bucket_name": "bids"}


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ({"location": "/srv/a"}, {"location": "/srv/a"}, ["sigille.E006"]),
        ({"location": "/srv/a"}, {"location": "/srv/a/b"}, ["sigille.E006"]),
        ({"location": "/srv/a/b"}, {"location": "/srv/a"}, ["sigille.E006"]),
        ({"location": "/srv/a"}, {"location": "/srv/ab"}, ["sigille.W007"]),
        ({"location": "/srv/a"}, {"location": "/proc/ab"}, []),
        ({"location": "/srv/a"}, ONE_BUCKET, []),
        (ONE_BUCKET, {"location": "/srv/a"}, []),
        (ONE_BUCKET, ONE_BUCKET, ["sigille.E006"]),
        (ONE_BUCKET, ONE_BUCKET | {"bucket_name": "copies"}, ["sigille.W007"]),
        (ONE_BUCKET, ONE_BUCKET | {"endpoint_url": "http://other.example"}, []),
    ],
)
def test_copies_are_apart_refuses_one_place_and_warns_of_one_support(
    settings, first, second, expected
):
    settings.STORAGES = settings.STORAGES | two_stores(first, second)

    assert ids(checks.copies_are_apart(None)) == expected


def test_copies_are_apart_has_nothing_to_say_of_a_single_store():
    assert ids(checks.copies_are_apart(None)) == []


def test_production_is_whole_names_what_an_embedded_installation_lacks(settings, monkeypatch):
    monkeypatch.setattr(connection, "vendor", "sqlite")
    settings.IS_HTTPS = False
    settings.BROKER_URL = "filesystem://"
    settings.EMAIL_HOST = ""
    settings.LOG_KEY_IS_GIVEN = False
    settings.TSA_URL = ""
    settings.OPERATORS = []

    missing = ids(checks.production_is_whole(None))

    assert missing == [f"sigille.W00{number}" for number in (1, 2, 3, 4, 5, 6, 9)]


def test_production_is_whole_is_content_once_somebody_is_told_of_alarms(settings):
    settings.OPERATORS = ["operator@example.org"]

    assert "sigille.W009" not in ids(checks.production_is_whole(None))
