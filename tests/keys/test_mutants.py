# SPDX-License-Identifier: EUPL-1.2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keys.der import DERError
from keys.findings import EXPLANATIONS
from tests.keys import mutants
from tools import fuzz


@pytest.fixture(scope="module")
def seeds():
    return mutants.seeds()


@settings(
    derandomize=True, max_examples=300, deadline=None, suppress_health_check=list(HealthCheck)
)
@given(drawn=st.data())
def test_mutants_are_accepted_and_seal_or_are_refused(seeds, drawn):
    verdict = mutants.check(drawn.draw(mutants.mutants(seeds)))

    assert verdict == "" or verdict in EXPLANATIONS


def test_tree_of_a_certificate_is_written_back_as_it_was(seeds):
    certificates = [data for data in seeds if data[:2] == b"\x30\x82"]

    altered = [data for data in certificates if rewritten(data) not in (data, None)]

    assert len(certificates) > 400
    assert altered == []


def rewritten(data):
    try:
        return mutants.parse(data).encoded()
    except DERError:
        return None


def test_fuzzing_tells_how_many_it_tried(monkeypatch, capsys, seeds):
    monkeypatch.setattr(fuzz, "seeds", lambda: seeds[:20])
    monkeypatch.setattr(fuzz, "BATCH", 20)

    status = fuzz.main(["--seconds", "0.01", "--seed", "1"])

    assert status == 0
    assert "20 mutants in" in capsys.readouterr().out


def test_fuzzing_stops_at_what_fails(monkeypatch, seeds):
    def fail(data):
        raise ZeroDivisionError

    monkeypatch.setattr(fuzz, "seeds", lambda: seeds[:20])
    monkeypatch.setattr(fuzz, "check", fail)

    with pytest.raises(ZeroDivisionError):
        fuzz.main(["--seconds", "1", "--seed", "1"])
