# SPDX-License-Identifier: EUPL-1.2
import hashlib
import json
from base64 import b64decode
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envelopes.manifest import BadIndex, BadManifest, IndexFile, read_index, read_manifest
from marketplace import canonical
from tools import vector_texts

VECTORS = Path(__file__).parents[1] / "vectors"
MANIFEST = canonical.dumps(vector_texts.manifest())
INDEX = canonical.dumps(vector_texts.index())


def vectors(file, outcome):
    found = json.loads((VECTORS / file).read_text())
    return [pytest.param(v, id=v["name"]) for v in found if outcome in v["expect"]]


def read_index_of(inputs):
    """The index of a vector, compared with its manifest when one is given."""
    index = read_index(b64decode(inputs["bytes"]))
    if "manifest" in inputs:
        envelope = index.check_fits(read_manifest(b64decode(inputs["manifest"])))
        assert envelope.id == UUID(inputs["envelope"])
    return index


@pytest.mark.parametrize("vector", vectors("manifests.json", "manifest"))
def test_read_manifest_reads_the_vector(vector):
    data = b64decode(vector["inputs"]["bytes"])

    written = read_manifest(data).to_bytes()

    assert written == data
    assert canonical.loads(written) == vector["expect"]["manifest"]
    assert hashlib.sha256(written).hexdigest() == vector["expect"]["sha256"]


@pytest.mark.parametrize("vector", vectors("manifests.json", "error"))
def test_read_manifest_refuses_the_vector(vector):
    with pytest.raises(BadManifest) as refusal:
        read_manifest(b64decode(vector["inputs"]["bytes"]))

    assert refusal.value.code == vector["expect"]["error"]


@pytest.mark.parametrize("vector", vectors("indexes.json", "index"))
def test_read_index_reads_the_vector(vector):
    index = read_index_of(vector["inputs"])

    expected = vector["expect"]["index"]
    assert (str(index.deposit), str(index.envelope)) == (expected["deposit"], expected["envelope"])
    assert (index.kind, index.lot) == (expected["kind"], expected["lot"])
    assert list(index.files) == [
        IndexFile(bytes.fromhex(file["id"]), file["name"], file["sha256"], file["size"])
        for file in expected["files"]
    ]


@pytest.mark.parametrize("vector", vectors("indexes.json", "error"))
def test_read_index_refuses_the_vector(vector):
    with pytest.raises(BadIndex) as refusal:
        read_index_of(vector["inputs"])

    assert refusal.value.code == vector["expect"]["error"]


@given(at=st.integers(0, len(MANIFEST) - 1), bit=st.integers(0, 7))
def test_read_manifest_never_reads_an_altered_one_as_the_same(at, bit):
    data = MANIFEST[:at] + bytes((MANIFEST[at] ^ 1 << bit,)) + MANIFEST[at + 1 :]

    try:
        manifest = read_manifest(data)
    except BadManifest:
        return

    assert manifest != read_manifest(MANIFEST)
    assert manifest.to_bytes() == data


@given(st.text(max_size=40))
def test_index_writes_a_name_that_it_reads_or_refuses_it(name):
    index = read_index(INDEX)
    named = replace(index, files=(replace(index.files[0], name=name),))

    try:
        data = named.to_bytes()
    except BadIndex:
        return

    assert read_index(data) == named


@pytest.mark.parametrize(
    "names",
    [
        ("a.pdf", "a.pdf"),
        ("a.pdf", "A.PDF"),
        ("é", "e\u0301"),
        ("STRASSE", "straße"),
        ("É", "e\u0301"),
    ],
)
def test_index_refuses_to_write_names_that_fold_alike(names):
    index = read_index(INDEX)
    files = tuple(replace(file, name=name) for file, name in zip(index.files, names, strict=True))

    with pytest.raises(BadIndex):
        replace(index, files=files).to_bytes()


def test_index_writes_names_that_differ():
    index = read_index(INDEX)
    names = ("a.pdf", "b.pdf")
    files = tuple(replace(file, name=name) for file, name in zip(index.files, names, strict=True))

    assert [file.name for file in read_index(replace(index, files=files).to_bytes()).files] == [
        *names
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"recipients": ()},
        {"recipients": ("b" * 64, "a" * 64)},
        {"envelopes": ()},
        {"recipients": ("\ud800",)},
    ],
    ids=repr,
)
def test_manifest_refuses_to_write_what_it_would_not_read(change):
    with pytest.raises(BadManifest):
        replace(read_manifest(MANIFEST), **change).to_bytes()


@pytest.mark.parametrize("file_id", [b"", b"1234567", b"123456789"], ids=len)
def test_index_refuses_to_write_a_file_id_of_another_size(file_id):
    index = read_index(INDEX)

    with pytest.raises(BadIndex):
        replace(index, files=(replace(index.files[0], id=file_id),)).to_bytes()


def test_manifest_finds_its_envelopes():
    manifest = read_manifest(MANIFEST)

    assert manifest.envelope(UUID(vector_texts.ENVELOPE)) == manifest.envelopes[0]
    assert manifest.envelope(UUID(vector_texts.DEPOSIT)) is None
