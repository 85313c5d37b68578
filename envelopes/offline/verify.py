# SPDX-License-Identifier: EUPL-1.2
"""Checks a receipt of Sigille off line: with this file alone, Python 3.11 and `cryptography`.

    python -m envelopes.offline verify RECEIPT [FILE…] [--key KEY]… [--root ROOTS.pem]
    python -m envelopes.offline verify --compare A B [--consistency PROOF]

FILE: the annex, the manifest, the time-stamp token, files of the bid; each is recognised by what it is.
A, B: receipts, or signed heads. It says what it checked, line by line; exits 1 at the first thing that is
wrong. It shares no line with the program that makes receipts: both follow docs/envelope-format.md § 8, § 12
and § 13, whose numbers it gives.
"""

import argparse
import base64
import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

LARGEST_TOKEN = 64 * 1024  # bytes
JOURNAL_MEMBERS = {"entry", "head", "index", "key", "leaf_hash", "proof"}
PUBLIC_MEMBERS = {"action", "index", "organisation", "recorded_at", "subject"}
ENTRY_MEMBERS = {*PUBLIC_MEMBERS, "actor", "facts", "salt"}
RECEIPT_MEMBERS = {
    *("annex_sha256", "buyer", "company", "consultation", "deposit", "first_byte_at", "is_late"),
    *("journal", "last_byte_at", "manifest_sha256", "recipients", "submitted_at", "version"),
}
MORE_MEMBERS = {2: "", 3: "copies follows", 4: "copies follows rehearsal_kept_until"}  # by version


class Wrong(Exception):
    """Something that does not hold; the message says what."""


# Canonical JSON: § 8.


def read_json(data: bytes, what: str) -> Any:
    """The value whose canonical form is `data`."""
    try:
        value = json.loads(data.decode(), parse_float=int, parse_constant=int)  # int refuses them
        is_canonical = canonical(value) == data
    except (ValueError, RecursionError):
        is_canonical = False
    if not is_canonical:
        raise Wrong(f"{what} is not canonical JSON")
    return value


