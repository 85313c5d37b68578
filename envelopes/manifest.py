# SPDX-License-Identifier: EUPL-1.2
"""What binds the blocks of a deposit together: its manifest, and the index of each of its envelopes.

Whatever is written is read back first, so that one set of rules serves both ways.

Source: docs/envelope-format.md §6, §7 and §9.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from keys.cms import BLOCK_SIZE
from marketplace import canonical
from marketplace.canonical import LARGEST_INTEGER, CanonicalError, JSONValue

VERSION: Final = 1
KINDS: Final = frozenset({"application", "offer"})
MOST_RECIPIENTS: Final = 64
LONGEST_NAME: Final = 255  # bytes of UTF-8
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_FILE_ID = re.compile(r"[0-9a-f]{16}")
_FORBIDDEN_IN_NAMES = re.compile(r"[/\\\x00-\x1f\x7f-\x9f]")


class BadManifest(ValueError):
    """This is not a manifest as § 7 and § 8 say."""

    code = "bad_manifest"


class BadIndex(ValueError):
    """This is not an index as § 6 and § 8 say, or not that of its envelope."""

    code = "bad_index"


class _Broken(ValueError):
    """A rule is not kept; the reader says in what."""


@dataclass(frozen=True)
class ManifestBlock:
    """One sealed block; the size, in bytes, and the digest are those of the ciphertext, whole."""

    sha256: str
    size: int


@dataclass(frozen=True)
class ManifestFile:
    """A file as it is kept: `id` is 8 bytes."""

    id: bytes
    blocks: tuple[ManifestBlock, ...]


@dataclass(frozen=True)
class ManifestEnvelope:
    """An envelope: its files, in the order of its index, and the index itself."""

    id: UUID
    kind: str
    lot: int | None
    index: ManifestFile
    files: tuple[ManifestFile, ...]


@dataclass(frozen=True)
class Manifest:
    """A deposit, as it may be shown: ids, lengths and digests of ciphertext.

    `recipients`: the SHA-256 of each certificate's DER, in hexadecimal, sorted.
    """

    deposit: UUID
    consultation: UUID
    envelopes: tuple[ManifestEnvelope, ...]
    recipients: tuple[str, ...]

    def envelope(self, envelope_id: UUID) -> ManifestEnvelope | None:
        return next((envelope for envelope in self.envelopes if envelope.id == envelope_id), None)

    def to_bytes(self) -> bytes:
        """The canonical form, whose SHA-256 the receipt prints.

        Raises:
            BadManifest: a rule of § 7 is not kept.
        """
        data = _written(
            {
                "block_size": BLOCK_SIZE,
                "consultation": str(self.consultation),
                "deposit": str(self.deposit),
                "envelopes": [_envelope_value(envelope) for envelope in self.envelopes],
                "recipients": list(self.recipients),
                "version": VERSION,
            },
            BadManifest,
        )
        read_manifest(data)
        return data


@dataclass(frozen=True)
class IndexFile:
    """A file as the bidder announced it; `sha256` and `size` are those of the plaintext."""

    id: bytes
    name: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Index:
    """What an envelope's files are called and contain, in the bidder's order. It is never kept in clear."""

    deposit: UUID
    envelope: UUID
    kind: str
    lot: int | None
    files: tuple[IndexFile, ...]

    def to_bytes(self) -> bytes:
        """The canonical form, to be sealed.

        Raises:
            BadIndex: a rule of § 6 is not kept, or two names are equal after NFC and case folding.
        """
        if not _all_different(fold_name(file.name) for file in self.files):
            raise BadIndex("two files have the same name")
        data = _written(
            {
                "deposit": str(self.deposit),
                "envelope": str(self.envelope),
                "files": [_index_file_value(file) for file in self.files],
                "kind": self.kind,
                "lot": self.lot,
                "version": VERSION,
            },
            BadIndex,
        )
        read_index(data)
        return data

    def check_fits(self, manifest: Manifest) -> ManifestEnvelope:
        """The envelope of the manifest that this is the index of.

        Raises:
            BadIndex: it is that of none (§ 9, 8).
        """
        envelope = manifest.envelope(self.envelope)
        if envelope is None or self.deposit != manifest.deposit:
            raise BadIndex("the index is of another deposit")
        if (self.kind, self.lot) != (envelope.kind, envelope.lot):
            raise BadIndex("the index is of another envelope")
        if [file.id for file in self.files] != [file.id for file in envelope.files]:
            raise BadIndex("the index has not the files of its envelope")
        return envelope


def fold_name(name: str) -> str:
    """What two file names of an envelope may not share."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def read_manifest(data: bytes) -> Manifest:
    """The manifest that `data` is.

    Raises:
        BadManifest: `data` is not one.
    """
    try:
        return _manifest(canonical.loads(data))
    except (CanonicalError, _Broken) as error:
        raise BadManifest(str(error)) from error


def read_index(data: bytes) -> Index:
    """The index that `data` is; that names differ is not checked, since a deposit opens for ever (§ 6).

    Raises:
        BadIndex: `data` is not one.
    """
    try:
        return _index(canonical.loads(data))
    except (CanonicalError, _Broken) as error:
        raise BadIndex(str(error)) from error


def _written(value: JSONValue, refusal: type[BadManifest | BadIndex]) -> bytes:
    try:
        return canonical.dumps(value)
    except CanonicalError as error:
        raise refusal(str(error)) from error


