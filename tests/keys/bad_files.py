# SPDX-License-Identifier: EUPL-1.2
"""What is given in place of a certificate: name → (code, maker)."""

import base64
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from importlib import resources

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs7, pkcs12

from keys import der
from tests.keys.assembling import assemble, called, extension, held, part, seq
from tests.keys.making import EC_KEY, NOW, RSA_KEY, make_certificate, pem

Maker = Callable[[], bytes]
VECTORS = resources.files("cryptography_vectors")
PEM, DER = serialization.Encoding.PEM, serialization.Encoding.DER
PKCS8 = serialization.PrivateFormat.PKCS8
FORMS = {"PKCS#8": PKCS8, "traditional": serialization.PrivateFormat.TraditionalOpenSSL}
PASSWORD = BestAvailableEncryption(b"secret")
NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Marie Dupont")])


def vector(path: str) -> bytes:
    """A file of `cryptography-vectors`."""
    return VECTORS.joinpath(path).read_bytes()


def parsed() -> x509.Certificate:
    return x509.load_der_x509_certificate(make_certificate())


def request(key, encoding: serialization.Encoding) -> bytes:
    builder = x509.CertificateSigningRequestBuilder().subject_name(NAME)
    return builder.sign(key, hashes.SHA256()).public_bytes(encoding)


def revocation_list() -> bytes:
    builder = x509.CertificateRevocationListBuilder(NAME, NOW, NOW + timedelta(days=1))
    return builder.sign(RSA_KEY, hashes.SHA256()).public_bytes(DER)


def key_file(encryption: serialization.KeySerializationEncryption) -> bytes:
    return pkcs12.serialize_key_and_certificates(b"x", EC_KEY, parsed(), None, encryption)


def old_encryption(kind: pkcs12.PBES) -> serialization.KeySerializationEncryption:
    builder = serialization.PrivateFormat.PKCS12.encryption_builder()
    return builder.key_cert_algorithm(kind).build(b"secret")


def longer_length(data: bytes, position: int) -> bytes:
    """The length at this position in one byte more than DER allows; what holds it grows, too."""
    return _longer(data, 0, len(data), position)


def _longer(data: bytes, start: int, end: int, position: int) -> bytes:
    rewritten = b""
    reader = der.Reader(data, start, end)
    while (tag := reader.next_tag()) is not None:
        begins = reader.position
        inside = reader.enter(tag)
        holds = begins < position < inside.end and tag & 0x20
        value = (
            _longer(data, inside.position, inside.end, position)
            if holds
            else data[inside.position : inside.end]
        )
        if begins == position:
            octets = len(value).to_bytes(3, "big")
            rewritten += bytes([tag, 0x83]) + octets + value
        else:
            rewritten += der.encode(tag, value)
    return rewritten


def positions(data: bytes) -> dict[str, int]:
    """Where some elements of a certificate begin."""
    whole = der.Reader(data).enter(der.SEQUENCE)
    found = {"whole": 0, "body": whole.position}
    body = whole.enter(der.SEQUENCE)
    for field in ("version", "serial", "algorithm", "issuer", "validity", "subject", "public key"):
        found[field] = body.position
        body.skip()
    return found | {"outer algorithm": whole.position, "first relative name": found["issuer"] + 2}


def indefinite(position: str) -> bytes:
    """The certificate whose outermost elements have no announced length."""
    data = assemble()
    if position == "whole":
        return b"\x30\x80" + data[4:] + b"\x00\x00"
    body = der.Reader(data).enter(der.SEQUENCE)
    inside = der.Reader(data).enter(der.SEQUENCE).enter(der.SEQUENCE)
    value = data[inside.position : inside.end]
    body.skip()
    return seq(b"\x30\x80" + value + b"\x00\x00", data[body.position :])


