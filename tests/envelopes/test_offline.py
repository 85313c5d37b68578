# SPDX-License-Identifier: EUPL-1.2
"""A downloaded deposit opens without the site (promise P9), or says why not and leaves nothing half-open."""

import io
import subprocess
import sys
import tracemalloc
import zipfile
from hashlib import sha256

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from django.conf import settings

from envelopes import archive
from envelopes.manifest import IndexFile
from envelopes.offline import opening as offline
from envelopes.offline.archive import AT_ONCE, Key, OfflineRefused
from keys.certificates import read_certificate
from keys.cms import BLOCK_SIZE
from marketplace.models import EnvelopeKind
from tests.envelopes import sealed
from tests.factories import make_certificate, make_private_key

pytestmark = pytest.mark.django_db
CONTENTS = {
    EnvelopeKind.APPLICATION: {"DC1.pdf": b"candidature"},
    EnvelopeKind.OFFER: {"Prix.csv": b"48 213,50", "Vide.txt": b""},
}
OPENED = {
    "application/DC1.pdf": b"candidature",
    "offer/Prix.csv": b"48 213,50",
    "offer/Vide.txt": b"",
}


@pytest.fixture
def scene():
    return sealed.make_scene(CONTENTS)


def archive_of(deposit) -> io.BytesIO:
    out = io.BytesIO()
    archive.write(deposit, out)
    return out


def key_of(scene) -> Key:
    certificate = read_certificate(bytes(scene.holder.key_pair.certificate))
    return certificate, scene.holder.private_key


def open_all(data: io.BytesIO, key: Key, out) -> list[offline.OpenedFile]:
    path = out.with_suffix(".zip")
    path.write_bytes(data.getvalue())
    return list(offline.open_archive(path, key, out))


def files_in(folder) -> dict[str, bytes]:
    found = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def altered(
    data: io.BytesIO, change=lambda _name, content: content, method=zipfile.ZIP_STORED
) -> io.BytesIO:
    """The archive with each member as `change(name, content)` makes it; None leaves it out."""
    out = io.BytesIO()
    with zipfile.ZipFile(data) as before, zipfile.ZipFile(out, "w", method) as after:
        for name in before.namelist():
            content = change(name, before.read(name))
            if content is not None:
                after.writestr(name, content)
    return out


def test_open_archive_gives_each_file_as_it_was_sent(scene, tmp_path):
    opened = open_all(archive_of(scene.deposit), key_of(scene), tmp_path / "out")

    assert files_in(tmp_path / "out") == OPENED
    assert all(file.matches_index for file in opened)


