# SPDX-License-Identifier: EUPL-1.2
import hashlib
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from hypothesis import given
from hypothesis import strategies as st

from keys import der
from keys.certificates import CertificateRefused, assess, read_certificate
from tests.keys.making import EC_KEY, NOW, RSA_KEY, YEAR, make_certificate, pem, usage, with_rsa_key
from tests.keys.weak_moduli import sound_looking
from tools import vector_keys

SECOND = timedelta(seconds=1)


def codes(data, now=NOW):
    return [finding.code for finding in assess(data, now=now).refusals]


def patched(data, before, after):
    """The same certificate with a piece replaced by one as long; the signature is not looked at."""
    assert data.count(before) >= 1
    assert len(before) == len(after)
    return data.replace(before, after)


@pytest.mark.parametrize(
    ("name", "algorithm"),
    [
        ("rsa-2048", "RSA-2048"),
        ("rsa-3072", "RSA-3072"),
        ("rsa-4096", "RSA-4096"),
        ("p-256", "P-256"),
        ("p-384", "P-384"),
    ],
)
def test_assess_accepts_our_own_kinds_of_keys(name, algorithm):
    data = (vector_keys.FOLDER / f"{name}.crt").read_bytes()

    assessment = assess(data, now=NOW)

    assert assessment.accepted
    assert assessment.certificate
    assert assessment.certificate.algorithm == algorithm
    assert assessment.certificate.common_name == name


def test_read_certificate_gives_its_facts():
    data = make_certificate(serial=77, issuer="Autorité")

    certificate = read_certificate(data)

    assert certificate.der == data
    assert certificate.sha256 == hashlib.sha256(data).hexdigest()
    assert certificate.common_name == "Marie Dupont"
    assert [attribute.text for attribute in certificate.issuer] == ["Autorité"]
    assert certificate.serial == 77
    assert (certificate.not_before, certificate.not_after) == (NOW - YEAR, NOW + YEAR)
    assert certificate.algorithm == "P-256"


def test_issuer_and_serial_are_the_bytes_of_the_certificate():
    utf8, printable = b"\x0c\x06Issuer", b"\x13\x06Issuer"
    data = patched(make_certificate(serial=77, issuer="Issuer"), utf8, printable)

    names = read_certificate(data).issuer_and_serial

    attribute = der.encode(der.SEQUENCE, bytes.fromhex("0603550403"), printable)
    issuer = der.encode(der.SEQUENCE, der.encode(der.SET, attribute))
    assert names == der.encode(der.SEQUENCE, issuer, der.encode(der.INTEGER, b"\x4d"))


def test_read_certificate_reads_pem_as_der():
    data = make_certificate()

    assert read_certificate(b"Subject: Marie\n" + pem(data)) == read_certificate(data)
    assert read_certificate(pem(data).replace(b"\n", b"\r\n")) == read_certificate(data)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "unreadable"),
        (b"hello", "unreadable"),
        (b"\x30", "unreadable"),
        (b"\x30\x80" + make_certificate()[4:] + b"\x00\x00", "not_der"),
        (make_certificate()[:-1], "unreadable"),
        (make_certificate() + b"\x00", "trailing_data"),
        (make_certificate() + make_certificate(), "trailing_data"),
        (pem(make_certificate() + b"\x00"), "trailing_data"),
        (pem(make_certificate()) * 2, "several_certificates"),
        (b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----", "unreadable"),
        (make_certificate(common_name="a" * 64, issuer="b" * 64) + bytes(16 * 1024), "too_large"),
    ],
)
def test_assess_refuses_what_is_not_one_certificate(data, code):
    assert codes(data) == [code]


def private_keys():
    forms = [
        (serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()),
        (serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
        (serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"secret")),
    ]
    for key in (EC_KEY, RSA_KEY):
        for encoding in (serialization.Encoding.DER, serialization.Encoding.PEM):
            for form, encryption in forms:
                yield key.private_bytes(encoding, form, encryption)
    certificate = x509.load_der_x509_certificate(make_certificate())
    yield pkcs12.serialize_key_and_certificates(
        b"x", EC_KEY, certificate, None, serialization.BestAvailableEncryption(b"secret")
    )
    yield pem(make_certificate()) + pem(b"anything", "PRIVATE KEY")
    yield b"\x30\x80\x02\x01\x03\x30\x80"  # the beginning of a PKCS#12 file in BER


@pytest.mark.parametrize("data", list(private_keys()))
def test_assess_says_that_a_private_key_was_given(data):
    assert codes(data) == ["private_key"]


@pytest.fixture(scope="module")
def modulus():
    numbers = RSA_KEY.public_key().public_numbers()
    assert isinstance(numbers, rsa.RSAPublicNumbers)
    return numbers.n


@pytest.mark.parametrize(
    ("bits", "code"),
    [(1024, "rsa_size"), (2047, "rsa_size"), (2048, None), (8192, None), (8193, "rsa_size")],
)
def test_assess_bounds_the_modulus(bits, code):
    data = with_rsa_key(sound_looking(bits), 65537)

    assert codes(data) == ([code] if code else [])


@pytest.mark.parametrize(
    ("exponent", "expected"),
    [
        (3, ["rsa_exponent"]),
        (65535, ["rsa_exponent"]),
        (65537, []),
        (65539, []),
        (2**256 - 1, []),
        (2**256 + 1, ["rsa_exponent"]),
        (65538, ["rsa_exponent"]),
        (1, ["rsa_exponent"]),
    ],
)
def test_assess_bounds_the_exponent(modulus, exponent, expected):
    assert codes(with_rsa_key(modulus, exponent)) == expected


