# SPDX-License-Identifier: EUPL-1.2
"""Opens a downloaded deposit without the site: neither Django, nor a database, nor the network.

    python -m envelopes.offline open ARCHIVE --key KEY.p12 --out DIR

The password is asked, or read from the first line of standard input. A file has its name once all of it
is verified (docs/envelope-format.md § 9); until then it ends in `.part`, which a refusal removes.
"""

import argparse
import getpass
import hashlib
import secrets
import sys
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
    fold_name,
    read_index,
    read_manifest,
)
from envelopes.offline import archive
from envelopes.offline.archive import Archive, Key, OfflineRefused
from keys import cms
from keys.certificates import CertificateRefused, read_certificate
from keys.der import Buffer
from marketplace import canonical
from marketplace.canonical import CanonicalError

PIECE_SIZE = 64 * 1024  # bytes written at once: more at times took the system four times as long


@dataclass(frozen=True)
class OpenedFile:
    """A file on the disk, whole; whether it is what the bidder's computer had announced."""

    path: Path
    matches_index: bool


def open_archive(path: Path, key: Key, out: Path) -> Iterator[OpenedFile]:
    """Write the files of a deposit below `out`, a folder an envelope.

    Raises:
        OfflineRefused: it is no archive, something in it is damaged, or is sealed to other keys.
    """
    with archive.opened(path, key) as deposit:
        manifest = _manifest(deposit)
        for envelope in manifest.envelopes:
            content = b"".join(map(bytes, deposit.plaintext(envelope.index)))
            index = _index(content, manifest, envelope)
            folder = out / _folder_of(envelope)
            folder.mkdir(parents=True, exist_ok=True)
            taken: set[str] = set()
            for described, announced in zip(envelope.files, index.files, strict=True):
                name = _free_name(announced.name, taken)
                yield write_file(folder / name, deposit.plaintext(described), announced)


def write_file(path: Path, blocks: Iterator[Buffer], announced: IndexFile) -> OpenedFile:
    """Write the blocks of a file, each digested meanwhile; the next one may come to the same room.

    Raises:
        OfflineRefused: a block of it is; or a file of that name is there.
    """
    if path.exists():
        raise OfflineRefused(f"{path} is there already, and nothing is overwritten")
    part = path.with_name(f".{secrets.token_hex(8)}.part")  # a bid's own name may have 255 bytes
    digest, size = hashlib.sha256(), 0
    file = part.open("xb")
    try:
        with file, ThreadPoolExecutor(1) as beside:
            for block in blocks:
                digested = beside.submit(digest.update, block)
                for start in range(0, len(block), PIECE_SIZE):
                    file.write(block[start : start + PIECE_SIZE])
                digested.result()
                size += len(block)
        part.rename(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return OpenedFile(path, (size, digest.hexdigest()) == (announced.size, announced.sha256))


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


def _manifest(deposit: Archive) -> Manifest:
    data = deposit.member("manifest.json")
    try:
        receipt = canonical.loads(deposit.member("receipt.json"))
    except CanonicalError as error:
        raise OfflineRefused(f"the receipt cannot be read: {error}") from error
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
        for opened in open_archive(options.archive, key, options.out):
            remark = "" if opened.matches_index else "  (not what the bidder announced)"
            print(f"{opened.path}{remark}")
    except (OfflineRefused, OSError) as error:
        print(f"Nothing more was opened: {error}.", file=sys.stderr)
        return 1
    return 0
