# SPDX-License-Identifier: EUPL-1.2
"""The extensions of a certificate that say what its key is for (RFC 5280, § 4.2).

They are read here rather than by the library, which gives none where one that does not matter (an alternative
name in an old encoding) is beyond it.
"""

from dataclasses import dataclass
from typing import Final

from keys import der
from keys.der import DERError, Reader

SUBJECT_KEY_IDENTIFIER: Final = "2.5.29.14"
KEY_USAGE: Final = "2.5.29.15"
SUBJECT_ALTERNATIVE_NAME: Final = "2.5.29.17"
BASIC_CONSTRAINTS: Final = "2.5.29.19"
CERTIFICATE_POLICIES: Final = "2.5.29.32"
EXTENDED_KEY_USAGE: Final = "2.5.29.37"
UNDERSTOOD: Final = frozenset({  # those that may be critical
    BASIC_CONSTRAINTS,
    CERTIFICATE_POLICIES,
    EXTENDED_KEY_USAGE,
    KEY_USAGE,
    SUBJECT_ALTERNATIVE_NAME,
})  # fmt: skip
MOST_EXTENSIONS: Final = 40  # qualified certificates have about a dozen

KEY_ENCIPHERMENT, KEY_AGREEMENT, KEY_CERT_SIGN, DECIPHER_ONLY = 2, 4, 5, 8  # bits of KeyUsage
ENCRYPTION_PURPOSES: Final = frozenset({
    "1.3.6.1.4.1.311.10.3.4",  # encrypted file system
    "1.3.6.1.4.1.311.80.1",  # document encryption
    "1.3.6.1.5.5.7.3.4",  # e-mail
    "2.5.29.37.0",  # any
})  # fmt: skip

_BOOLEAN: Final = 0x01


@dataclass(frozen=True)
class Extensions:
    """What is said of the key; `usages` (bits) and `purposes` are None where nothing restricts them."""

    count: int = 0
    has_duplicates: bool = False
    unknown_critical: tuple[str, ...] = ()
    is_authority: bool = False
    usages: frozenset[int] | None = None
    purposes: frozenset[str] | None = None
    subject_key_identifier: bytes | None = None


def read_extensions(data: bytes) -> Extensions:
    """The extensions of a DER `Extensions`.

    Raises:
        DERError: it is none, or one that matters is not well formed.
    """
    reader, values, critical, count = Reader(data).enter(der.SEQUENCE), {}, [], 0
    while reader.next_tag() is not None:
        extension = reader.enter(der.SEQUENCE)
        identifier = dotted(extension.value(der.OBJECT_IDENTIFIER))
        if extension.next_tag() == _BOOLEAN and extension.value(_BOOLEAN) != b"\x00":
            critical.append(identifier)
        values[identifier] = extension.value(der.OCTET_STRING)
        extension.finish()
        count += 1
    return Extensions(
        count=count,
        has_duplicates=len(values) < count,
        unknown_critical=tuple(oid for oid in critical if oid not in UNDERSTOOD),
        is_authority=_is_authority(values.get(BASIC_CONSTRAINTS)),
        usages=_usages(values.get(KEY_USAGE)),
        purposes=_purposes(values.get(EXTENDED_KEY_USAGE)),
        subject_key_identifier=_identifier(values.get(SUBJECT_KEY_IDENTIFIER)),
    )


def dotted(identifier: bytes) -> str:
    """The dotted form of the value of an object identifier."""
    if not identifier or identifier[-1] & 0x80:
        raise DERError("an object identifier is cut")
    arcs, arc = [], 0
    for octet in identifier:
        arc = arc << 7 | octet & 0x7F
        if not octet & 0x80:
            arcs.append(arc)
            arc = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


def _is_authority(value: bytes | None) -> bool:
    if value is None:
        return False
    constraints = Reader(value).enter(der.SEQUENCE)
    return constraints.next_tag() == _BOOLEAN and constraints.value(_BOOLEAN) != b"\x00"


def _usages(value: bytes | None) -> frozenset[int] | None:
    if value is None:
        return None
    octets = _only(value, der.BIT_STRING)[1:]  # without the count of unused bits
    bits = int.from_bytes(octets, "big")
    return frozenset(
        bit for bit in range(len(octets) * 8) if bits >> (len(octets) * 8 - 1 - bit) & 1
    )


def _purposes(value: bytes | None) -> frozenset[str] | None:
    if value is None:
        return None
    reader, purposes = Reader(value).enter(der.SEQUENCE), set()
    while reader.next_tag() is not None:
        purposes.add(dotted(reader.value(der.OBJECT_IDENTIFIER)))
    return frozenset(purposes)


def _identifier(value: bytes | None) -> bytes | None:
    return None if value is None else _only(value, der.OCTET_STRING)


def _only(value: bytes, tag: int) -> bytes:
    reader = Reader(value)
    content = reader.value(tag)
    reader.finish()
    return content
