# SPDX-License-Identifier: EUPL-1.2
"""The little of DER (X.690) that a sealed block and a certificate's name need.

The reader is strict: definite lengths in their shortest form, one-byte tags. It never decodes ahead, and
copies only what it is asked for.
"""

from collections.abc import Sequence
from typing import Final

INTEGER: Final = 0x02
BIT_STRING: Final = 0x03
OCTET_STRING: Final = 0x04
NULL: Final = b"\x05\x00"
OBJECT_IDENTIFIER: Final = 0x06
SEQUENCE: Final = 0x30
SET: Final = 0x31

Buffer = bytes | bytearray | memoryview


class DERError(ValueError):
    """The bytes are not the DER that was expected here."""


class NotShortest(DERError):
    """A length is indefinite, or not in its shortest form: BER allows what DER does not."""


def head(tag: int, length: int) -> bytes:
    """Tag and length of a value of `length` bytes."""
    if length < 0x80:
        return bytes((tag, length))
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets


def encode(tag: int, *parts: bytes) -> bytes:
    """One element, whose value is the concatenation of `parts`."""
    value = b"".join(parts)
    return head(tag, len(value)) + value


def set_of(elements: Sequence[bytes]) -> bytes:
    """A `SET OF`, in the order that DER wants (X.690, § 11.6)."""
    return encode(SET, *sorted(elements))


def check(data: Buffer, deepest: int = 32) -> None:
    """Check the lengths of every element of `data`, down to `deepest` levels.

    Raises:
        NotShortest: a length is BER's.
        DERError: an element is cut, too deep, or has a tag of several bytes.
    """
    _check(Reader(data), deepest)


def _check(reader: "Reader", deepest: int) -> None:
    if deepest == 0:
        raise DERError(f"too deep at {reader.position}")
    while (tag := reader.next_tag()) is not None:
        if tag & 0x20:  # constructed
            _check(reader.enter(tag), deepest - 1)
        else:
            reader.skip()


class Reader:
    """A cursor over the elements of `data` from `position` to `end`.

    `end` may lie beyond the bytes at hand: the beginning of a long element is read without the rest.
    """

    def __init__(self, data: Buffer, position: int = 0, end: int | None = None) -> None:
        self._data = data
        self.position = position
        self.end = len(data) if end is None else end

    def next_tag(self) -> int | None:
        """The tag of the element that comes, None at the end."""
        return self._byte(self.position) if self.position < self.end else None

    def enter(self, tag: int) -> "Reader":
        """A reader of the value of the next element, which this one passes over."""
        start, end = self._bounds(tag)
        self.position = end
        return Reader(self._data, start, end)

    def value(self, tag: int) -> bytes:
        """The value of the next element."""
        start, end = self._bounds(tag)
        self.position = end
        return self._slice(start, end)

    def element(self, tag: int) -> bytes:
        """The next element whole, its tag and length included."""
        start = self.position
        _, self.position = self._bounds(tag)
        return self._slice(start, self.position)

    def skip(self) -> None:
        """Pass over the next element, whatever it is."""
        _, self.position = self._bounds(self._byte(self.position))

    def finish(self) -> None:
        """Check that nothing is left."""
        if self.position != self.end:
            raise DERError(f"unexpected bytes at {self.position}")

    def _bounds(self, tag: int) -> tuple[int, int]:
        if self._byte(self.position) != tag or tag & 0x1F == 0x1F:
            raise DERError(f"tag {tag:#04x} expected at {self.position}")
        start = self.position + 2
        length = self._byte(self.position + 1)
        if length >= 0x80:
            start, length = self._long_length(start, length & 0x7F)
        if start + length > self.end:
            raise DERError(f"the element at {self.position} is longer than what holds it")
        return start, start + length

    def _long_length(self, start: int, count: int) -> tuple[int, int]:
        octets = self._slice(start, start + count)
        length = int.from_bytes(octets, "big")
        if length < 0x80 or octets[0] == 0:
            raise NotShortest(f"the length at {start - 1} is indefinite or not the shortest")
        return start + count, length

    def _byte(self, position: int) -> int:
        if not position < min(self.end, len(self._data)):
            raise DERError(f"cut at {position}")
        return self._data[position]

    def _slice(self, start: int, end: int) -> bytes:
        if end > min(self.end, len(self._data)):
            raise DERError(f"cut at {min(self.end, len(self._data))}")
        return bytes(self._data[start:end])
