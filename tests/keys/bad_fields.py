# SPDX-License-Identifier: EUPL-1.2
"""Certificates that are refused for what they say: name → (code, maker)."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from itertools import product

from keys import der
from tests.keys.assembling import (
    BMP,
    ECDSA_SHA256,
    IA5,
    PRINTABLE,
    T61,
    UNIVERSAL,
    USAGE_BITS,
    UTF8,
    algorithm,
    assemble,
    bits,
    called,
    constraints,
    extension,
    held,
    integer,
    key_usage,
    moment,
    name,
    named_bits,
    octets,
    oid,
    part,
    purposes,
    seq,
)
from tests.keys.bad_files import vector
from tests.keys.making import NOW

Maker = Callable[[], bytes]
SECOND = timedelta(seconds=1)
YEAR = timedelta(days=366)
AUTHORITY = called("Autorité")
TRUE = b"\x01\x01\xff"


def stating(*extensions: bytes, key: str = "p-256") -> Maker:
    return lambda: assemble(key=held(key), extensions=extensions)


def numbered(value: bytes) -> Maker:
    return lambda: assemble(serial=der.encode(der.INTEGER, value))


def valid(first: bytes, last: bytes) -> Maker:
    return lambda: assemble(validity=seq(first, last))


def lasting(years_before: int, lifetime: timedelta) -> Maker:
    first = NOW - years_before * YEAR
    return valid(moment(first), moment(first + lifetime))


def utc_time(text: bytes) -> bytes:
    return der.encode(0x17, text)


def issued(signature: bytes) -> Maker:
    """By somebody else, who signed it so."""
    return lambda: assemble(issuer=AUTHORITY, signature=signature)


def subject(*parts: bytes) -> Maker:
    return lambda: assemble(subject=name(*parts), issuer=AUTHORITY)


def issuer(*parts: bytes) -> Maker:
    return lambda: assemble(issuer=name(*parts))


SERIALS = {
    "0": b"\x00", "-1": b"\xff", "-128": b"\x80", "negative, 20 bytes": b"\x80" + bytes(19),
    "21 bytes": b"\x01" + bytes(20), "21 bytes, the first zero": b"\x00\xff" + bytes(19),
    "127 bytes": b"\x7f" * 127, "200 bytes": b"\x7f" * 200, "empty": b"",
}  # fmt: skip
VERSIONS: dict[str, Maker] = {
    "1": lambda: assemble(version=b""),
    "1, written": lambda: assemble(version=der.encode(0xA0, integer(0))),
    "2": lambda: assemble(version=der.encode(0xA0, integer(1))),
    "4": lambda: assemble(version=der.encode(0xA0, integer(3))),
    "1, of RSA": lambda: assemble(version=b"", key=held("rsa-2048")),
    "1, with extensions": lambda: assemble(version=b"", extensions=[key_usage("key_agreement")]),
}
EXPIRED = {
    "a second ago": lasting(1, YEAR - SECOND),
    "a year ago": lasting(3, 2 * YEAR),
    "in the last century": valid(utc_time(b"980101000000Z"), utc_time(b"990101000000Z")),
}
NOT_YET = {
    "in a second": valid(moment(NOW + SECOND), moment(NOW + YEAR)),
    "in a year": valid(moment(NOW + YEAR), moment(NOW + 2 * YEAR)),
    "in thirty years": valid(moment(NOW + 30 * YEAR), moment(NOW + 31 * YEAR)),
}
REVERSED = {
    "by a second": valid(moment(NOW), moment(NOW - SECOND)),
    "by years, in the past": valid(moment(NOW - YEAR), moment(NOW - 3 * YEAR)),
    "by years, in the future": valid(moment(NOW + 3 * YEAR), moment(NOW + YEAR)),
}
ABSURD = {
    "thirty years and a day": lasting(1, 30 * YEAR + timedelta(days=1)),
    "a century": lasting(1, 100 * YEAR),
    "without end": valid(moment(NOW), der.encode(0x18, b"99991231235959Z")),
    "since 1950": valid(utc_time(b"500101000000Z"), moment(NOW + YEAR)),
}
NO_TIMES = {
    "month 13": utc_time(b"271301000000Z"), "30 February": utc_time(b"280230000000Z"),
    "25 hours": utc_time(b"270101250000Z"), "without seconds": utc_time(b"2701010000Z"),
    "without zone": utc_time(b"270101000000"), "another zone": utc_time(b"270101000000+0100"),
    "fraction": der.encode(0x18, b"20500101000000.5Z"), "text": utc_time(b"tomorrow"),
    "other type": der.encode(UTF8, b"270101000000Z"), "none": b"",
}  # fmt: skip
USAGES = {
    "rsa-2048": [
        [bit] for bit in USAGE_BITS if bit not in {"key_encipherment", "key_cert_sign"}
    ] + [["digital_signature", "content_commitment"], ["data_encipherment", "key_agreement"], []],
    "p-256": [
        [bit] for bit in USAGE_BITS if bit not in {"key_agreement", "key_cert_sign"}
    ] + [["digital_signature", "key_encipherment"], ["key_agreement", "decipher_only"], []],
}  # fmt: skip
OTHER_PURPOSES = {
    "servers": ["1.3.6.1.5.5.7.3.1"], "clients": ["1.3.6.1.5.5.7.3.2"], "code": ["1.3.6.1.5.5.7.3.3"],
    "IPsec": ["1.3.6.1.5.5.7.3.5"], "timestamps": ["1.3.6.1.5.5.7.3.8"], "OCSP": ["1.3.6.1.5.5.7.3.9"],
    "IKE": ["1.3.6.1.5.5.7.3.17"], "documents’ signatures": ["1.3.6.1.5.5.7.3.36"],
    "signatures of PDF": ["1.2.840.113583.1.1.5"], "smart cards": ["1.3.6.1.4.1.311.20.2.2"],
    "Microsoft’s signatures": ["1.3.6.1.4.1.311.10.3.12"], "Kerberos": ["1.3.6.1.5.2.3.5"],
    "servers and clients": ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"], "private": ["1.2.250.1.1"],
    "none": [],
}  # fmt: skip
AUTHORITIES = {
    "authority": [constraints(TRUE)],
    "authority, not critical": [constraints(TRUE, critical=False)],
    "authority of no authority": [constraints(TRUE, integer(0))],
    "authority of three levels": [constraints(TRUE, integer(3))],
    "authority that also encrypts": [constraints(TRUE), key_usage("key_agreement")],
    "key that signs certificates": [key_usage("key_cert_sign", "key_agreement")],
    "key that signs certificates, no authority": [
        constraints(), key_usage("key_cert_sign", "key_agreement"),
    ],
}  # fmt: skip
CRITICAL = {
    "unheard of": "1.2.3.4", "subject directory attributes": "2.5.29.9",
    "private key usage period": "2.5.29.16", "issuer alternative name": "2.5.29.18",
    "name constraints": "2.5.29.30", "distribution points": "2.5.29.31", "policy mappings": "2.5.29.33",
    "authority key identifier": "2.5.29.35", "policy constraints": "2.5.29.36", "fresh list": "2.5.29.46",
    "any policy": "2.5.29.54", "authority information": "1.3.6.1.5.5.7.1.1",
    "qualified statements": "1.3.6.1.5.5.7.1.3", "pre-certificate": "1.3.6.1.4.1.11129.2.4.3",
    "old Netscape type": "2.16.840.1.113730.1.1", "OCSP not checked": "1.3.6.1.5.5.7.48.1.5",
}  # fmt: skip
UNKNOWN = extension("1.2.3.4", der.NULL)
AGREEMENT = key_usage("key_agreement")
DUPLICATES = {
    "key usage": [AGREEMENT, AGREEMENT],
    "key usage, two ways": [AGREEMENT, key_usage("key_agreement", "digital_signature")],
    "purposes": [purposes("1.3.6.1.5.5.7.3.4"), purposes("2.5.29.37.0")],
    "constraints": [constraints(), constraints()],
    "subject key identifier": [extension("2.5.29.14", octets(b"a")), extension("2.5.29.14", octets(b"b"))],
    "unknown": [UNKNOWN, UNKNOWN],
    "unknown, apart": [UNKNOWN, AGREEMENT, UNKNOWN],
}  # fmt: skip
BAD_EXTENSIONS = {
    "usage that is a number": extension("2.5.29.15", integer(8)),
    "usage that is nothing": extension("2.5.29.15", b""),
    "usage followed by something": extension("2.5.29.15", named_bits("key_agreement") + der.NULL),
    "purposes that are a text": extension("2.5.29.37", der.encode(UTF8, b"encryption")),
    "purpose that is a text": extension("2.5.29.37", seq(der.encode(UTF8, b"encryption"))),
    "constraints that are a text": extension("2.5.29.19", der.encode(UTF8, b"no")),
    "constraints cut": extension("2.5.29.19", b"\x30\x03\x01\x01"),
    "identifier that is a number": extension("2.5.29.14", integer(8)),
    "identifier followed by something": extension("2.5.29.14", octets(b"a") + der.NULL),
}
MD5_HASH = der.encode(0xA0, algorithm("1.2.840.113549.2.5"))
WEAK_SIGNATURES = {
    "MD2": algorithm("1.2.840.113549.1.1.2"), "MD4": algorithm("1.2.840.113549.1.1.3"),
    "MD5": algorithm("1.2.840.113549.1.1.4"), "SHA-1": algorithm("1.2.840.113549.1.1.5"),
    "SHA-1, as OIW wrote it": algorithm("1.3.14.3.2.29"), "SHA-1, DSA": algorithm("1.2.840.10040.4.3", b""),
    "SHA-1, DSA, as OIW wrote it": algorithm("1.3.14.3.2.27"),
    "SHA-1, ECDSA": algorithm("1.2.840.10045.4.1", b""),
    "SHA-1, PSS": algorithm("1.2.840.113549.1.1.10", seq()),
    "MD5, PSS": algorithm("1.2.840.113549.1.1.10", seq(MD5_HASH)),
    "SHA-1, PSS, whose mask is SHA-256": algorithm(
        "1.2.840.113549.1.1.10",
        seq(der.encode(0xA1, algorithm("1.2.840.113549.1.1.8", algorithm("2.16.840.1.101.3.4.2.1")))),
    ),
}  # fmt: skip
HIDDEN = {
    "NUL": 0, "bell": 7, "backspace": 8, "tab": 9, "new line": 10, "return": 13, "escape": 0x1B,
    "delete": 0x7F, "padding": 0x80, "next line": 0x85, "application": 0x9F, "soft hyphen": 0xAD,
    "grapheme joiner": 0x34F, "Arabic mark": 0x61C, "Hangul filler": 0x115F, "Hangul filler 2": 0x1160,
    "Mongolian separator": 0x180E, "Mongolian selector": 0x180B, "zero-width space": 0x200B,
    "zero-width non-joiner": 0x200C, "zero-width joiner": 0x200D, "left-to-right mark": 0x200E,
    "right-to-left mark": 0x200F, "line separator": 0x2028, "paragraph separator": 0x2029,
    "left-to-right embedding": 0x202A, "right-to-left embedding": 0x202B, "pop": 0x202C,
    "left-to-right override": 0x202D, "right-to-left override": 0x202E, "word joiner": 0x2060,
    "invisible times": 0x2062, "left-to-right isolate": 0x2066, "right-to-left isolate": 0x2067,
    "first strong isolate": 0x2068, "pop isolate": 0x2069, "swapping": 0x206A, "blank Braille": 0x2800,
    "Hangul filler 3": 0x3164, "private": 0xE000, "apple": 0xF8FF, "selector": 0xFE0F, "mark": 0xFEFF,
    "Hangul filler 4": 0xFFA0, "annotation": 0xFFF9, "replacement": 0xFFFD, "no character": 0xFFFF,
    "tag": 0xE0001, "tag of A": 0xE0041, "selector 17": 0xE0100, "private plane": 0xF0000,
}  # fmt: skip
LOOK_ALIKES = {
    "Cyrillic а": "Mаrie", "Cyrillic е": "Mariе", "Cyrillic о": "Dupоnt", "Cyrillic р": "Duрont",
    "Cyrillic с": "Luсie", "Cyrillic х": "Maхime", "Cyrillic у": "Guу", "Cyrillic і": "Marіe",
    "Cyrillic ј": "Benјamin", "Cyrillic ѕ": "Loui\u0455", "Cyrillic ԁ": "Claire \u0501e Lyon",
    "Cyrillic А": "Аnne",
    "Cyrillic М": "МARIE", "Greek ο": "Dupοnt", "Greek Α": "Αnne", "Greek ν": "Oliνier", "Greek ρ": "Duρont",
    "Armenian օ": "Dupօnt", "Armenian ո": "Dupoոt", "Cherokee Ꭺ": "Ꭺnne", "Coptic ⲟ": "Dupⲟnt",
    "Lisu ꓮ": "ꓮnne", "Latin in Cyrillic": "Mария", "Latin in Greek": "Mαρία", "Cyrillic in Greek": "Марίа",
    "Cyrillic word beside Latin ones": "Сосо Dupont", "Greek word beside Latin ones": "Νικο Dupont",
    "Greek initial beside a Latin name": "Α. Dupont", "mathematical bold": "𝐌arie",
    "mathematical script": "𝓜arie",
    "mathematical Fraktur": "𝔐arie", "double-struck": "ℂlaire", "script": "ℒucie", "monospace": "𝚖𝚊𝚛𝚒𝚎",
    "circled": "Ⓜarie", "squared": "🄼arie", "full width": "Ｍarie",
}  # fmt: skip
NO_TEXTS = {
    "UTF-8 cut": part("CN", b"Mari\xc3"), "UTF-8, surrogate": part("CN", b"\xed\xa0\x80"),
    "UTF-8, too long": part("CN", b"\xc0\x80"), "Latin-1 as UTF-8": part("CN", "Éloïse".encode("latin-1")),
    "Latin-1 as PrintableString": part("CN", "Éloïse".encode("latin-1"), PRINTABLE),
    "star in a PrintableString": part("CN", b"*", PRINTABLE),
    "Latin-1 as IA5String": part("email", b"\xe9@x", IA5),
    "half a BMPString": part("CN", b"\x00M\x00", BMP), "half a surrogate": part("CN", b"\xd8\x00", BMP),
    "beyond Unicode": part("CN", b"\x00\x11\x00\x00", UNIVERSAL),
    "attribute without a value": seq(oid("2.5.4.3")), "attribute that is a text": der.encode(UTF8, b"Marie"),
}  # fmt: skip


def mismatches() -> dict[str, Maker]:
    sha384 = algorithm("1.2.840.10045.4.3.3", b"")
    return {
        "two digests": lambda: assemble(signed_with=sha384),
        "two keys": lambda: assemble(signed_with=algorithm("1.2.840.113549.1.1.11")),
        "two parameters": lambda: assemble(signed_with=algorithm("1.2.840.10045.4.3.2")),
        "weak outside": lambda: assemble(signed_with=algorithm("1.2.840.113549.1.1.5")),
        "of others": lambda: vector("x509/custom/mismatch_inner_outer_sig_algorithm.der"),
    }


PKITS = {
    "InvalidNegativeSerialNumberTest15EE": "bad_serial", "InvalidEEnotAfterDateTest6EE": "expired",
    "Invalidpre2000UTCEEnotAfterDateTest7EE": "expired", "InvalidEEnotBeforeDateTest2EE": "not_yet_valid",
    "ValidGeneralizedTimenotAfterDateTest8EE": "absurd_validity",
    "Validpre2000UTCnotBeforeDateTest3EE": "absurd_validity",
    "InvalidUnknownCriticalCertificateExtensionTest2EE": "unknown_critical_extension",
    "DifferentPoliciesTest7EE": "ca_certificate", "InvalidpathLenConstraintTest6EE": "ca_certificate",
    "SeparateCertificateandCRLKeysCRLSigningCert": "key_usage", "indirectCRLCA3cRLIssuerCert": "key_usage",
    "ValidDSASignaturesTest4EE": "unsupported_algorithm",
    "ValidDSAParameterInheritanceTest5EE": "unsupported_algorithm",
}  # fmt: skip
OTHERS = {
    "custom/ca/rsa_ca.pem": "ca_certificate", "custom/negative_serial.pem": "bad_serial",
    "v1_cert.pem": "old_version", "verisign_md2_root.pem": "old_version",
    "custom/invalid_version.pem": "old_version",
    "custom/aia_ocsp.pem": "expired", "ed25519/server-ed25519-cert.pem": "unsupported_algorithm",
    "custom/rsa_pss_cert.pem": "unsupported_algorithm", "e-trust.ru.der": "unsupported_algorithm",
    "scottishpower-bitstring-dn.pem": "key_usage", "cryptography-scts-tbs-precert.der": "unreadable",
    "custom/name_attribute_unsupported_tag.pem": "unreadable", "custom/crl_empty.pem": "unreadable",
    "ocsp/resp-sha256.der": "unreadable",
}  # fmt: skip


CASES: dict[str, tuple[str, Maker]] = {
    **{f"version {key}": ("old_version", make) for key, make in VERSIONS.items()},
    **{f"serial: {key}": ("bad_serial", numbered(value)) for key, value in SERIALS.items()},
    "serial: not the shortest": ("unreadable", numbered(b"\x00\x4d")),
    **{f"expired: {key}": ("expired", make) for key, make in EXPIRED.items()},
    **{f"not yet valid: {key}": ("not_yet_valid", make) for key, make in NOT_YET.items()},
    **{f"reversed: {key}": ("validity_reversed", make) for key, make in REVERSED.items()},
    **{f"absurd validity: {key}": ("absurd_validity", make) for key, make in ABSURD.items()},
    **{f"no time: {key}": ("unreadable", valid(moment(NOW), value)) for key, value in NO_TIMES.items()},
    **{
        f"usage of {key}: {' '.join(names) or 'none'}": ("key_usage", stating(key_usage(*names), key=key))
        for key, lists in USAGES.items()
        for names in lists
    },
    **{
        f"purpose{', critical' * critical}: {key}": (
            "extended_key_usage",
            stating(purposes(*values, critical=critical)),
        )
        for (key, values), critical in product(OTHER_PURPOSES.items(), (False, True))
    },
    **{key: ("ca_certificate", stating(*values)) for key, values in AUTHORITIES.items()},
    **{
        f"critical: {key}": ("unknown_critical_extension", stating(extension(value, der.NULL, critical=True)))
        for key, value in CRITICAL.items()
    },
    **{f"twice: {key}": ("duplicate_extension", stating(*values)) for key, values in DUPLICATES.items()},
    **{
        f"{count} extensions": (
            "too_many_extensions",
            stating(*(extension(f"1.2.{n}", b"") for n in range(count))),
        )
        for count in (41, 200, 1000)
    },
    **{f"extension: {key}": ("bad_extension", stating(value)) for key, value in BAD_EXTENSIONS.items()},
    **{f"signed with {key}": ("weak_signature", issued(value)) for key, value in WEAK_SIGNATURES.items()},
    **{f"signature: {key}": ("signature_mismatch", make) for key, make in mismatches().items()},
    **{
        f"hidden: {key}": ("hidden_characters", subject(part("CN", f"Marie{chr(value)}Dupont")))
        for key, value in HIDDEN.items()
    },
    **{
        f"hidden in {kind}": ("hidden_characters", subject(part("CN", "Marie"), part(kind, "a\u202eb")))
        for kind in ("O", "OU", "L", "GN", "SN", "serialNumber", "title", "pseudonym", "1.2.3.4")
    },
    **{
        f"hidden in the issuer: {key}": (
            "hidden_characters",
            issuer(part("CN", f"Autorit{chr(HIDDEN[key])}é")),
        )
        for key in ("NUL", "new line", "right-to-left override", "zero-width space")
    },
    "hidden in a BMPString": ("hidden_characters", subject(part("CN", "a\u202eb", BMP))),
    "hidden in an UniversalString": ("hidden_characters", subject(part("CN", "a\u202eb", UNIVERSAL))),
    "hidden in a T61String": ("hidden_characters", subject(part("CN", b"a\x85b", T61))),
    "hidden in a name of two values": (
        "hidden_characters",
        lambda: assemble(subject=name([part("CN", "Marie"), part("OU", "a\u200bb")])),
    ),
    "hidden: joiner between Latin letters after Arabic ones": (
        "hidden_characters",
        subject(part("CN", "علی a\u200cb")),
    ),
    **{
        f"look-alike: {key}": ("look_alike_characters", subject(part("CN", value)))
        for key, value in LOOK_ALIKES.items()
    },
    **{
        f"look-alike in {kind}": ("look_alike_characters", subject(part("CN", "Marie"), part(kind, "Mаirie")))
        for kind in ("O", "OU", "L", "GN", "SN", "title")
    },
    "look-alike in the issuer": ("look_alike_characters", issuer(part("CN", "Autоrité"))),
    "look-alike name in a Latin organisation": (
        "look_alike_characters",
        subject(part("O", "Mairie de Lyon"), part("CN", "Сосо")),
    ),
    "name of 257 characters": ("oversized_name", subject(part("CN", "a" * 257))),
    "organisation of 4000 characters": ("oversized_name", subject(part("O", "a" * 4000))),
    "issuer of 1000 characters": ("oversized_name", issuer(part("CN", "é" * 1000))),
    "65 parts": ("oversized_name", subject(*(part("OU", f"n° {n}") for n in range(65)))),
    "65 values of one part": (
        "oversized_name",
        lambda: assemble(subject=name([part("OU", f"n° {n}") for n in range(65)])),
    ),
    "no issuer": ("nameless", lambda: assemble(issuer=name())),
    "no name at all": ("nameless", lambda: assemble(subject=name())),
    **{f"no text: {key}": ("unreadable", subject(value)) for key, value in NO_TEXTS.items()},
    "subject that is no sequence": ("unreadable", lambda: assemble(subject=der.encode(UTF8, b"Marie"))),
    **{
        f"PKITS: {key}": (code, partial(vector, f"x509/PKITS_data/certs/{key}.crt"))
        for key, code in PKITS.items()
    },
    **{f"of others: {key}": (code, partial(vector, f"x509/{key}")) for key, code in OTHERS.items()},
    "signature that is missing": ("unreadable", lambda: unsigned(ECDSA_SHA256)),
    "a fourth element": ("unreadable", lambda: unsigned(ECDSA_SHA256, bits(b"a"), der.NULL)),
    "extensions that are none": ("unreadable", lambda: assemble(extensions=[der.NULL])),
}  # fmt: skip


def unsigned(*elements: bytes) -> bytes:
    body = der.Reader(assemble()).enter(der.SEQUENCE).element(der.SEQUENCE)
    return seq(body, *elements)
