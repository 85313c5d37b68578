# SPDX-License-Identifier: EUPL-1.2
import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace import canonical
from marketplace.canonical import LARGEST_INTEGER, CanonicalError, JSONValue

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "canonical.json").read_text())
GOOD = [vector for vector in VECTORS if "value" in vector["expect"]]
BAD = [vector for vector in VECTORS if "error" in vector["expect"]]

integers = st.integers(-LARGEST_INTEGER, LARGEST_INTEGER)
scalars = st.none() | st.booleans() | integers | st.text()
keys = st.text("abcXYZ_", min_size=1)
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(keys, inner))


@pytest.mark.parametrize("vector", GOOD, ids=lambda vector: vector["name"])
def test_canonical_form_is_that_of_the_vector(vector):
    data = base64.b64decode(vector["inputs"]["bytes"])

    assert canonical.dumps(vector["expect"]["value"]) == data
    assert canonical.loads(data) == vector["expect"]["value"]


@pytest.mark.parametrize("vector", BAD, ids=lambda vector: vector["name"])
def test_loads_refuses_the_vector(vector):
    data = base64.b64decode(vector["inputs"]["bytes"])

    with pytest.raises(CanonicalError) as refusal:
        canonical.loads(data)

    assert refusal.value.code == vector["expect"]["error"]


@given(values)
def test_loads_gives_back_what_dumps_wrote(value):
    assert canonical.loads(canonical.dumps(value)) == value


@given(st.binary())
def test_loads_accepts_only_canonical_forms(data):
    try:
        value = canonical.loads(data)
    except CanonicalError:
        return

    assert canonical.dumps(value) == data


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        float("nan"),
        LARGEST_INTEGER + 1,
        -LARGEST_INTEGER - 1,
        b"bytes",
        (1, 2),
        {1: "a key that is no text"},
        {"": 1},
        {"é": 1},
        {"1a": 1},
        {"a-b": 1},
        {"a": [{"b\n": 1}]},
        "\ud800",
    ],
    ids=repr,
)
def test_dumps_refuses_what_has_no_canonical_form(value):
    with pytest.raises(CanonicalError):
        canonical.dumps(value)


def test_dumps_refuses_endless_nesting():
    value: list[JSONValue] = []
    for _ in range(100_000):
        value = [value]

    with pytest.raises(CanonicalError):
        canonical.dumps(value)


def test_loads_refuses_endless_nesting():
    with pytest.raises(CanonicalError):
        canonical.loads(b"[" * 100_000 + b"]" * 100_000)