def test_assess_refuses_an_even_modulus(modulus):
    assert codes(with_rsa_key(modulus + 1, 65537)) == ["even_modulus"]


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (ed25519.Ed25519PrivateKey.generate(), "unsupported_algorithm"),
        (ec.generate_private_key(ec.SECP521R1()), "unsupported_curve"),
        (ec.generate_private_key(ec.SECP256K1()), "unsupported_curve"),
    ],
    ids=["Ed25519", "P-521", "secp256k1"],
)
def test_assess_refuses_other_algorithms(key, code):
    assert codes(make_certificate(key)) == [code]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (NOW - YEAR - SECOND, ["not_yet_valid"]),
        (NOW - YEAR, []),
        (NOW + YEAR, []),
        (NOW + YEAR + SECOND, ["expired"]),
    ],
)
def test_assess_compares_the_validity_with_now(now, expected):
    assert codes(make_certificate(), now) == expected


def test_assess_refuses_a_validity_that_ends_before_it_begins():
    data = make_certificate(not_before=NOW - YEAR, not_after=NOW + YEAR)
    data = patched(data, b"\x17\x0d250601120000Z", b"\x17\x0d280601120000Z")

    assert codes(data) == ["validity_reversed"]


def test_assess_warns_of_a_long_validity():
    long = make_certificate(not_before=NOW - YEAR, not_after=NOW + 5 * YEAR)
    usual = make_certificate(not_before=NOW - YEAR, not_after=NOW + 4 * YEAR)

    assert [finding.code for finding in assess(long, now=NOW).warnings] == ["long_validity"]
    assert assess(usual, now=NOW).warnings == ()


@pytest.mark.parametrize(
    ("key", "names", "expected"),
    [
        (RSA_KEY, ["key_encipherment"], []),
        (RSA_KEY, ["key_agreement", "digital_signature"], ["key_usage"]),
        (EC_KEY, ["key_agreement"], []),
        (EC_KEY, ["key_encipherment"], ["key_usage"]),
    ],
)
def test_assess_wants_a_key_usage_that_allows_sealing(key, names, expected):
    data = make_certificate(key, extensions=[(usage(*names), True)])

    assert codes(data) == expected


@pytest.mark.parametrize(("ca", "expected"), [(True, ["ca_certificate"]), (False, [])])
def test_assess_refuses_a_certification_authority(ca, expected):
    constraints = x509.BasicConstraints(ca=ca, path_length=None)

    assert codes(make_certificate(extensions=[(constraints, True)])) == expected


@pytest.mark.parametrize(
    ("critical", "expected"), [(True, ["unknown_critical_extension"]), (False, [])]
)
def test_assess_refuses_a_critical_extension_that_it_does_not_know(critical, expected):
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")

    assert codes(make_certificate(extensions=[(unknown, critical)])) == expected


def test_assess_refuses_an_extension_that_comes_twice():
    first, second = (
        x509.UnrecognizedExtension(x509.ObjectIdentifier(f"1.2.3.{n}"), b"\x05\x00") for n in (4, 5)
    )
    data = make_certificate(extensions=[(first, False), (second, False)])
    data = patched(data, bytes.fromhex("06032a0305"), bytes.fromhex("06032a0304"))

    assert codes(data) == ["duplicate_extension"]


@pytest.mark.parametrize(
    "character", ["\x00", "\n", "\x85", "\u200b", "\u202e", "\u2066", "\ufeff", "\u2028", "\xad"]
)
@pytest.mark.parametrize("member", ["common_name", "issuer"])
def test_assess_refuses_hidden_characters_in_names(character, member):
    data = make_certificate(**{member: f"Marie{character}Dupont"})

    assert codes(data) == ["hidden_characters"]


@pytest.mark.parametrize(
    "name", ["Éloïse d’Hérouville-Çağ", "<b>Marie</b>", "=1+1", "李明", "Мария"]
)
def test_assess_accepts_names_that_are_only_to_be_escaped(name):
    assessment = assess(make_certificate(common_name=name), now=NOW)

    assert assessment.accepted
    assert assessment.certificate
    assert assessment.certificate.common_name == name


def test_assess_gives_every_reason_at_once():
    data = make_certificate(
        EC_KEY,
        common_name="Marie\n",
        not_after=NOW - SECOND,
        extensions=[(usage("crl_sign"), True)],
    )

    assert codes(data) == ["expired", "key_usage", "hidden_characters"]


@pytest.mark.parametrize("serial", [b"\x00", b"\xff"], ids=["zero", "negative"])
def test_assess_refuses_a_serial_number_that_names_nothing(serial):
    data = make_certificate(serial=0x4D)
    data = patched(
        data, b"\xa0\x03\x02\x01\x02\x02\x01\x4d", b"\xa0\x03\x02\x01\x02\x02\x01" + serial
    )

    assert codes(data) == ["bad_serial"]


@given(st.binary(max_size=300))
def test_assess_never_fails_on_noise(data):
    assessment = assess(data, now=NOW)

    assert not assessment.accepted


CERTIFICATE = make_certificate(extensions=[(usage("key_agreement"), True)])


@given(position=st.integers(0, len(CERTIFICATE) - 1), octet=st.integers(0, 255))
def test_read_certificate_reads_or_refuses_whatever_was_altered(position, octet):
    data = bytearray(CERTIFICATE)
    data[position] = octet

    try:
        certificate = read_certificate(bytes(data))
    except CertificateRefused:
        return

    assert certificate.der == bytes(data)
