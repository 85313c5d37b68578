# SPDX-License-Identifier: EUPL-1.2
import json

import pytest
from django.core.management import CommandError, call_command

from tests.factories import make_certificate, make_private_key


def test_assess_tells_a_good_certificate_from_what_is_none(tmp_path, capsys):
    good, bad = tmp_path / "good.cer", tmp_path / "bad.cer"
    good.write_bytes(make_certificate(make_private_key()))
    bad.write_bytes(b"not a certificate")

    call_command("assess", str(good), str(bad), "--json")

    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["file"], first["accepted"], first["refusals"]) == (str(good), True, [])
    assert len(first["fingerprint"]) == 64
    assert (second["accepted"], second["fingerprint"]) == (False, None)
    assert [refusal["code"] for refusal in second["refusals"]] == ["unreadable"]
    assert second["refusals"][0]["message"]


def test_assess_names_a_file_that_is_not_there(tmp_path):
    with pytest.raises(CommandError, match=r"nowhere\.cer cannot be read"):
        call_command("assess", str(tmp_path / "nowhere.cer"))
