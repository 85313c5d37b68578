# SPDX-License-Identifier: EUPL-1.2
"""Vectors of what is JSON: canonical forms, manifests, indexes, challenges; and of lengths."""

import copy
import hashlib
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

from keys import challenges as rules
from keys.cms import BLOCK_SIZE, seal_block
from marketplace import canonical
from tools import vector_keys
from tools.vector_blocks import Kept, Vector, b64, recipients

ORIGIN = "https://marches.example"
DEPOSIT, CONSULTATION, ENVELOPE, OTHER_ENVELOPE = (
    f"6f1c2a52-4f0e-4d53-9d0a-3c5a54a0e00{digit}" for digit in range(1, 5)
)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def lengths() -> Iterator[Vector]:
    """lengths.json"""
    for size, number, is_last, fits in (
        (0, 0, True, True),
        (1, 0, True, True),
        (BLOCK_SIZE, 0, True, True),
        (BLOCK_SIZE + 1, 0, True, False),
        (BLOCK_SIZE, 0, False, True),
        (BLOCK_SIZE - 1, 0, False, False),
        (0, 0, False, False),
        (0, 1, True, False),
        (1, 1, True, True),
        (BLOCK_SIZE, 7, True, True),
        (BLOCK_SIZE + 1, 7, False, False),
    ):
        yield {
            "name": f"{size} bytes in block {number}, {'last' if is_last else 'not last'}",
            "inputs": {"size": size, "number": number, "is_last": is_last},
            "expect": {"fits": True} if fits else {"error": "misplaced"},
        }


GOOD_FORMS: dict[str, Any] = {
    "empty object": {},
    "empty array": [],
    "true, false and null": [True, False, None],
    "integers": [0, 1, -1, 10, 2**53 - 1, 1 - 2**53],
    "keys in order": {"A1": 0, "Z": 1, "_": 2, "a": 3, "aa": 4, "b": {"B": 1, "a": []}},
    "escapes": '"\\/\b\f\n\r\t\x00\x01\x1f\x7f',
    "beyond ASCII": "é € 𝄞 \u2028\u2029\ufeff\uffff",
    "combining marks are left alone": ["é", "e\u0301"],
}
BAD_FORMS: dict[str, bytes] = {
    "nothing": b"",
    "not JSON": b"{",
    "two values": b"{}{}",
    "a space": b'{"a": 1}',
    "a line feed at the end": b"{}\n",
    "a byte order mark": b"\xef\xbb\xbf{}",
    "not UTF-8": b'"\xff"',
    "overlong UTF-8": b'"\xc0\xaf"',
    "a surrogate in UTF-8": b'"\xed\xa0\x80"',
    "an escaped lone surrogate": rb'"\ud800"',
    "an escaped pair": rb'"\ud834\udd1e"',
    "an escaped solidus": rb'"\/"',
    "a needless escape": rb'"\u0041"',
    "upper-case hexadecimal": rb'"\u001F"',
    "a long form of a short escape": rb'"\u000a"',
    "a raw control character": b'"\n"',
    "keys out of order": b'{"b":1,"a":2}',
    "a key twice": b'{"a":1,"a":1}',
    "a key that begins with a digit": b'{"1a":1}',
    "a key with a hyphen": b'{"a-b":1}',
    "an empty key": b'{"":1}',
    "a key beyond ASCII": '{"é":1}'.encode(),
    "a fraction": b"1.5",
    "a fraction of zero": b"1.0",
    "an exponent": b"1e2",
    "minus zero": b"-0",
    "a leading zero": b"01",
    "a plus sign": b"+1",
    "NaN": b"NaN",
    "Infinity": b"[-Infinity]",
    "2^53": b"9007199254740992",
    "-2^53": b"-9007199254740992",
    "a very long integer": b"1" * 5000,
    "a trailing comma": b"[1,]",
    "single quotes": b"'a'",
}


def canonical_forms() -> Iterator[Vector]:
    """canonical.json"""
    for name, value in GOOD_FORMS.items():
        yield _of_bytes(name, canonical.dumps(value), {"value": value})
    for name, data in BAD_FORMS.items():
        yield _of_bytes(name, data, {"error": "not_canonical"})


def _of_bytes(name: str, data: bytes, expect: Vector, **inputs: Any) -> Vector:
    return {"name": name, "inputs": {"bytes": b64(data), **inputs}, "expect": expect}


def manifest() -> dict[str, Any]:
    def file(number: int, *sizes: int) -> dict[str, Any]:
        blocks = [{"sha256": digest(f"{number}/{size}"), "size": size} for size in sizes]
        return {"blocks": blocks, "id": f"{number:016x}"}

    return {
        "block_size": BLOCK_SIZE,
        "consultation": CONSULTATION,
        "deposit": DEPOSIT,
        "envelopes": [
            {
                "files": [file(2, BLOCK_SIZE + 829, 1420), file(3, 700)],
                "id": ENVELOPE,
                "index": file(1, 1200),
                "kind": "offer",
                "lot": 1,
            },
            {
                "files": [file(5, 900)],
                "id": OTHER_ENVELOPE,
                "index": file(4, 800),
                "kind": "application",
                "lot": None,
            },
        ],
        "recipients": sorted([digest("a"), digest("b")]),
        "version": 1,
    }


