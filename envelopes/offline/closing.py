# SPDX-License-Identifier: EUPL-1.2
"""Checks off line that a bid is counted in the closing fingerprint of its consultation.

    python -m envelopes.offline closing RECEIPT PROOF [FILE…] [--key KEY]… [--root ROOTS.pem]

PROOF: `closing-<deposit>.json`. FILE: the published fingerprints, their time-stamp token; each is recognised
by what it is. The numbers of the checks are those of docs/envelope-format.md § 14.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509

from envelopes.offline import verify
from envelopes.offline.verify import Head, Wrong, members, unhex

PROOF_MEMBERS = {
    *("consultation", "deposit", "earlier", "index", "made_at", "manifest_sha256", "number"),
    *("proof", "root", "size", "version"),
}
EARLIER_MEMBERS = {"number", "proof", "root", "size"}
PUBLISHED_MEMBERS = {"consultation", "fingerprints", "version"}


@dataclass(frozen=True)
class Proof:
    content: dict[str, Any]
    tree: Head

    @property
    def number(self) -> int:
        return natural(self.content["number"])


def natural(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 2**53:
        raise Wrong("a number of the proof is none")
    return value


def tree_of(value: dict[str, Any]) -> Head:
    return Head("closing", natural(value["size"]), unhex(value["root"], "the root"))


def hashes_of(value: dict[str, Any]) -> list[bytes]:
    return [unhex(node, "a hash of the proof") for node in value["proof"]]


def read_proof(data: bytes, receipt: verify.Receipt) -> Proof:
    """Checks 1 and 2."""
    # 1.
    content = members(verify.read_json(data, "the proof"), PROOF_MEMBERS, "the proof")
    if content["version"] != 1:
        raise Wrong("the proof is of another version")
    # 2.
    said = receipt.content
    expected = [said["deposit"], said["consultation"]["id"], said["manifest_sha256"]]
    if [content[name] for name in ("deposit", "consultation", "manifest_sha256")] != expected:
        raise Wrong("the proof is of another deposit than the receipt")
    if said["is_late"]:
        raise Wrong("a late deposit is in no closing fingerprint")
    return Proof(content, tree_of(content))


def check_place(proof: Proof, receipt: verify.Receipt) -> None:
    """Check 3."""
    rest, index = hashes_of(proof.content), natural(proof.content["index"])
    leaf = verify.sha256(b"\x00", receipt.manifest)
    if index >= proof.tree.size:
        raise Wrong("the place of the deposit is outside the tree")
    if verify.root_by_path(leaf, index, proof.tree.size, rest) != proof.tree.root or rest:
        raise Wrong("the deposit is not in the tree of the fingerprint")


def check_earlier(proof: Proof) -> dict[int, bytes]:
    """Check 4; the root of each fingerprint by its number."""
    roots = {proof.number: proof.tree.root}
    for place, earlier in enumerate(proof.content["earlier"], 1):
        members(earlier, EARLIER_MEMBERS, "an earlier fingerprint")
        first = tree_of(earlier)
        if earlier["number"] != place:
            raise Wrong("an earlier fingerprint is missing")
        try:
            verify.check_consistency(first, proof.tree, hashes_of(earlier))
        except Wrong as wrong:
            raise Wrong(f"the fingerprint does not begin with fingerprint {place}") from wrong
        roots[place] = first.root
    if len(roots) != proof.number:
        raise Wrong("an earlier fingerprint is missing")
    return roots


def check_published(data: bytes, proof: Proof, roots: dict[int, bytes]) -> None:
    """Check 5: what everybody was given has the same roots; it may have been saved before the last one."""
    content = verify.read_json(data, "the published fingerprints")
    members(content, PUBLISHED_MEMBERS, "the published fingerprints")
    if content["version"] != 1 or content["consultation"] != proof.content["consultation"]:
        raise Wrong("the published fingerprints are of another consultation, or version")
    for one in content["fingerprints"]:
        members(one, {"made_at", "number", "root"}, "a published fingerprint")
        known = roots.get(one["number"])
        if known is None:
            raise Wrong("another fingerprint was published since: ask for the proof again")
        if unhex(one["root"], "the root") != known:
            raise Wrong(f"fingerprint {one['number']} was published with another root")


def check_stamp(data: bytes, proof: Proof, roots: Sequence[x509.Certificate]) -> str:
    """Check 6: when the root was stamped, and by whom."""
    try:
        token = verify.read_token(data)
        _algorithm, digest = verify.der(token.content).sequence()[2].sequence()
        if digest.body != proof.tree.root:
            raise Wrong("the token stamps another fingerprint")
        authority = verify.check_token(token, roots)
        return f"{token.generated_at.isoformat()} by {authority}"
    except verify.MALFORMED as error:
        raise Wrong("the time-stamp token, or its certificate, is none") from error


def check(
    receipt: verify.Receipt,
    files: Sequence[Path],
    roots: Sequence[x509.Certificate],
    say: Callable[[str], None],
) -> None:
    """Say what holds, or stop at what is `Wrong`."""
    proof = read_proof(files[0].read_bytes(), receipt)
    check_place(proof, receipt)
    place = natural(proof.content["index"]) + 1
    say(f"the deposit is number {place} of the {proof.tree.size} that were received in time")
    known = check_earlier(proof)
    for data in (path.read_bytes() for path in files[1:]):
        if data.startswith(b"{"):
            check_published(data, proof, known)
            say("the fingerprint is the one that was published")
        else:
            say(f"the fingerprint was stamped at {check_stamp(data, proof, roots)}")
            if not roots:
                say("NOT COMPARED: nothing vouches for that authority; give its root with --root")
    if len(files) == 1:
        say("NOT COMPARED: compare the fingerprint with what the consultation's page publishes:")
        say(f"    {proof.tree.root.hex()}")


def main(arguments: Iterable[str]) -> int:
    parser = argparse.ArgumentParser(prog="closing", description="Check a closing proof, off line.")
    parser.add_argument("receipt", type=Path)
    parser.add_argument(
        "files", type=Path, nargs="+", help="the proof; what was published; a token"
    )
    parser.add_argument("--key", action="append", default=[], help="a public key of the journal")
    parser.add_argument("--root", type=Path, help="PEM: what vouches for the time-stamp authority")
    options = parser.parse_args(list(arguments))
    try:
        keys = [verify.read_key(text) for text in options.key]
        pem = options.root.read_bytes() if options.root else b""
        roots = x509.load_pem_x509_certificates(pem) if pem else []
        receipt = verify.read_receipt(options.receipt.read_bytes(), keys, print)
        check(receipt, options.files, roots, print)
    except (Wrong, OSError, ValueError, KeyError, TypeError) as error:
        print(f"WRONG: {error}.", file=sys.stderr)
        return 1
    return 0
