# SPDX-License-Identifier: EUPL-1.2
"""Mutants of certificates, and what must hold of each: `tools/fuzz.py` tries many, the tests a few."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from hypothesis import strategies as st

from keys import der
from keys.certificates import assess
from keys.der import DERError, Reader
from tests.keys.corpus import BAD, GOOD, seal_and_open
from tests.keys.making import NOW

Draw = Callable[[st.SearchStrategy[int]], int]
LARGEST_SEED: Final = 8 * 1024  # bytes
VALUES: Final = (  # of an element
    b"", b"\x00", b"\x01", b"\x7f", b"\x80", b"\xff", b"\x00\xff", b"\x05\x00", b"\x00" * 21, b"\x7f" * 200,
    "a\u202eb".encode(), "аbc".encode(), b"\xc3", b"99991231235959Z", b"500101000000Z",
)  # fmt: skip
TAGS: Final = (
    0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0C, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1C, 0x1E, 0x30, 0x31, 0x80,
    0xA0, 0xA3, 0x1F, 0xFF,
)  # fmt: skip


@dataclass
class Element:
    """An element of DER; `before` is what comes before those that its value holds, if it holds any."""

    tag: int
    value: bytes = b""
    before: bytes = b""
    inside: list["Element"] = field(default_factory=list)

    def encoded(self) -> bytes:
        if not self.inside:
            return der.encode(self.tag, self.value)
        return der.encode(self.tag, self.before, *(one.encoded() for one in self.inside))

    def all(self) -> Iterator["Element"]:
        yield self
        for one in self.inside:
            yield from one.all()


def seeds() -> list[bytes]:
    made = (make() for _, make in [*GOOD.values(), *BAD.values()])
    return [data for data in made if len(data) <= LARGEST_SEED]


def parse(data: bytes) -> Element:
    """The tree of a certificate; the values that are DER themselves are looked into."""
    reader = Reader(data)
    tag = reader.next_tag()
    if tag is None:
        raise DERError("nothing")
    value = reader.value(tag)
    reader.finish()
    before = value[:1] if tag == der.BIT_STRING else b""
    holds = tag & 0x20 or tag in {der.BIT_STRING, der.OCTET_STRING}
    return Element(tag, value, before, _parts(value[len(before) :]) if holds else [])


def _parts(value: bytes) -> list[Element]:
    reader, found = Reader(value), []
    try:
        while (tag := reader.next_tag()) is not None:
            found.append(parse(reader.element(tag)))
    except DERError:
        return []
    return found


@st.composite
def mutants(draw: Draw, of: Sequence[bytes]) -> bytes:
    """One of these, changed once or twice in its structure, then at times in its bytes."""
    data = of[draw(st.integers(0, len(of) - 1))]
    for _ in range(draw(st.integers(1, 2))):
        data = _restructured(draw, data, of)
    return _corrupted(draw, data) if draw(st.integers(0, 9)) == 0 else data


def _restructured(draw: Draw, data: bytes, of: Sequence[bytes]) -> bytes:
    try:
        tree = parse(data)
    except DERError:
        return _corrupted(draw, data)
    leaves = draw(st.integers(0, 2)) > 0
    chosen = _one(draw, [one for one in tree.all() if not (leaves and one.inside)])
    change = draw(st.integers(0, 8))
    if change == 0:
        chosen.tag = TAGS[draw(st.integers(0, len(TAGS) - 1))]
    elif change == 1 and chosen.inside:
        chosen.inside.remove(_one(draw, chosen.inside))
    elif change == 2 and chosen.inside:
        chosen.inside += [_one(draw, chosen.inside)] * draw(st.integers(1, 50))
    elif change == 3 and chosen.inside:
        chosen.inside.reverse()
    elif change <= 5:
        chosen.inside, chosen.value = [], _replaced(draw, chosen.value)
    else:
        _graft(draw, chosen, of[draw(st.integers(0, len(of) - 1))])
    return tree.encoded()


def _replaced(draw: Draw, value: bytes) -> bytes:
    if draw(st.booleans()):
        return VALUES[draw(st.integers(0, len(VALUES) - 1))]
    return _corrupted(draw, value)


def _graft(draw: Draw, chosen: Element, other: bytes) -> None:
    """Something of another certificate in the place of this element."""
    try:
        donor = parse(other)
    except DERError:
        return
    alike = [one for one in donor.all() if one.tag == chosen.tag]
    given = _one(draw, alike or list(donor.all()))
    chosen.tag, chosen.value, chosen.before = given.tag, given.value, given.before
    chosen.inside = given.inside


def _corrupted(draw: Draw, data: bytes) -> bytes:
    """A byte changed, a piece cut out or put in, or the end cut off."""
    start = draw(st.integers(0, len(data)))
    change = draw(st.integers(0, 3))
    if change == 0:
        return data[:start] + bytes([draw(st.integers(0, 255))]) + data[start + 1 :]
    if change == 1:
        return data[:start] + data[start + draw(st.integers(1, 16)) :]
    if change == 2:
        return data[:start] + VALUES[draw(st.integers(0, len(VALUES) - 1))] + data[start:]
    return data[:start]


def _one(draw: Draw, among: list[Element]) -> Element:
    return among[draw(st.integers(0, len(among) - 1))]


def check(data: bytes) -> str:
    """The verdict on `data`: the code of the first refusal, or none.

    Whatever the bytes, there is one, and no other exception; what is accepted is sealed to, and opened with
    the private key where it is at hand.
    """
    assessment = assess(data, now=NOW)
    for refusal in assessment.refusals:
        return refusal.code
    assert assessment.certificate is not None
    seal_and_open(assessment.certificate)
    return ""