def index() -> dict[str, Any]:
    files = [
        {
            "id": f"{2:016x}",
            "name": "Acte d’engagement.pdf",
            "sha256": digest("x"),
            "size": 9000000,
        },
        {"id": f"{3:016x}", "name": "DC1.pdf", "sha256": digest("y"), "size": 0},
    ]
    return {
        "deposit": DEPOSIT,
        "envelope": ENVELOPE,
        "files": files,
        "kind": "offer",
        "lot": 1,
        "version": 1,
    }


def _set(*path: Any) -> Callable[[Any], None]:
    """A change: the last but one of `path` is the member, the last is its value."""

    def change(value: Any) -> None:
        for member in path[:-2]:
            value = value[member]
        value[path[-2]] = path[-1]

    return change


def _without(*path: Any) -> Callable[[Any], None]:
    def change(value: Any) -> None:
        for member in path[:-1]:
            value = value[member]
        del value[path[-1]]

    return change


UUID_CHANGES = {
    "in upper case": DEPOSIT.upper(),
    "without hyphens": DEPOSIT.replace("-", ""),
    "in braces": f"{{{DEPOSIT}}}",
    "null": None,
}
FIRST_BLOCK = ("envelopes", 0, "files", 0, "blocks", 0)
BAD_MANIFESTS: dict[str, Callable[[Any], None]] = {
    "version 2": _set("version", 2),
    "version true": lambda value: value.update(version=True),
    "no version": _without("version"),
    "an unknown member": _set("comment", "x"),
    "an unknown member of an envelope": _set("envelopes", 0, "name", "x"),
    "an unknown member of a block": _set(*FIRST_BLOCK, "name", "x"),
    "another block size": _set("block_size", BLOCK_SIZE // 2),
    **{f"a UUID {name}": _set("deposit", value) for name, value in UUID_CHANGES.items()},
    "no envelope": _set("envelopes", []),
    "envelopes are an object": _set("envelopes", {}),
    "an envelope without files": _set("envelopes", 0, "files", []),
    "a file without blocks": _set("envelopes", 0, "files", 0, "blocks", []),
    "an envelope without index": _without("envelopes", 0, "index"),
    "an envelope twice": _set("envelopes", 1, "id", ENVELOPE),
    "a file id twice": _set("envelopes", 0, "files", 1, "id", f"{2:016x}"),
    "a file id of an index": _set("envelopes", 1, "index", "id", f"{2:016x}"),
    "a short file id": _set("envelopes", 0, "files", 0, "id", "00"),
    "an upper-case file id": _set("envelopes", 0, "files", 0, "id", "AA" * 8),
    "an unknown kind": _set("envelopes", 0, "kind", "other"),
    "lot 0": _set("envelopes", 0, "lot", 0),
    "a lot as text": _set("envelopes", 0, "lot", "1"),
    "a block of 0 bytes": _set(*FIRST_BLOCK, "size", 0),
    "a negative size": _set(*FIRST_BLOCK, "size", -1),
    "a size as text": _set(*FIRST_BLOCK, "size", "1"),
    "a short digest": _set(*FIRST_BLOCK, "sha256", "00"),
    "an upper-case digest": _set(*FIRST_BLOCK, "sha256", digest("x").upper()),
    "a digest and a line feed": _set(*FIRST_BLOCK, "sha256", digest("x") + "\n"),
    "no recipient": _set("recipients", []),
    "a recipient twice": _set("recipients", [digest("a")] * 2),
    "recipients out of order": _set("recipients", sorted([digest("a"), digest("b")], reverse=True)),
    "65 recipients": _set("recipients", sorted(digest(str(n)) for n in range(65))),
}
BAD_INDEXES: dict[str, Callable[[Any], None]] = {
    "version 0": _set("version", 0),
    "an unknown member": _set("comment", "x"),
    "no lot": _without("lot"),
    "an unknown kind": _set("kind", "Offer"),
    "no files": _set("files", []),
    "a file id twice": _set("files", 1, "id", f"{2:016x}"),
    "a negative size": _set("files", 0, "size", -1),
    "a short digest": _set("files", 0, "sha256", "00"),
    "a file without name": _without("files", 0, "name"),
    "lot 0": _set("lot", 0),
}
BAD_NAMES = {
    "an empty name": "",
    "a dot": ".",
    "two dots": "..",
    "a solidus": "a/b",
    "a backslash": "a\\b",
    "NUL": "a\x00",
    "a line feed": "a\n",
    "DEL": "a\x7f",
    "a C1 control": "a\x85",
    "256 bytes": "a" * 256,
    "256 bytes in 128 characters": "é" * 128,
}
GOOD_NAMES = {
    "three dots": "...",
    "255 bytes": "a" * 255,
    "255 bytes in 85 characters": "€" * 85,
    "a space": " ",
    "a right-to-left override": "a\u202efdp.exe",
    "the same as another, but for the case": "dc1.PDF",
    "the same as another": "DC1.pdf",
    "reserved by a system": "CON",
}
NOT_FITTING: dict[str, Callable[[Any], None]] = {
    "of another deposit": _set("deposit", CONSULTATION),
    "of an unknown envelope": _set("envelope", CONSULTATION),
    "of another envelope": _set("envelope", OTHER_ENVELOPE),
    "of another kind": _set("kind", "application"),
    "of another lot": _set("lot", 2),
    "of no lot": _set("lot", None),
    "a file is missing": _without("files", 1),
    "files in another order": lambda value: value["files"].reverse(),
    "a file of another envelope": _set("files", 1, "id", f"{5:016x}"),
}


def manifests() -> Iterator[Vector]:
    """manifests.json"""
    data = canonical.dumps(manifest())
    sha256 = hashlib.sha256(data).hexdigest()
    yield _of_bytes("two envelopes", data, {"manifest": manifest(), "sha256": sha256})
    for name, change in BAD_MANIFESTS.items():
        yield _of_bytes(name, _changed(manifest(), change), {"error": "bad_manifest"})
    for name, bad in (("not canonical", data + b"\n"), ("null", b"null"), ("cut", data[:-1])):
        yield _of_bytes(name, bad, {"error": "bad_manifest"})


def indexes() -> Iterator[Vector]:
    """indexes.json"""
    beside = {"manifest": b64(canonical.dumps(manifest())), "envelope": ENVELOPE}
    data = canonical.dumps(index())
    yield _of_bytes("an offer", data, {"index": index()})
    yield _of_bytes("beside its manifest", data, {"index": index()}, **beside)
    for name, text in GOOD_NAMES.items():
        value = copy.deepcopy(index())
        value["files"][0]["name"] = text
        yield _of_bytes(f"named: {name}", canonical.dumps(value), {"index": value})
    refused = {
        **BAD_INDEXES,
        **{f"named: {name}": _set("files", 0, "name", text) for name, text in BAD_NAMES.items()},
    }
    for name, change in refused.items():
        yield _of_bytes(name, _changed(index(), change), {"error": "bad_index"})
    yield _of_bytes("not canonical", b" " + data, {"error": "bad_index"})
    for name, change in NOT_FITTING.items():
        yield _of_bytes(name, _changed(index(), change), {"error": "bad_index"}, **beside)


def _changed(value: dict[str, Any], change: Callable[[Any], None]) -> bytes:
    changed = copy.deepcopy(value)
    change(changed)
    return canonical.dumps(changed)


def challenges() -> Iterator[Vector]:
    """challenges.json"""
    kept = Kept("challenges.json", "block")
    nonce = hashlib.sha256(b"a nonce, for the vectors alone").digest()
    for key in vector_keys.TEN[:5]:
        certificate, _ = vector_keys.load(key)
        context = rules.context_of(UUID(DEPOSIT), fingerprint=certificate.sha256, origin=ORIGIN)
        block = kept.get(key, lambda: rules.seal(certificate, nonce, context))  # noqa: B023 - called at once
        expect = {
            "nonce": nonce.hex(),
            "context": context.decode(),
            "answer": rules.answer(nonce, context),
        }
        yield _challenge(key, block, expect)
        if key == "p-256":
            yield _challenge(
                "on another page", block, {"error": "bad_challenge"}, "https://x.example"
            )
    for name, text, code in _bad_challenges(nonce):
        yield _challenge(name, kept.get(name, lambda: _seal(text)), {"error": code})  # noqa: B023 - called at once
    elsewhere = kept.get("at another place", lambda: _seal(b"", number=1))
    yield _challenge("at another place", elsewhere, {"error": "misplaced"})


def _bad_challenges(nonce: bytes) -> Iterator[tuple[str, bytes, str]]:
    sha256 = vector_keys.load("p-256")[0].sha256
    context = rules.context_of(UUID(DEPOSIT), fingerprint=sha256, origin=ORIGIN)
    other = rules.context_of(UUID(DEPOSIT), fingerprint=digest("other"), origin=ORIGIN)
    good = rules.plaintext(nonce, context)
    yield "for another key", rules.plaintext(nonce, other), "bad_challenge"
    yield "another version", good.replace(b"-v1", b"-v2"), "bad_challenge"
    yield "not a challenge", b"a block of a bid", "bad_challenge"
    yield "cut in the nonce", good[:40], "bad_challenge"
    yield "without context", good[:53], "bad_challenge"
    yield "a context that is not canonical", good + b"\n", "bad_challenge"
    yield "a context with another member", good[:-1] + b',"z":1}', "bad_challenge"


def _seal(text: bytes, number: int = 0) -> bytes:
    return seal_block(text, recipients("p-256"), file_id=bytes(8), number=number, is_last=True)


def _challenge(name: str, block: bytes, expect: Vector, origin: str = ORIGIN) -> Vector:
    key = name if name in vector_keys.TEN else "p-256"
    return {
        "name": name,
        "inputs": {"block": b64(block), "key": key, "origin": origin},
        "expect": expect,
    }