def canonical(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def members(value: Any, names: set[str], what: str) -> dict[str, Any]:
    if not isinstance(value, dict) or value.keys() != names:
        raise Wrong(f"{what} has not the members of this version of the format")
    return value


def unhex(value: Any, what: str, size: int = 32) -> bytes:
    if isinstance(value, str) and re.fullmatch(f"[0-9a-f]{{{2 * size}}}", value):
        return bytes.fromhex(value)
    raise Wrong(f"{what} is not {size} bytes in hexadecimal")


# The tree and its proofs: RFC 6962, § 2.1.


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << ((count - 1).bit_length() - 1)


def root_by_path(leaf: bytes, index: int, size: int, proof: list[bytes]) -> bytes:
    """The root that an inclusion proof leads to; it is used up."""
    if size == 1:
        return leaf
    if not proof:
        raise Wrong("the proof of inclusion is too short")
    sibling, half = proof.pop(), split(size)
    if index < half:
        return sha256(b"\x01", root_by_path(leaf, index, half, proof), sibling)
    return sha256(b"\x01", sibling, root_by_path(leaf, index - half, size - half, proof))


def check_inclusion(leaf: bytes, index: int, head: "Head", proof: Sequence[bytes]) -> None:
    rest, is_inside = list(proof), 0 <= index < head.size
    if not is_inside or root_by_path(leaf, index, head.size, rest) != head.root or rest:
        raise Wrong("the entry is not in the tree of the signed head")


def roots_by_growth(
    first: int, size: int, proof: list[bytes], known: bytes | None
) -> tuple[bytes, bytes]:
    """The roots of the first `first` leaves and of all; `known` is the first root, while it is a subtree."""
    if first == size:
        node = known if known is not None else proof.pop() if proof else b""
        return node, node
    if not proof:
        raise Wrong("the proof of consistency is too short")
    sibling, half = proof.pop(), split(size)
    if first <= half:
        old, new = roots_by_growth(first, half, proof, known)
        return old, sha256(b"\x01", new, sibling)
    old, new = roots_by_growth(first - half, size - half, proof, None)
    return sha256(b"\x01", sibling, old), sha256(b"\x01", sibling, new)


def check_consistency(first: "Head", second: "Head", proof: Sequence[bytes]) -> None:
    if first.size > second.size:
        raise Wrong("the second head is the older one")
    rest, found = list(proof), (sha256(), second.root)
    if first.size == second.size:
        found = second.root, second.root
    elif first.size:
        found = roots_by_growth(first.size, second.size, rest, first.root)
    if found != (first.root, second.root) or rest:
        raise Wrong("two views: the newer journal does not begin with the older one")


# Signed heads: § 12.

HEAD = re.compile(
    r"((?P<log>[^\s+]+)\n(?P<size>0|[1-9][0-9]{0,18})\n(?P<root>[A-Za-z0-9+/]{43}=)\n)\n"
    r"\u2014 (?P<name>[^\s+]+) (?P<signature>[A-Za-z0-9+/]{90}[A-Za-z0-9+/=]{2})\n"
)


@dataclass(frozen=True)
class Head:
    log: str
    size: int
    root: bytes


@dataclass(frozen=True)
class Key:
    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        return sha256(self.name.encode(), b"\n\x01", self.public)[:4]


def read_key(text: Any) -> Key:
    name, _, rest = str(text).partition("+")
    identifier, _, encoded = rest.partition("+")
    data = unbase64(encoded)
    key = Key(name, data[1:])
    if data[:1] != b"\x01" or len(data) != 33 or key.id.hex() != identifier:
        raise Wrong(f"{text} is not the public key of a log")
    return key


def read_head(note: Any, keys: Iterable[Key]) -> Head:
    found = HEAD.fullmatch(note) if isinstance(note, str) and len(note) <= 1000 else None
    if found is None or found["name"] != found["log"]:
        raise Wrong("the head of the journal is not a signed note in its only form")
    signature = unbase64(found["signature"])
    for key in keys:
        if (key.name, key.id) == (found["name"], signature[:4]):
            try:
                public = ed25519.Ed25519PublicKey.from_public_bytes(key.public)
                public.verify(signature[4:], found[1].encode())
            except InvalidSignature:
                break
            return Head(found["log"], int(found["size"]), unbase64(found["root"]))
    raise Wrong("the signature of the head is not of the key of the log")


def unbase64(text: str) -> bytes:
    data = base64.b64decode(text)  # a character outside base64 is passed over, and missed below
    if base64.b64encode(data).decode() != text:
        raise Wrong("something is not in canonical base64")
    return data


# The receipt: § 13.


@dataclass(frozen=True)
class Receipt:
    content: dict[str, Any]
    head: Head

    @property
    def manifest(self) -> bytes:
        return unhex(self.content["manifest_sha256"], "the digest of the manifest")


def read_receipt(data: bytes, trusted: Sequence[Key], say: Callable[[str], None]) -> Receipt:
    """Checks 1 to 5."""
    # 1.
    content = read_json(data, "the receipt")
    version = content.get("version") if isinstance(content, dict) else None
    if version not in MORE_MEMBERS:
        raise Wrong("the receipt is of another version")
    members(content, RECEIPT_MEMBERS.union(MORE_MEMBERS[version].split()), "the receipt")
    if version == 4:
        say(f"REHEARSAL: no bid, no proof; its files go after {content['rehearsal_kept_until']}")
    journal = members(content["journal"], JOURNAL_MEMBERS, "the journal's part of the receipt")
    entry = members(journal["entry"], ENTRY_MEMBERS, "the entry of the journal")
    if type(entry["index"]) is not int or journal["index"] != entry["index"]:
        raise Wrong("the receipt and its entry have two numbers")
    say("the receipt is whole and canonical")
    # 2.
    if journal["head"] is None:
        raise Wrong("the journal was damaged at that time: the receipt has no signed head")
    head = read_head(journal["head"], trusted or [read_key(journal["key"])])
    say(f"the head of {head.size} entries is signed by {head.log}")
    if not trusted:
        say("NOT COMPARED: the key is its own. Compare it, or give --key:\n    " + journal["key"])
    # 3.
    check_entry(journal, entry, head)
    say(f"entry {entry['index']} of the journal is in the tree of that head")
    # 4. and 5.
    check_submission(content, entry)
    say(f"the entry is this submission, of {content['submitted_at']}")
    if follows := content.get("follows"):
        say(f"by its own words, it {follows['relation']} deposit {follows['deposit']}")
    return Receipt(content, head)


def check_entry(journal: dict[str, Any], entry: dict[str, Any], head: Head) -> None:
    salt = unhex(entry["salt"], "the salt of the entry", 16)
    opening = canonical({"actor": entry["actor"], "facts": entry["facts"]})
    public = {name: entry[name] for name in PUBLIC_MEMBERS}
    leaf = sha256(b"\x00", canonical(public | {"commitment": sha256(salt, opening).hex()}))
    if unhex(journal["leaf_hash"], "the leaf hash") != leaf:
        raise Wrong("the leaf hash is not that of the entry")
    if not isinstance(journal["proof"], list):
        raise Wrong("the proof is not a list")
    check_inclusion(leaf, entry["index"], head, [unhex(n, "a hash") for n in journal["proof"]])


def check_submission(content: dict[str, Any], entry: dict[str, Any]) -> None:
    said = sha256(canonical({k: v for k, v in content.items() if k != "journal"})).hex()
    facts = {name: content[name] for name in ("is_late", "manifest_sha256")}
    told = (entry["action"], entry["subject"], entry["recorded_at"])
    expected = ("deposit.submitted", f"Deposit {content['deposit']}", content["submitted_at"])
    if told != expected or entry["facts"] != facts | {"receipt_sha256": said}:
        raise Wrong("the journal does not say what the receipt says")
    try:
        closes_at = datetime.fromisoformat(content["consultation"]["closes_at"])
        datetime.fromisoformat(content.get("rehearsal_kept_until", content["submitted_at"]))
        is_late = datetime.fromisoformat(content["submitted_at"]) >= closes_at
    except (KeyError, TypeError, ValueError) as error:
        raise Wrong("the receipt has no deadline, or no time") from error
    if is_late is not content["is_late"]:
        raise Wrong("the receipt is flagged late, or in time, against its own times")
    if (follows := content.get("follows")) is not None:
        link = members(follows, {"deposit", "relation"}, "what it says of an earlier deposit")
        if link["relation"] not in ("replaces", "completes"):
            raise Wrong("the receipt says nothing that is known of the earlier deposit")


# What comes beside it.


def check_manifest(data: bytes, receipt: Receipt) -> None:
    """Check 6, but for the digest, by which it was recognised."""
    found, said = read_json(data, "the manifest"), receipt.content
    expected = [said["deposit"], said["consultation"]["id"], said["recipients"]]
    if [found[name] for name in ("deposit", "consultation", "recipients")] != expected:
        raise Wrong("the manifest is of another deposit, consultation or recipients")


def read_annex(data: bytes, receipt: Receipt) -> dict[tuple[int, str], str]:
    """Check 7, but for the digest: the names of the files of the annex, by size and SHA-256."""
    annex = members(
        read_json(data, "the annex"), {"deposit", "envelopes", "salt", "version"}, "the annex"
    )
    if annex["deposit"] != receipt.content["deposit"]:
        raise Wrong("the annex is of another deposit")
    files = [file for envelope in annex["envelopes"] for file in envelope["files"]]
    return {(file["size"], file["sha256"]): file["name"] for file in files}


# Time stamps: RFC 3161, RFC 5652, in DER.

Certificates = Sequence[x509.Certificate]
SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
TST_INFO = bytes.fromhex("2a864886f70d0109100104")
CONTENT_TYPE = bytes.fromhex("2a864886f70d010903")
MESSAGE_DIGEST = bytes.fromhex("2a864886f70d010904")
SIGNING_CERTIFICATE = bytes.fromhex("2a864886f70d010910020c")
SIGNING_CERTIFICATE_V2 = bytes.fromhex("2a864886f70d010910022f")
RSA_PSS = bytes.fromhex("2a864886f70d01010a")
MALFORMED = (
    *(ValueError, TypeError, KeyError, IndexError, AttributeError, InvalidSignature),
    *(x509.ExtensionNotFound, x509.InvalidVersion, UnsupportedAlgorithm),
)
DIGESTS: dict[bytes, hashes.HashAlgorithm] = {
    bytes.fromhex("608648016503040201"): hashes.SHA256(),
    bytes.fromhex("608648016503040202"): hashes.SHA384(),
    bytes.fromhex("608648016503040203"): hashes.SHA512(),
}


@dataclass(frozen=True)
class Der:
    tag: int
    body: bytes
    raw: bytes  # tag and length included

    def __iter__(self) -> Iterator["Der"]:
        rest = self.body
        while rest:
            value = der(rest)
            yield value
            rest = rest[len(value.raw) :]

    def sequence(self, tag: int = 0x30) -> list["Der"]:
        if self.tag != tag:
            raise Wrong("the time-stamp token is malformed")
        return list(self)


def der(data: bytes) -> Der:
    """The first value of `data`; lengths in the definite form alone."""
    if len(data) < 2 or data[0] & 31 == 31 or data[1] == 0x80:
        raise Wrong("the time-stamp token is malformed")
    start, length = 2, data[1]
    if length > 0x80:
        start += length - 0x80
        length = int.from_bytes(data[2:start], "big")
    if start + length > len(data):
        raise Wrong("the time-stamp token is cut")
    return Der(data[0], data[start : start + length], data[: start + length])


@dataclass
class Token:
    content: bytes
    certificates: list[x509.Certificate]
    signer: list[Der]

    @property
    def generated_at(self) -> datetime:
        text = der(self.content).sequence()[4].body.decode("ascii")
        whole, _, fraction = text.removesuffix("Z").partition(".")
        moment = datetime.strptime(whole, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        return moment.replace(microsecond=int(f"{fraction:0<6}"[:6]))


def read_token(data: bytes) -> Token:
    outer = der(data)
    kind, content = outer.sequence()
    signed = content.sequence(0xA0)[0].sequence()
    encapsulated, signers = signed[2].sequence(), signed[-1].sequence(0x31)
    kinds = (kind.body, encapsulated[0].body)
    if outer.raw != data or kinds != (SIGNED_DATA, TST_INFO) or len(signers) != 1:
        raise Wrong("the time-stamp token is malformed")
    sent = [part for part in signed if part.tag == 0xA0]
    certificates = [x509.load_der_x509_certificate(one.raw) for part in sent for one in part]
    content_octets = encapsulated[1].sequence(0xA0)[0].body
    return Token(content_octets, certificates, signers[0].sequence())


def check_token(token: Token, roots: Certificates) -> str:
    """Check 8, but for the imprint: who stamped."""
    certificate = signer_of(token)
    check_attributes(token, certificate)
    check_signature(token, certificate)
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    if not usage.critical or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise Wrong("the certificate of the token is not for time-stamping")
    check_chain(certificate, token, roots)
    return certificate.subject.rfc4514_string()


def signer_of(token: Token) -> x509.Certificate:
    issuer, serial = token.signer[1].sequence()
    number = int.from_bytes(serial.body, "big", signed=True)
    for one in token.certificates:
        if (one.issuer.public_bytes(), one.serial_number) == (issuer.raw, number):
            return one
    raise Wrong("the token has not the certificate that signed it")


def check_attributes(token: Token, certificate: x509.Certificate) -> None:
    attributes: dict[bytes, Der] = {}
    for attribute in token.signer[3].sequence(0xA0):
        kind, values = attribute.sequence()
        if kind.body in attributes or len(list(values)) != 1:
            raise Wrong("an attribute of the token comes twice")
        attributes[kind.body] = next(iter(values))
    digest = DIGESTS[token.signer[2].sequence()[0].body]
    if attributes[CONTENT_TYPE].body != TST_INFO:
        raise Wrong("the token signs another kind of content")
    if attributes[MESSAGE_DIGEST].body != hashlib.new(digest.name, token.content).digest():
        raise Wrong("the token signs another content")
    named = attributes.get(SIGNING_CERTIFICATE_V2) or attributes[SIGNING_CERTIFICATE]
    parts = named.sequence()[0].sequence()[0].sequence()
    is_old, name = SIGNING_CERTIFICATE_V2 not in attributes, "sha256"
    if parts[0].tag == 0x30:  # another algorithm than the default one
        name = DIGESTS[parts.pop(0).sequence()[0].body].name
    data = certificate.public_bytes(Encoding.DER)
    made = hashlib.new("sha1" if is_old else name, data, usedforsecurity=False).digest()
    if parts[0].body != made:
        raise Wrong("the token names another certificate")


def check_signature(token: Token, certificate: x509.Certificate) -> None:
    digest = DIGESTS[token.signer[2].sequence()[0].body]
    signed, signature = b"\x31" + token.signer[3].raw[1:], token.signer[5].body
    is_pss, key = token.signer[4].sequence()[0].body == RSA_PSS, certificate.public_key()
    pss = padding.PSS(padding.MGF1(digest), padding.PSS.AUTO)
    try:
        if isinstance(key, rsa.RSAPublicKey) and key.key_size >= 2048:
            key.verify(signature, signed, pss if is_pss else padding.PKCS1v15(), digest)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, signed, ec.ECDSA(digest))
        else:
            raise Wrong("the token is signed in a way that this program does not know")
    except InvalidSignature as error:
        raise Wrong("the signature of the token does not hold") from error


def check_chain(certificate: x509.Certificate, token: Token, roots: Certificates) -> None:
    current, at = certificate, token.generated_at
    for _ in range(5):
        if not current.not_valid_before_utc <= at <= current.not_valid_after_utc:
            raise Wrong("a certificate of the token was not valid at that time")
        if current in roots or not roots:
            return
        issuers = [one for one in (*roots, *token.certificates) if vouches(one, current)]
        if not issuers:
            break
        current = issuers[0]
    raise Wrong("no root that was given vouches for the token")


def vouches(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
        constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints)
    except MALFORMED:
        return False
    return constraints.value.ca and issuer != certificate


def check_stamp(
    data: bytes, receipt: Receipt, manifest: bytes | None, roots: Certificates
) -> tuple[str, datetime]:
    try:
        token = read_token(data)
        algorithm, digest = der(token.content).sequence()[2].sequence()
        name, expected = DIGESTS[algorithm.sequence()[0].body].name, receipt.manifest
        if name != "sha256":
            if manifest is None:
                raise Wrong(f"the token stamps a {name}: give the manifest, too")
            expected = hashlib.new(name, manifest).digest()
        if digest.body != expected:
            raise Wrong("the token stamps another manifest")
        return check_token(token, roots), token.generated_at
    except MALFORMED as error:
        raise Wrong("the time-stamp token, or its certificate, is none") from error


# The command.


@dataclass
class Given:
    manifest: bytes | None = None
    annex: bytes | None = None
    tokens: list[bytes] = field(default_factory=list)
    bid: list[tuple[Path, int, str]] = field(default_factory=list)  # with size and SHA-256


def sort_files(paths: Iterable[Path], receipt: Receipt) -> Given:
    given = Given()
    for path in paths:
        digest, size = digest_of(path)
        if digest == receipt.content["manifest_sha256"]:
            given.manifest = path.read_bytes()
        elif digest == receipt.content["annex_sha256"]:
            given.annex = path.read_bytes()
        elif size <= LARGEST_TOKEN and path.read_bytes()[:40].find(SIGNED_DATA) > 0:
            given.tokens.append(path.read_bytes())
        else:
            given.bid.append((path, size, digest))
    return given


def digest_of(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), file.tell()


def verify(
    receipt_path: Path,
    paths: Iterable[Path],
    trust: tuple[Sequence[Key], Certificates],
    say: Callable[[str], None],
) -> None:
    """Check a receipt and what comes with it, saying what holds, or stopping at what is `Wrong`."""
    receipt = read_receipt(receipt_path.read_bytes(), trust[0], say)
    given = sort_files(paths, receipt)
    if given.manifest is not None:
        check_manifest(given.manifest, receipt)
        say("the manifest is that of the receipt")
    check_files(given, receipt, say)
    for data in given.tokens:
        authority, at = check_stamp(data, receipt, given.manifest, trust[1])
        say(f"the manifest was stamped at {at.isoformat()} by {authority}")
        if not trust[1]:
            say("NOT COMPARED: nothing vouches for that authority; give its root with --root")
    if not given.tokens:
        say("NOT GIVEN: the time-stamp token (receipt-….tst)")


def check_files(given: Given, receipt: Receipt, say: Callable[[str], None]) -> None:
    if given.annex is None:
        if given.bid:
            raise Wrong(f"{given.bid[0][0]} is checked with the annex of the receipt: give it, too")
        say("NOT GIVEN: the annex, the files of the bid")
        return
    names = read_annex(given.annex, receipt)
    say(f"the annex is that of the receipt: {len(names)} file(s)")
    for path, size, digest in given.bid:
        if (size, digest) not in names:
            raise Wrong(f"{path} is none of the files of the bid")
        say(f"{path} is “{names[size, digest]}”, as it was sent")


def compare(paths: Iterable[Path], proof: Path | None, keys: Sequence[Key]) -> None:
    """Check that two heads are of one journal; it is `Wrong` when that is not shown."""
    found = [head_of(path, keys) for path in paths]
    (one, one_note), (two, two_note) = sorted(found, key=lambda each: each[0].size)
    if one.log != two.log:
        raise Wrong("the two heads are of two logs")
    hashes_: list[bytes] = []
    if proof is not None:
        content = read_json(proof.read_bytes(), "the proof of consistency")
        members(content, {"first", "proof", "second", "version"}, "the proof of consistency")
        if (content["first"], content["second"]) != (one_note, two_note):
            raise Wrong("the proof of consistency is of other heads")
        hashes_ = [unhex(node, "a hash") for node in content["proof"]]
    elif 0 < one.size < two.size:
        raise Wrong("nothing shows the heads to be of one journal: ask for a --consistency proof")
    check_consistency(one, two, hashes_)
    print(f"one journal: its {two.size} entries begin with the {one.size} of the older head")


def head_of(path: Path, keys: Sequence[Key]) -> tuple[Head, str]:
    data = path.read_bytes()
    if not data.startswith(b"{"):
        if not keys:
            raise Wrong("a head alone is checked with the key of its log: give it with --key")
        return read_head(data.decode(errors="replace"), keys), data.decode(errors="replace")
    receipt = read_receipt(data, keys, lambda _line: None)
    return receipt.head, receipt.content["journal"]["head"]


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="verify", description="Check a receipt, off line.")
    parser.add_argument("receipt", type=Path, nargs="?")
    parser.add_argument("files", type=Path, nargs="*", help="annex, manifest, token, bid files")
    parser.add_argument("--key", action="append", default=[], help="a public key of the journal")
    parser.add_argument("--root", type=Path, help="PEM: what vouches for the time-stamp authority")
    parser.add_argument("--compare", type=Path, nargs=2, metavar=("A", "B"))
    parser.add_argument("--consistency", type=Path, metavar="PROOF")
    options = parser.parse_args(arguments)
    if (options.receipt is None) is (options.compare is None):
        parser.error("give a receipt, or two heads to --compare")
    try:
        keys = [read_key(text) for text in options.key]
        if options.compare:
            compare(options.compare, options.consistency, keys)
        else:
            root, load = options.root, x509.load_pem_x509_certificates
            roots = load(root.read_bytes()) if root else []
            verify(options.receipt, options.files, (keys, roots), print)
    except (Wrong, OSError, ValueError, KeyError, TypeError) as error:
        print(f"WRONG: {error}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
