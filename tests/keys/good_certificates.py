# SPDX-License-Identifier: EUPL-1.2
"""Certificates that are accepted, some with a warning: name → (codes of the warnings, maker)."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from keys import der
from tests.keys.assembling import (
    BMP,
    IA5,
    NUMERIC,
    PRINTABLE,
    T61,
    UNIVERSAL,
    UTF8,
    algorithm,
    assemble,
    bits,
    called,
    constraints,
    ec_public_key,
    extension,
    held,
    integer,
    key_usage,
    moment,
    name,
    octets,
    oid,
    part,
    purposes,
    rsa_public_key,
    seq,
    years,
)
from tests.keys.bad_files import vector
from tests.keys.making import NOW, pem
from tests.keys.weak_moduli import sound_looking
from tools import vector_keys

Maker = Callable[[], bytes]
SECOND = timedelta(seconds=1)
AUTHORITY = name(part("C", "FR", PRINTABLE), part("O", "Autorité"), part("CN", "AC Chiffrement"))
EMAIL, FILES, DOCUMENTS, ANY = (
    "1.3.6.1.5.5.7.3.4", "1.3.6.1.4.1.311.10.3.4", "1.3.6.1.4.1.311.80.1", "2.5.29.37.0",
)  # fmt: skip
URL = der.encode(0xA0, der.encode(0xA0, der.encode(0x86, b"http://crl.example.fr/ac.crl")))
RGS_NAME = name(
    part("C", "FR", PRINTABLE), part("O", "Commune de Saint-Étienne-du-Rouvray"),
    part("OU", "0002 21760575200010"), part("organizationIdentifier", "NTRFR-217605752"),
    part("CN", "Éloïse d’HÉROUVILLE"), part("SN", "d’Hérouville"), part("GN", "Éloïse"),
    part("serialNumber", "S2110045", PRINTABLE), part("email", "e.dherouville@mairie.example.fr", IA5),
)  # fmt: skip


def with_key(make: Callable[[], bytes]) -> Maker:
    return lambda: assemble(key=make())


def stating(*extensions: bytes, key: str = "rsa-3072") -> Maker:
    return lambda: assemble(key=held(key), extensions=extensions)


def named(*parts: bytes) -> Maker:
    return lambda: assemble(subject=name(*parts))


def lasting(first: bytes, last: bytes) -> Maker:
    return lambda: assemble(validity=seq(first, last))


def self_signed(signature: bytes) -> Maker:
    return lambda: assemble(signature=signature)


def issued(signature: bytes) -> Maker:
    return lambda: assemble(signature=signature, issuer=AUTHORITY)


def compressed(key_name: str) -> bytes:
    key = vector_keys.load(key_name)[1]
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    return ec_public_key("1.2.840.10045.3.1.7", point)


def qualified(key: str = "rsa-3072", *, directory: bytes = b"") -> bytes:
    """What the French trust service providers issue for encryption."""
    statement = seq(oid("0.4.0.1862.1.1")), seq(oid("0.4.0.1862.1.4"))
    identifier = der.encode(0x80, b"\x01" * 20)
    if directory:
        named_by = der.encode(0xA1, der.encode(0xA4, directory)), der.encode(0x82, b"\x2a")
        identifier += b"".join(named_by)
    address = der.encode(0x86, b"http://ocsp.example.fr")
    usage = "key_agreement" if key.startswith("p-") else "key_encipherment"
    return assemble(
        key=held(key),
        subject=RGS_NAME,
        issuer=AUTHORITY,
        serial=integer(0x112117D2A0B1C2D3E4F5061728394A5B6C7D),
        signature=algorithm("1.2.840.113549.1.1.11"),
        validity=years(2025, 2028),
        extensions=[
            extension("2.5.29.35", seq(identifier)),
            extension("2.5.29.14", octets(b"\x02" * 20)),
            key_usage(usage, "data_encipherment"),
            purposes(EMAIL, FILES),
            extension("2.5.29.32", seq(seq(oid("1.2.250.1.177.2.6.1.12.1")))),
            extension("2.5.29.31", seq(seq(URL))),
            extension("1.3.6.1.5.5.7.1.1", seq(seq(oid("1.3.6.1.5.5.7.48.1"), address))),
            extension("1.3.6.1.5.5.7.1.3", seq(*statement)),
            extension("2.5.29.17", seq(der.encode(0x81, b"e.dherouville@mairie.example.fr"))),
            extension("2.16.840.1.113730.1.1", der.encode(der.BIT_STRING, b"\x05\x20")),
            extension("1.2.840.113549.1.9.15", seq(seq(oid("2.16.840.1.101.3.4.1.42")))),
        ],
    )


PSS_SHA256 = algorithm(
    "1.2.840.113549.1.1.10",
    seq(
        der.encode(0xA0, algorithm("2.16.840.1.101.3.4.2.1")),
        der.encode(0xA1, algorithm("1.2.840.113549.1.1.8", algorithm("2.16.840.1.101.3.4.2.1"))),
        der.encode(0xA2, integer(32)),
    ),
)
NAMES = {
    "accents": "Éloïse Çağla Ægir Œuvrard Ñandú", "apostrophes": "Anne-Lise O’Brien d'Arc",
    "Turkish": "Işıl Gökçe", "Vietnamese": "Nguyễn Thị Hồng", "accents apart": "E\u0301loi\u0308se",
    "Polish": "Łucja Żółć", "Cyrillic": "Мария Иванова", "Cyrillic that looks Latin": "Сара Рау",
    "Ukrainian": "Олена Їжакевич", "Greek": "Μαρία Παπαδοπούλου", "Greek capitals": "ΜΑΡΙΑ ΚΟΤΖΙΑ",
    "Armenian": "Անահիտ Պետրոսյան", "Georgian": "თამარ ბერიძე", "Hebrew": "מרים כהן", "Arabic": "مريم العلوي",
    "Persian": "علی\u200cرضا", "Hindi": "मारिया शर्मा", "Hindi, joined": "क्\u200dष", "Tamil": "மாரியா",
    "Thai": "มาเรีย", "Chinese": "李明", "Chinese and Latin": "李明 (Ming Li)", "Korean": "김민수",
    "Japanese": "髙橋 みどり サービス部", "Japanese and Latin": "ＮＴＴ東日本 Tokyo", "Ethiopic": "ማርያም",
    "words of two alphabets": "Мария Dupont", "a Cyrillic firm": "ООО «Ромашка»",
    "superscripts": "1ᵉʳ bureau, nº 2",
    "signs": "R&D + Co, «\u00a0Étude\u00a0» — 50 % #1", "unit": "µ-ondes", "trade mark": "Sigille™",
    "HTML": "<script>alert(1)</script>", "formula": "=HYPERLINK(1)", "emoji": "Service 🦉",
    "path": "../../etc/passwd",
    "256 characters": "é" * 256, "spaces": "  Marie  ", "nothing": "", "digits": "0002 21760575200010",
    "quotes": 'Marie "la juste", dite \\ Marie', "ligature": "ﬁnances",
}  # fmt: skip
PKITS = (  # NIST's, of RSA-2048, until the end of 2030
    "AllCertificatesNoPoliciesTest2EE", "AnyPolicyTest14EE", "CPSPointerQualifierTest20EE",
    "UserNoticeQualifierTest15EE", "ValidCertificatePathTest1EE", "ValidLongSerialNumberTest16EE",
    "ValidNameUIDsTest6EE", "ValidRFC3280MandatoryAttributeTypesTest7EE",
    "ValidRFC3280OptionalAttributeTypesTest8EE", "ValidUTF8StringEncodedNamesTest9EE",
    "ValidUnknownNotCriticalCertificateExtensionTest1EE", "ValidRFC822nameConstraintsTest21EE",
)  # fmt: skip
SELF_MADE = {
    "rsa-2048": ("long_validity", "small_modulus"), "rsa-3072": ("long_validity",),
    "rsa-4096": ("long_validity",), "p-256": ("long_validity",), "p-384": ("long_validity",),
}  # fmt: skip
ALL_USAGES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
)  # fmt: skip
ANY_POLICY = seq(seq(oid("2.5.29.32.0")))


def made(key: str) -> Maker:
    return (vector_keys.FOLDER / f"{key}.crt").read_bytes


def small_until(year: int, month: int, day: int) -> Maker:
    last = moment(NOW.replace(year, month, day))
    return lambda: assemble(key=held("rsa-2048"), validity=seq(moment(NOW), last))


CASES: dict[str, tuple[tuple[str, ...], Maker]] = {
    "as small as can be": ((), assemble),
    **{f"key {key}": (warnings, made(key)) for key, warnings in SELF_MADE.items()},
    "RSA-2048 until 2030": ((), small_until(2030, 12, 31)),
    "RSA-2048 beyond 2030": (("small_modulus",), small_until(2031, 1, 1)),
    **{f"RSA-{bits}": ((), with_key(partial(lambda bits: rsa_public_key(sound_looking(bits)), bits)))
       for bits in (2048, 2056, 2432, 3000, 6144, 8192)},
    **{f"exponent {value}": ((), with_key(partial(rsa_public_key, sound_looking(3072), value)))
       for value in (65539, 2**32 + 1, 2**256 - 1)},
    "exponent of 64 bits, with RSA-4096": (
        (), with_key(lambda: rsa_public_key(sound_looking(4096), 2**64 - 1))
    ),
    "point compressed": ((), with_key(lambda: compressed("p-256"))),
    "no extensions": ((), lambda: assemble(key=held("rsa-3072"), extensions=None)),
    "not an authority": ((), stating(constraints())),
    "not an authority, not critical": ((), stating(constraints(critical=False))),
    "usage: encryption": ((), stating(key_usage("key_encipherment"))),
    "usage: encryption, not critical": ((), stating(key_usage("key_encipherment", critical=False))),
    "usage: everything but authority": ((), stating(key_usage(*ALL_USAGES))),
    "usage: agreement": ((), stating(key_usage("key_agreement"), key="p-256")),
    "usage: agreement of P-384": ((), stating(key_usage("key_agreement", "digital_signature"), key="p-384")),
    "usage: agreement, to encipher": ((), stating(key_usage("key_agreement", "encipher_only"), key="p-256")),
    "purpose: e-mail": ((), stating(purposes(EMAIL))),
    "purpose: any, critical": ((), stating(purposes(ANY, critical=True))),
    "purpose: files": ((), stating(purposes(FILES))),
    "purpose: documents": ((), stating(purposes(DOCUMENTS))),
    "purpose: clients and e-mail": ((), stating(purposes("1.3.6.1.5.5.7.3.2", EMAIL))),
    "critical policies": ((), stating(extension("2.5.29.32", ANY_POLICY, critical=True))),
    "unknown extension": ((), stating(extension("1.2.3.4", b"anything"))),
    "forty extensions": ((), stating(*(extension(f"1.2.{n}", b"") for n in range(40)))),
    "alternative name of X.400": ((), lambda: vectored_alternative_name(0xA3)),
    "alternative name of EDI": ((), lambda: vectored_alternative_name(0xA5)),
    "alternative name in Latin-1": ((), stating(extension("2.5.29.17", seq(der.encode(0x81, b"\xe9@x.fr"))))),
    "principal name": ((), stating(extension("2.5.29.17", seq(der.encode(
        0xA0, oid("1.3.6.1.4.1.311.20.2.3"), der.encode(0xA0, der.encode(UTF8, b"marie@ad.example.fr"))
    ))))),
    "critical alternative name, no subject": ((), lambda: assemble(
        key=held("rsa-3072"), subject=name(), issuer=AUTHORITY,
        extensions=[extension("2.5.29.17", seq(der.encode(0x81, b"m@x.fr")), critical=True)],
    )),
    "unique identifiers": ((), lambda: assemble(
        identifiers=der.encode(0x81, b"\x00a") + der.encode(0x82, b"\x00b")
    )),
    "qualified, RSA": ((), qualified),
    "qualified, RSA-4096": ((), lambda: qualified("rsa-4096")),
    "qualified, P-256": ((), lambda: qualified("p-256")),
    "qualified, issuer named in T.61": ((), lambda: qualified(directory=called("Autorité", T61))),
    **{f"name: {key}": ((), named(part("CN", value))) for key, value in NAMES.items()},
    "name of 40 parts": ((), named(*(part("OU", f"Service n° {n}") for n in range(40)))),
    "name of several values": ((), lambda: assemble(
        subject=name(part("C", "FR"), [part("CN", "Marie"), part("UID", "m"), part("email", "m@x.fr", IA5)])
    )),
    "name of components": ((), named(part("DC", "fr", IA5), part("DC", "example", IA5), part("CN", "Marie"))),
    "name with a bit string": ((), named(
        part("CN", "Marie"), seq(oid("2.5.4.45"), der.encode(der.BIT_STRING, b"\x00abc"))
    )),
    "country of twelve letters": ((), named(part("C", "France métro"), part("CN", "Marie"))),
    "T61String": ((), named(part("CN", "Marie Dupont", T61))),
    "T61String with accents": ((), named(part("CN", "Éloïse Hérouville", T61))),
    "BMPString": ((), named(part("CN", "Éloïse Hérouville", BMP))),
    "BMPString beyond its plane": ((), named(part("CN", "Service 🦉", BMP))),
    "UniversalString": ((), named(part("CN", "Éloïse", UNIVERSAL))),
    "NumericString": ((), named(part("CN", "Marie"), part("serialNumber", "0123 456", NUMERIC))),
    "PrintableString": ((), named(part("CN", "Marie Dupont", PRINTABLE))),
    "issuer in Greek, subject in Latin": ((), lambda: assemble(issuer=called("Αρχή Πιστοποίησης"))),
    "begins now": ((), lasting(moment(NOW), moment(NOW + timedelta(days=730)))),
    "ends now": ((), lasting(moment(NOW - timedelta(days=730)), moment(NOW))),
    "five years": ((), lasting(moment(NOW), moment(NOW + timedelta(days=5 * 366)))),
    "five years and a second": (
        ("long_validity",), lasting(moment(NOW), moment(NOW + timedelta(days=5 * 366, seconds=1)))
    ),
    "ten years": (("long_validity",), lambda: assemble(validity=years(2025, 2035))),
    "until 2039, as makecert wrote": (
        ("long_validity",), lasting(moment(NOW.replace(2012)), der.encode(0x17, b"391231235959Z"))
    ),
    "beyond 2050": (("long_validity",), lambda: assemble(validity=years(2025, 2054))),
    "thirty years": (("long_validity",), lasting(moment(NOW), moment(NOW + timedelta(days=30 * 366)))),
    "self-signed with SHA-1": (("weak_self_signature",), self_signed(algorithm("1.2.840.113549.1.1.5"))),
    "self-signed with MD5": (("weak_self_signature",), self_signed(algorithm("1.2.840.113549.1.1.4"))),
    "self-signed, SHA-1, EC": (("weak_self_signature",), self_signed(algorithm("1.2.840.10045.4.1", b""))),
    "issued with SHA-384": ((), issued(algorithm("1.2.840.10045.4.3.3", b""))),
    "issued with SHA-512": ((), issued(algorithm("1.2.840.113549.1.1.13"))),
    "issued with SHA-224": ((), issued(algorithm("1.2.840.113549.1.1.14"))),
    "issued with PSS": ((), issued(PSS_SHA256)),
    "issued with Ed25519": ((), issued(algorithm("1.3.101.112", b""))),
    "issued with ML-DSA": ((), issued(algorithm("2.16.840.1.101.3.4.3.18", b""))),
    "serial of 20 bytes": ((), lambda: assemble(serial=der.encode(der.INTEGER, b"\x7f" * 20))),
    "PEM": ((), lambda: pem(assemble())),
    "PEM, Windows": ((), lambda: pem(assemble()).replace(b"\n", b"\r\n")),
    "PEM, with a mark": ((), lambda: b"\xef\xbb\xbf" + pem(assemble())),
    "PEM, old label": ((), lambda: pem(assemble(), "X509 CERTIFICATE")),
    "PEM, after a text": ((), lambda: b"Bag Attributes\n    friendlyName: Marie\n" + pem(assemble())),
    "PEM, before a text": ((), lambda: pem(assemble()) + b"\nbest regards\n"),
    "PEM, one line": ((), lambda: pem(assemble()).replace(b"\n", b"").replace(b"-----M", b"-----\nM")),
    **{f"PKITS: {key}": (("long_validity",), partial(vector, f"x509/PKITS_data/certs/{key}.crt"))
       for key in PKITS},
}  # fmt: skip


def vectored_alternative_name(tag: int) -> bytes:
    """A kind of name that the library does not read."""
    return assemble(
        key=held("rsa-3072"), extensions=[extension("2.5.29.17", seq(der.encode(tag, bits(b"x"))))]
    )