CERTIFICATE = assemble()
UNREADABLE: dict[str, Maker] = {
    "nothing": lambda: b"",
    "one byte": lambda: b"\x30",
    "zeros": lambda: bytes(1000),
    "text": lambda: b"hello",
    "HTML": lambda: b"<!DOCTYPE html><title>Session expired</title>",
    "JSON": lambda: b'{"kty": "RSA", "e": "AQAB"}',
    "PNG": lambda: b"\x89PNG\r\n\x1a\n" + bytes(100),
    "PDF": lambda: b"%PDF-1.7\n",
    "ZIP": lambda: b"PK\x03\x04" + bytes(100),
    "Base64 without its lines": lambda: base64.b64encode(CERTIFICATE),
    "PEM in UTF-16": lambda: pem(CERTIFICATE).decode().encode("utf-16"),
    "PEM that is not Base64": lambda: pem(CERTIFICATE).replace(b"M", b"!"),
    "PEM without its end": lambda: pem(CERTIFICATE).partition(b"-----END")[0],
    "PEM without its beginning": lambda: pem(CERTIFICATE).partition(b"CERTIFICATE-----")[2],
    "PEM that holds nothing": lambda: pem(b""),
    "PEM that ends before it begins": lambda: b"-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----",
    "PEM of something else": lambda: pem(b"hello"),
    "PEM of a public key": lambda: pem(held("p-256"), "PUBLIC KEY"),
    "PEM of a revocation list": lambda: pem(revocation_list(), "X509 CRL"),
    "PEM of parameters": lambda: pem(b"\x06\x08*\x86H\xce=\x03\x01\x07", "EC PARAMETERS"),
    "public key, RSA": lambda: held("rsa-2048"),
    "public key, P-256": lambda: held("p-256"),
    "public key, SSH": lambda: EC_KEY.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    ),
    "revocation list": revocation_list,
    "elements within one another, closed": lambda: nested(100),
    "empty sequence": seq,
    "sequence of sequences": lambda: seq(seq(), seq(), b"\x03\x01\x00"),
    **{
        f"cut at {share} tenths": partial(lambda share: CERTIFICATE[: len(CERTIFICATE) * share // 10], share)
        for share in range(1, 10)
    },
    "cut by one byte": lambda: CERTIFICATE[:-1],
    "without its signature": lambda: seq(der.Reader(CERTIFICATE).enter(der.SEQUENCE).element(0x30)),
    "signed body alone": lambda: der.Reader(CERTIFICATE).enter(der.SEQUENCE).element(0x30),
}  # fmt: skip


def nested(depth: int) -> bytes:
    data = b""
    for _ in range(depth):
        data = seq(data)
    return data


BUNDLES: dict[str, Maker] = {
    "DER": lambda: pkcs7.serialize_certificates([parsed()], DER),
    "PEM": lambda: pkcs7.serialize_certificates([parsed()], PEM),
    "PEM, as CMS": lambda: pkcs7.serialize_certificates([parsed()], PEM).replace(b"PKCS7", b"CMS"),
    "of an authority, DER": lambda: vector("pkcs7/amazon-roots.der"),
    "of an authority, PEM": lambda: vector("pkcs7/amazon-roots.p7b"),
    "of an authority, PEM too": lambda: vector("pkcs7/isrg.pem"),
}
REQUESTS: dict[str, Maker] = {
    "RSA, DER": lambda: request(RSA_KEY, DER),
    "RSA, PEM": lambda: request(RSA_KEY, PEM),
    "P-256, DER": lambda: request(EC_KEY, DER),
    "P-256, PEM": lambda: request(EC_KEY, PEM),
    "P-256, PEM of old": lambda: request(EC_KEY, PEM).replace(b"CERTIFICATE R", b"NEW CERTIFICATE R"),
    **{
        f"of others: {path}": partial(vector, f"x509/requests/{path}")
        for path in ("rsa_sha256.pem", "rsa_md4.der", "san_rsa_sha1.der", "ec_sha256.pem", "challenge.pem")
    },
}  # fmt: skip
PRIVATE_KEYS: dict[str, Maker] = {
    **{
        f"{name}, {label}, {coding}": partial(
            key.private_bytes, encoding, form, serialization.NoEncryption()
        )
        for name, key in {"RSA": RSA_KEY, "P-256": EC_KEY}.items()
        for label, form in FORMS.items()
        for coding, encoding in {"DER": DER, "PEM": PEM}.items()
    },
    **{
        f"{name}, encrypted, {coding}": partial(key.private_bytes, encoding, PKCS8, PASSWORD)
        for name, key in {"RSA": RSA_KEY, "P-256": EC_KEY}.items()
        for coding, encoding in {"DER": DER, "PEM": PEM}.items()
    },
    "OpenSSH": lambda: EC_KEY.private_bytes(
        PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    ),
    "PGP": lambda: b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nxVgE\n",
    "after its certificate": lambda: pem(CERTIFICATE) + pem(b"anything", "PRIVATE KEY"),
    "before its certificate": lambda: pem(b"anything", "EC PRIVATE KEY") + pem(CERTIFICATE),
    "PKCS#12": lambda: key_file(PASSWORD),
    "PKCS#12, without a password": lambda: key_file(serialization.NoEncryption()),
    "PKCS#12, 3DES": lambda: key_file(old_encryption(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)),
    "PKCS#12, BER": lambda: b"\x30\x80\x02\x01\x03\x30\x80",
    "Java key store": lambda: b"\xfe\xed\xfe\xed\x00\x00\x00\x02" + bytes(100),
    "Java key store, JCEKS": lambda: b"\xce\xce\xce\xce\x00\x00\x00\x02" + bytes(100),
    **{
        f"of others: {path}": partial(vector, path)
        for path in (
            "asymmetric/PKCS8/enc-rsa-pkcs8.pem",
            "asymmetric/PKCS8/ed25519-scrypt.pem",
            "asymmetric/PKCS8/unenc-dsa-pkcs8.pem",
            "pkcs12/cert-rc2-key-3des.p12",
            "pkcs12/cert-none-key-none.p12",
            "pkcs12/no-cert-key-aes256cbc.p12",
            "pkcs12/java-truststore.p12",
        )
    },
}


def padded(size: int) -> bytes:
    return assemble(extensions=[extension("1.2.3.4", bytes(size))])


CASES: dict[str, tuple[str, Maker]] = {
    **{f"no certificate: {key}": ("unreadable", make) for key, make in UNREADABLE.items()},
    **{f"bundle: {key}": ("certificate_bundle", make) for key, make in BUNDLES.items()},
    **{f"request: {key}": ("certificate_request", make) for key, make in REQUESTS.items()},
    **{f"private key: {key}": ("private_key", make) for key, make in PRIVATE_KEYS.items()},
    "followed by a zero": ("trailing_data", lambda: CERTIFICATE + b"\x00"),
    "followed by a line's end": ("trailing_data", lambda: CERTIFICATE + b"\r\n"),
    "followed by another": ("trailing_data", lambda: CERTIFICATE + CERTIFICATE),
    "followed by a zero, PEM": ("trailing_data", lambda: pem(CERTIFICATE + b"\x00")),
    "followed by a program": ("trailing_data", lambda: CERTIFICATE + b"MZ\x90" + bytes(5000)),
    "two": ("several_certificates", lambda: pem(CERTIFICATE) * 2),
    "with its authority's": (
        "several_certificates",
        lambda: pem(CERTIFICATE) + vector("x509/letsencryptx3.pem"),
    ),
    "two labels": (
        "several_certificates",
        lambda: pem(CERTIFICATE) + pem(CERTIFICATE, "X509 CERTIFICATE"),
    ),
    "a chain": ("several_certificates", lambda: vector("x509/cryptography.io.chain.pem")),
    "a hundred thousand beginnings": (
        "several_certificates",
        lambda: b"-----BEGIN CERTIFICATE-----" * 100_000,
    ),
    "extension of 16 KiB": ("too_large", lambda: padded(16 * 1024)),
    "extension of 60 KiB": ("too_large", lambda: padded(60 * 1024)),
    "extension of 60 KiB, PEM": ("too_large", lambda: pem(padded(60 * 1024))),
    "name of a million letters": ("too_large", lambda: assemble(subject=called("a" * 1_000_000))),
    "ten thousand extensions": (
        "too_large",
        lambda: assemble(extensions=[extension(f"1.2.{n}", b"") for n in range(10_000)]),
    ),
    "ten thousand parts": (
        "too_large",
        lambda: assemble(subject=seq(*[der.set_of([part("OU", "x")])] * 10_000)),
    ),
    **{
        f"BER: length of the {field}": (
            "not_der",
            partial(longer_length, CERTIFICATE, position),
        )
        for field, position in positions(CERTIFICATE).items()
    },
    "BER: elements within one another": ("not_der", lambda: b"\x30\x80" * 2000),
    "BER: no length": ("not_der", partial(indefinite, "whole")),
    "BER: no length in the body": ("not_der", partial(indefinite, "body")),
}
