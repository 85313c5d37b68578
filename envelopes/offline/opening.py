# SPDX-License-Identifier: EUPL-1.2
"""Opens a downloaded deposit without the site: neither Django, nor a database, nor the network.

    python -m envelopes.offline open ARCHIVE --key KEY.p12 --out DIR

The password is asked, or read from the first line of standard input. A file has its name once all of it
is verified (docs/envelope-format.md § 9); until then it ends in `.part`, which a refusal removes.
"""

import argparse
import getpass
import hashlib
import sys
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

from envelopes.manifest import (
    BadIndex,
    BadManifest,
    Index,
    IndexFile,
    Manifest,
    ManifestEnvelope,
    ManifestFile,
    fold_name,
    read_index,
    read_manifest,
)
from keys import cms
from keys.certificates import Certificate, CertificateRefused, read_certificate
from marketplace import canonical

Key = tuple[Certificate, cms.PrivateKey]


class OfflineRefused(Exception):
    """The archive, or the key, does not open; the message says why."""


@dataclass(frozen=True)
class OpenedFile:
    """A file on the disk, whole; whether it is what the bidder's computer had announced."""

    path: Path
    matches_index: bool


def open_archive(archive: zipfile.ZipFile, key: Key, out: Path) -> Iterator[OpenedFile]:
    """Write the files of a deposit below `out`, a folder an envelope.

    Raises:
        OfflineRefused: something in the archive is damaged, or is sealed to other keys.
    """
    manifest = _manifest(archive)
    for envelope in manifest.envelopes:
        content = b"".join(_plaintext(archive, envelope.index, key))
        index = _index(content, manifest, envelope)
        folder = out / _folder_of(envelope)
        folder.mkdir(parents=True, exist_ok=True)
        taken: set[str] = set()
        for described, announced in zip(envelope.files, index.files, strict=True):
            path = folder / _free_name(announced.name, taken)
            yield _write(path, _ahead(_plaintext(archive, described, key)), announced)


def read_key(data: bytes, password: str) -> Key:
    """The key of a PKCS#12 file.

    Raises:
        OfflineRefused: the password is wrong, or the file holds no key that opens bids.
    """
    try:
        private_key, certificate, _ = pkcs12.load_key_and_certificates(data, password.encode())
    except ValueError as error:
        raise OfflineRefused("the password does not open this key file") from error
    if certificate is None or not isinstance(private_key, cms.PrivateKey):
        raise OfflineRefused("the key file holds no RSA or EC key with its certificate")
    try:
        return read_certificate(certificate.public_bytes(Encoding.DER)), private_key
    except CertificateRefused as error:
        raise OfflineRefused(f"the certificate of the key is refused ({error.code})") from error


def _manifest(archive: zipfile.ZipFile) -> Manifest:
    data = _member(archive, "manifest.json")
    receipt = canonical.loads(_member(archive, "receipt.json"))
    digest = receipt.get("manifest_sha256") if isinstance(receipt, dict) else None
    if digest != hashlib.sha256(data).hexdigest():
        raise OfflineRefused("the manifest is not the one of the receipt")
    try:
        return read_manifest(data)
    except BadManifest as error:
        raise OfflineRefused(f"the manifest cannot be read: {error}") from error


def _index(content: bytes, manifest: Manifest, envelope: ManifestEnvelope) -> Index:
    try:
        index = read_index(content)
        is_its_own = index.check_fits(manifest) == envelope
    except BadIndex as error:
        raise OfflineRefused(f"the index of an envelope cannot be used: {error}") from error
    if not is_its_own:
        raise OfflineRefused("the index is of another envelope")
    return index


def _plaintext(archive: zipfile.ZipFile, file: ManifestFile, key: Key) -> Iterator[bytes]:
    """The blocks of a file, each verified whole before it is given."""
    for number, described in enumerate(file.blocks):
        name = f"blocks/{file.id.hex()}/{number}.p7m"
        block = _member(archive, name)
        if (len(block), hashlib.sha256(block).hexdigest()) != (described.size, described.sha256):
            raise OfflineRefused(f"{name} is not what was sealed")
        is_last = number == len(file.blocks) - 1
        try:
            plaintext = cms.open_with(block, key, file_id=file.id, number=number, is_last=is_last)
            cms.check_length(len(plaintext), number, is_last=is_last)
        except cms.EnvelopeError as error:
            raise OfflineRefused(f"{name} does not open ({error.code})") from error
        yield plaintext


def _ahead(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The same blocks; the next one is opened while the caller keeps this one."""
    with ThreadPoolExecutor(1) as worker:
        coming = worker.submit(next, blocks, None)
        while (block := coming.result()) is not None:
            coming = worker.submit(next, blocks, None)
            yield block


def _write(path: Path, blocks: Iterator[bytes], announced: IndexFile) -> OpenedFile:
    part = path.with_name(path.name + ".part")
    digest, size = hashlib.sha256(), 0
    try:
        with part.open("xb") as file:
            for block in blocks:
                file.write(block)
                digest.update(block)
                size += len(block)
        part.rename(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return OpenedFile(path, (size, digest.hexdigest()) == (announced.size, announced.sha256))


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    try:
        return archive.read(name)
    except (KeyError, zipfile.BadZipFile) as error:
        raise OfflineRefused(f"the archive lacks {name}, or it is damaged there") from error


def _folder_of(envelope: ManifestEnvelope) -> str:
    return envelope.kind if envelope.lot is None else f"{envelope.kind}-{envelope.lot}"


def _free_name(name: str, taken: set[str]) -> str:
    """`name`, or one like it where another file of the envelope would be overwritten."""
    path, number = Path(name), 1
    while fold_name(name) in taken:
        number += 1
        name = f"{path.stem} ({number}){path.suffix}"
    taken.add(fold_name(name))
    return name


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m envelopes.offline")
    actions = parser.add_subparsers(required=True)
    actions.add_parser("verify", help="check a receipt")  # by `verify.py`, that knows only itself
    opening = actions.add_parser("open", help="open a downloaded deposit")
    opening.add_argument("archive", type=Path)
    opening.add_argument("--key", type=Path, required=True, help="PKCS#12 file")
    opening.add_argument("--out", type=Path, required=True, help="folder of the opened files")
    options = parser.parse_args(arguments)
    is_terminal = sys.stdin.isatty()
    password = (
        getpass.getpass("Password of the key file: ") if is_terminal else sys.stdin.readline()
    )
    try:
        key = read_key(options.key.read_bytes(), password.rstrip("\n"))
        with zipfile.ZipFile(options.archive) as archive:
            for opened in open_archive(archive, key, options.out):
                remark = "" if opened.matches_index else "  (not what the bidder announced)"
                print(f"{opened.path}{remark}")
    except (OfflineRefused, OSError, zipfile.BadZipFile) as error:
        print(f"Nothing more was opened: {error}.", file=sys.stderr)
        return 1
    return 0