def test_offline_command_opens_with_a_key_file_and_without_django(scene, tmp_path):
    file, key_file = tmp_path / "pli.zip", tmp_path / "key.p12"
    file.write_bytes(archive_of(scene.deposit).getvalue())
    certificate = x509.load_der_x509_certificate(bytes(scene.holder.key_pair.certificate))
    key_file.write_bytes(
        pkcs12.serialize_key_and_certificates(
            b"key", scene.holder.private_key, certificate, None, BestAvailableEncryption(b"secret")
        )
    )
    arguments = ["open", str(file), "--key", str(key_file), "--out", str(tmp_path / "out")]
    code = (
        "import sys; sys.modules['django'] = None; from envelopes import offline;"
        f"sys.exit(offline.main({arguments!r}))"
    )

    def run(password: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", code]
        return subprocess.run(
            command,
            input=password,
            cwd=settings.BASE_DIR,
            text=True,
            capture_output=True,
            check=False,
        )

    refused, opened = run("wrong\n"), run("secret\n")

    assert (refused.returncode, opened.returncode) == (1, 0)
    assert "password" in refused.stderr
    assert len(opened.stdout.splitlines()) == 3
    assert files_in(tmp_path / "out") == OPENED


def test_open_archive_refuses_a_key_that_is_no_recipient(scene, tmp_path):
    stranger = make_private_key()
    key = read_certificate(make_certificate(stranger)), stranger

    with pytest.raises(OfflineRefused, match="not_a_recipient"):
        open_all(archive_of(scene.deposit), key, tmp_path / "out")

    assert files_in(tmp_path / "out") == {}


ALTERATIONS = {
    "a block altered": lambda name, content: (
        content[:-1] + bytes([content[-1] ^ 1]) if name.endswith("0.p7m") else content
    ),
    "a block gone": lambda name, content: None if name.endswith("0.p7m") else content,
    "another manifest": lambda name, content: (
        content.replace(b"offer", b"other") if name == "manifest.json" else content
    ),
    "no receipt": lambda name, content: None if name == "receipt.json" else content,
}


@pytest.mark.parametrize("change", ALTERATIONS.values(), ids=ALTERATIONS)
def test_open_archive_refuses_what_is_not_what_was_sealed(scene, tmp_path, change):
    with pytest.raises(OfflineRefused):
        open_all(altered(archive_of(scene.deposit), change), key_of(scene), tmp_path / "out")

    assert files_in(tmp_path / "out") == {}


def test_open_archive_opens_what_was_packed_anew(scene, tmp_path):
    packed = altered(archive_of(scene.deposit), method=zipfile.ZIP_DEFLATED)

    open_all(packed, key_of(scene), tmp_path / "out")

    assert files_in(tmp_path / "out") == OPENED


def test_open_archive_opens_members_with_extra_fields(scene, tmp_path):
    out = io.BytesIO()
    with zipfile.ZipFile(archive_of(scene.deposit)) as before, zipfile.ZipFile(out, "w") as after:
        for name in before.namelist():
            with after.open(name, "w", force_zip64=True) as member:
                member.write(before.read(name))

    open_all(out, key_of(scene), tmp_path / "out")

    assert files_in(tmp_path / "out") == OPENED


STRUCTURES = {  # the way the blocks are packed, what is spoilt in their local headers and by what
    "no local header": (zipfile.ZIP_STORED, 0, b"PX"),
    "another place": (zipfile.ZIP_STORED, 26, b"\x01"),
    "outside the archive": (zipfile.ZIP_STORED, 26, b"\xff\xff\xff\xff"),
    "packed, no local header": (zipfile.ZIP_DEFLATED, 0, b"PX"),
    "packed, damaged": (zipfile.ZIP_DEFLATED, 30 + len(f"blocks/{16 * '0'}/0.p7m"), b"\xff\xff"),
    "encrypted": (zipfile.ZIP_DEFLATED, None, b"\x01"),
}


@pytest.mark.parametrize(("method", "at", "junk"), STRUCTURES.values(), ids=STRUCTURES)
def test_open_archive_refuses_a_damaged_structure(scene, tmp_path, method, at, junk):
    data = altered(archive_of(scene.deposit), method=method)
    content = bytearray(data.getvalue())
    with zipfile.ZipFile(data) as archive:
        blocks = [info for info in archive.infolist() if info.filename.startswith("blocks/")]
        entries = archive.start_dir
    for info in blocks:
        if at is None:  # the flags of the member, in the directory at the end
            where = content.index(info.filename.encode(), entries) - 46 + 8
        else:
            where = info.header_offset + at
        content[where : where + len(junk)] = junk

    with pytest.raises(OfflineRefused, match=r"is not what was sealed|is damaged there"):
        open_all(io.BytesIO(content), key_of(scene), tmp_path / "out")

    assert files_in(tmp_path / "out") == {}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_open_archive_reads_no_block_larger_than_what_was_sealed(scene, tmp_path, method):
    def grow(name: str, content: bytes) -> bytes:
        return content + bytes(8 * BLOCK_SIZE) if name.startswith("blocks/") else content

    data = altered(archive_of(scene.deposit), grow, method)
    tracemalloc.start()
    try:
        with pytest.raises(OfflineRefused, match="is not what was sealed"):
            open_all(data, key_of(scene), tmp_path / "out")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert most < 2 * len(data.getvalue()) + BLOCK_SIZE


def test_open_archive_refuses_a_receipt_that_is_larger_than_any(scene, tmp_path):
    def grow(name: str, content: bytes) -> bytes:
        return content + bytes(65 * 1024 * 1024) if name == "receipt.json" else content

    with pytest.raises(OfflineRefused, match=r"receipt\.json is larger than any"):
        open_all(
            altered(archive_of(scene.deposit), grow, zipfile.ZIP_DEFLATED),
            key_of(scene),
            tmp_path / "out",
        )


@pytest.mark.parametrize("junk", [b"", b"{", b"\xff", b"NaN"])
def test_open_archive_refuses_a_receipt_that_cannot_be_read(scene, tmp_path, junk):
    def spoil(name: str, content: bytes) -> bytes:
        return junk if name == "receipt.json" else content

    with pytest.raises(OfflineRefused, match="the receipt cannot be read"):
        open_all(altered(archive_of(scene.deposit), spoil), key_of(scene), tmp_path / "out")


def test_open_archive_refuses_a_version_of_zip_that_nobody_reads(scene, tmp_path):
    content = bytearray(archive_of(scene.deposit).getvalue())
    content[content.rindex(b"PK\x01\x02") + 6] = 177  # the version needed, in the directory

    with pytest.raises(OfflineRefused, match="the archive cannot be read"):
        open_all(io.BytesIO(content), key_of(scene), tmp_path / "out")


def test_open_archive_opens_many_blocks_in_their_order_in_the_room_of_a_few(tmp_path):
    content = b"".join(bytes([number]) * BLOCK_SIZE for number in range(3 * AT_ONCE + 3)) + b"end"
    scene = sealed.make_scene(CONTENTS | {EnvelopeKind.OFFER: {"Offre.bin": content}})
    path = tmp_path / "pli.zip"
    path.write_bytes(archive_of(scene.deposit).getvalue())

    tracemalloc.start()
    try:
        (_, opened) = offline.open_archive(path, key_of(scene), tmp_path / "out")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert most < 2 * (AT_ONCE + 2) * BLOCK_SIZE  # each block is there sealed, and open
    assert opened.matches_index
    assert opened.path.read_bytes() == content


def test_write_file_has_digested_a_block_before_the_next_comes_to_its_room(tmp_path):
    room, fills = bytearray(BLOCK_SIZE), [b"a" * BLOCK_SIZE, b"b" * BLOCK_SIZE] * 4
    content = b"".join(fills)
    announced = IndexFile(bytes(8), "Offre.bin", sha256(content).hexdigest(), len(content))

    def blocks():
        for fill in fills:
            room[:] = fill
            yield memoryview(room)

    opened = offline.write_file(tmp_path / "Offre.bin", blocks(), announced)

    assert opened.matches_index
    assert opened.path.read_bytes() == content


def test_open_archive_leaves_nothing_of_a_file_whose_second_block_is_damaged(tmp_path):
    content = b"offre" * (BLOCK_SIZE // 4)
    scene = sealed.make_scene(CONTENTS | {EnvelopeKind.OFFER: {"Offre.bin": content}})
    whole = archive_of(scene.deposit)

    def spoil(name: str, block: bytes) -> bytes:
        return block[:-1] + bytes([block[-1] ^ 1]) if name.endswith("/1.p7m") else block

    with pytest.raises(OfflineRefused, match=r"1\.p7m is not what was sealed"):
        open_all(altered(whole, spoil), key_of(scene), tmp_path / "spoilt")
    open_all(whole, key_of(scene), tmp_path / "whole")

    assert files_in(tmp_path / "spoilt").keys() == {"application/DC1.pdf"}
    assert files_in(tmp_path / "whole")["offer/Offre.bin"] == content


def test_open_archive_opens_names_as_long_as_they_may_be_and_of_any_ending(tmp_path):
    files = {"n" * 251 + ".pdf": b"long", "a.pdf.part": b"first", "a.pdf": b"second"}
    scene = sealed.make_scene(CONTENTS | {EnvelopeKind.OFFER: files})

    open_all(archive_of(scene.deposit), key_of(scene), tmp_path / "out")

    opened = files_in(tmp_path / "out")
    assert {name: opened[f"offer/{name}"] for name in files} == files


def test_open_archive_overwrites_nothing_that_was_opened_before(scene, tmp_path):
    open_all(archive_of(scene.deposit), key_of(scene), tmp_path / "out")
    other = sealed.make_scene(CONTENTS | {EnvelopeKind.APPLICATION: {"DC1.pdf": b"other"}})

    with pytest.raises(OfflineRefused, match="is there already"):
        open_all(archive_of(other.deposit), key_of(other), tmp_path / "out")

    assert files_in(tmp_path / "out") == OPENED


def test_open_archive_overwrites_no_file_of_a_like_name(tmp_path):
    taken: set[str] = set()

    names = [offline._free_name(name, taken) for name in ("Prix.pdf", "PRIX.pdf", "prix.PDF")]

    assert names == ["Prix.pdf", "PRIX (2).pdf", "prix (3).PDF"]


def test_read_key_refuses_a_file_that_is_no_key():
    with pytest.raises(OfflineRefused, match="password"):
        offline.read_key(b"nothing", "secret")