def _envelope_value(envelope: ManifestEnvelope) -> JSONValue:
    return {
        "files": [_file_value(file) for file in envelope.files],
        "id": str(envelope.id),
        "index": _file_value(envelope.index),
        "kind": envelope.kind,
        "lot": envelope.lot,
    }


def _file_value(file: ManifestFile) -> JSONValue:
    blocks: list[JSONValue] = [
        {"sha256": block.sha256, "size": block.size} for block in file.blocks
    ]
    return {"blocks": blocks, "id": file.id.hex()}


def _index_file_value(file: IndexFile) -> JSONValue:
    return {"id": file.id.hex(), "name": file.name, "sha256": file.sha256, "size": file.size}


def _manifest(value: JSONValue) -> Manifest:
    members = _members(
        value, {"block_size", "consultation", "deposit", "envelopes", "recipients", "version"}
    )
    _integer(members["version"], VERSION, VERSION)
    _integer(members["block_size"], BLOCK_SIZE, BLOCK_SIZE)
    manifest = Manifest(
        deposit=_uuid(members["deposit"]),
        consultation=_uuid(members["consultation"]),
        envelopes=tuple(map(_envelope, _elements(members["envelopes"]))),
        recipients=tuple(_text(digest, _DIGEST) for digest in _elements(members["recipients"])),
    )
    if len(manifest.recipients) > MOST_RECIPIENTS:
        raise _Broken("more than 64 recipients")
    if list(manifest.recipients) != sorted(set(manifest.recipients)):
        raise _Broken("the recipients are not sorted, or one comes twice")
    _check_ids(manifest.envelopes)
    return manifest


def _check_ids(envelopes: tuple[ManifestEnvelope, ...]) -> None:
    if not _all_different(envelope.id for envelope in envelopes):
        raise _Broken("an envelope comes twice")
    if not _all_different(f.id for e in envelopes for f in (e.index, *e.files)):
        raise _Broken("a file id comes twice")


def _envelope(value: JSONValue) -> ManifestEnvelope:
    members = _members(value, {"files", "id", "index", "kind", "lot"})
    return ManifestEnvelope(
        id=_uuid(members["id"]),
        kind=_kind(members["kind"]),
        lot=_lot(members["lot"]),
        index=_file(members["index"]),
        files=tuple(map(_file, _elements(members["files"]))),
    )


def _file(value: JSONValue) -> ManifestFile:
    members = _members(value, {"blocks", "id"})
    return ManifestFile(_file_id(members["id"]), tuple(map(_block, _elements(members["blocks"]))))


def _block(value: JSONValue) -> ManifestBlock:
    members = _members(value, {"sha256", "size"})
    return ManifestBlock(
        _text(members["sha256"], _DIGEST), _integer(members["size"], 1, LARGEST_INTEGER)
    )


def _index(value: JSONValue) -> Index:
    members = _members(value, {"deposit", "envelope", "files", "kind", "lot", "version"})
    _integer(members["version"], VERSION, VERSION)
    index = Index(
        deposit=_uuid(members["deposit"]),
        envelope=_uuid(members["envelope"]),
        kind=_kind(members["kind"]),
        lot=_lot(members["lot"]),
        files=tuple(map(_index_file, _elements(members["files"]))),
    )
    if not _all_different(file.id for file in index.files):
        raise _Broken("a file id comes twice")
    return index


def _index_file(value: JSONValue) -> IndexFile:
    members = _members(value, {"id", "name", "sha256", "size"})
    return IndexFile(
        id=_file_id(members["id"]),
        name=_name(members["name"]),
        sha256=_text(members["sha256"], _DIGEST),
        size=_integer(members["size"], 0, LARGEST_INTEGER),
    )


def _members(value: JSONValue, names: set[str]) -> dict[str, JSONValue]:
    if not isinstance(value, dict) or value.keys() != names:
        raise _Broken(f"an object with the members {sorted(names)} is expected")
    return value


def _elements(value: JSONValue) -> list[JSONValue]:
    if not isinstance(value, list) or not value:
        raise _Broken("an array that is not empty is expected")
    return value


def _integer(value: JSONValue, smallest: int, largest: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not smallest <= value <= largest:
        raise _Broken(f"an integer from {smallest} to {largest} is expected")
    return value


def _text(value: JSONValue, pattern: re.Pattern[str]) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise _Broken(f"a text of the form {pattern.pattern} is expected")
    return value


def _uuid(value: JSONValue) -> UUID:
    return UUID(_text(value, _UUID))


def _file_id(value: JSONValue) -> bytes:
    return bytes.fromhex(_text(value, _FILE_ID))


def _kind(value: JSONValue) -> str:
    if not isinstance(value, str) or value not in KINDS:
        raise _Broken(f"one of {sorted(KINDS)} is expected")
    return value


def _lot(value: JSONValue) -> int | None:
    return None if value is None else _integer(value, 1, LARGEST_INTEGER)


def _name(value: JSONValue) -> str:
    if not isinstance(value, str) or not 1 <= len(value.encode()) <= LONGEST_NAME:
        raise _Broken("a name of 1 to 255 bytes is expected")
    if _FORBIDDEN_IN_NAMES.search(value) or value in {".", ".."}:
        raise _Broken("a name has forbidden characters")
    return value


def _all_different(values: Iterable[object]) -> bool:
    found = list(values)
    return len(set(found)) == len(found)
