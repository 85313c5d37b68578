# SPDX-License-Identifier: EUPL-1.2
"""The benchmarks of the offline opener: a deposit of one file, beside what opens the same without us.

openssl opens the very same blocks, a command each, as the rescue instructions say; age opens the same file,
sealed by age. Seconds are those of the clock, for somebody waits; all is written to the same disk. Our
bytecode is kept from one run to the next, as where the program is installed: the peers are compiled, too.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import uuid4

from envelopes.manifest import (
    Index,
    IndexFile,
    Manifest,
    ManifestBlock,
    ManifestEnvelope,
    ManifestFile,
)
from keys.certificates import read_certificate
from keys.cms import BLOCK_SIZE, FILE_ID_SIZE, Recipient, seal_block
from marketplace import canonical
from marketplace.canonical import JSONValue

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = uuid4().hex  # of a key that lives as long as the measure
NAME = "Offre.bin"


@dataclass(frozen=True)
class Openers:
    """Ways of opening a file, each of which does it anew and gives the seconds."""

    ours: Callable[[], float]
    openssl: Callable[[], float]
    age: Callable[[], float]


def openers(folder: Path, source: Path, certificates: Sequence[Path]) -> Openers:
    """How the file `source` is opened; the first certificate's key lies beside it, named `.key`."""
    archive = write_archive(folder / "deposit.zip", source, certificates)
    with zipfile.ZipFile(archive) as opened:
        names = [name for name in opened.namelist() if name.startswith("blocks/")]
        opened.extractall(folder, names)
    blocks = [folder / name for name in names]
    ours = [sys.executable, "-m", "envelopes.offline", "open", str(archive), "--key"]
    ours += [str(write_key_file(folder / "key.p12", certificates[0])), "--out"]
    by_age, sealed = age(folder, source)
    return Openers(
        partial(timed, folder / "ours", lambda out: [[*ours, str(out)]]),
        partial(timed, folder / "openssl", partial(openssl, blocks, certificates[0])),
        partial(timed, folder / "age", lambda out: [[*by_age, str(out / NAME), str(sealed)]]),
    )


def timed(out: Path, commands: Callable[[Path], Sequence[Sequence[str]]]) -> float:
    """Seconds of these commands, which write to the folder `out`; it is removed off the clock."""
    out.mkdir()
    asked = commands(out)
    environment = os.environ | {"PYTHONPYCACHEPREFIX": str(out.parent / "bytecode")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    started = time.perf_counter()
    for command in asked:
        subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            input=PASSWORD,
            text=True,
            check=True,
            stdout=subprocess.DEVNULL,
        )
    elapsed = time.perf_counter() - started
    shutil.rmtree(out)
    return elapsed


def openssl(blocks: Sequence[Path], certificate: Path, out: Path) -> list[list[str]]:
    decrypt = ["openssl", "cms", "-decrypt", "-binary", "-inform", "DER"]
    decrypt += ["-recip", str(certificate), "-inkey", str(certificate.with_suffix(".key"))]
    return [[*decrypt, "-in", str(block), "-out", str(out / block.name)] for block in blocks]


def age(folder: Path, source: Path) -> tuple[list[str], Path]:
    """The command that opens a file, but for where it goes, and the file, sealed by age."""
    identity, sealed = folder / "identity", folder / "sealed.age"
    made = ["age-keygen", "-o", str(identity)]
    said = subprocess.run(made, check=True, capture_output=True, text=True).stderr
    recipient = said.split()[-1]  # "Public key: age1…"
    seal = ["age", "--recipient", recipient, "--output", str(sealed), str(source)]
    subprocess.run(seal, check=True)
    return ["age", "--decrypt", "--identity", str(identity), "--output"], sealed


def write_archive(path: Path, source: Path, certificates: Sequence[Path]) -> Path:
    """A deposit of one envelope and one file, as it is downloaded (`envelopes.archive`)."""
    parsed = [read_certificate(certificate.read_bytes()) for certificate in certificates]
    recipients = [Recipient.of(certificate) for certificate in parsed]
    deposit, envelope = uuid4(), uuid4()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        with source.open("rb") as file:
            pieces = iter(partial(file.read, BLOCK_SIZE), b"")
            sealed = write_blocks(archive, pieces, recipients, source.stat().st_size)
        with source.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        announced = IndexFile(sealed.id, NAME, digest, source.stat().st_size)
        index = Index(deposit, envelope, "offer", None, (announced,)).to_bytes()
        sealed_index = write_blocks(archive, iter([index]), recipients, len(index))
        content = ManifestEnvelope(envelope, "offer", None, sealed_index, (sealed,))
        fingerprints = tuple(sorted(certificate.sha256 for certificate in parsed))
        manifest = Manifest(deposit, uuid4(), (content,), fingerprints).to_bytes()
        receipt: dict[str, JSONValue] = {"manifest_sha256": hashlib.sha256(manifest).hexdigest()}
        archive.writestr("manifest.json", manifest)
        archive.writestr("receipt.json", canonical.dumps(receipt))
    return path


def write_blocks(
    archive: zipfile.ZipFile, pieces: Iterator[bytes], recipients: Sequence[Recipient], size: int
) -> ManifestFile:
    """Seal a file of `size` bytes, given by whole blocks."""
    file_id, described = os.urandom(FILE_ID_SIZE), []
    for number, piece in enumerate(pieces):
        is_last = number * BLOCK_SIZE + len(piece) == size
        block = seal_block(piece, recipients, file_id=file_id, number=number, is_last=is_last)
        archive.writestr(f"blocks/{file_id.hex()}/{number}.p7m", block)
        described.append(ManifestBlock(hashlib.sha256(block).hexdigest(), len(block)))
    return ManifestFile(file_id, tuple(described))


def write_key_file(path: Path, certificate: Path) -> Path:
    export = ["openssl", "pkcs12", "-export", "-in", str(certificate), "-out", str(path)]
    export += ["-inkey", str(certificate.with_suffix(".key")), "-passout", f"pass:{PASSWORD}"]
    subprocess.run(export, check=True)
    return path
