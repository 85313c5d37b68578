# SPDX-License-Identifier: EUPL-1.2
"""What `cryptography` makes of key files, and the files of its vectors, for the tests of the scripts.

pkcs12_peer.py write NAME PASSWORD SCHEME   NAME.key and NAME.pem become python.p12
pkcs12_peer.py read FILE PASSWORD           FILE becomes back.pkcs8 and back.der
pkcs12_peer.py vectors                      prints each file with what the library has of it
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import cryptography_vectors
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)

VECTORS = Path(cryptography_vectors.__file__).parent / "pkcs12"
PASSWORDS = ["cryptography", "password", ""]  # of the vectors; which is whose, they do not say
OURS = (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey)


def write(name: str, password: str, scheme: str) -> None:
    key = load_pem_private_key(Path(f"{name}.key").read_bytes(), None)
    if not isinstance(key, OURS):
        raise TypeError("a key of another kind")
    certificate = x509.load_pem_x509_certificate(Path(f"{name}.pem").read_bytes())
    data = pkcs12.serialize_key_and_certificates(
        name.encode(), key, certificate, None, encryption_of(scheme, password.encode())
    )
    Path("python.p12").write_bytes(data)


def encryption_of(scheme: str, password: bytes) -> KeySerializationEncryption:
    if scheme == "best":
        return BestAvailableEncryption(password)
    builder = PrivateFormat.PKCS12.encryption_builder().kdf_rounds(2048)
    return builder.key_cert_algorithm(pkcs12.PBES[scheme]).build(password)


def read(file: str, password: str) -> None:
    key, certificate, _ = pkcs12.load_key_and_certificates(
        Path(file).read_bytes(), password.encode()
    )
    if key is None or certificate is None:
        raise ValueError("no key or no certificate")
    Path("back.pkcs8").write_bytes(pkcs8_of(key))
    Path("back.der").write_bytes(certificate.public_bytes(Encoding.DER))


def pkcs8_of(key: PrivateKeyTypes) -> bytes:
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def vectors() -> Iterator[dict[str, object]]:
    for path in sorted(VECTORS.glob("*.p12")):
        data = path.read_bytes()
        for password in PASSWORDS:
            try:
                key, certificate, _ = pkcs12.load_key_and_certificates(
                    data, password.encode() or None
                )
            except ValueError:
                continue  # another password
            yield {
                "name": path.name,
                "file": data.hex(),
                "password": password,
                "key": key and pkcs8_of(key).hex(),
                "isOurs": isinstance(key, OURS),
                "certificate": certificate and certificate.public_bytes(Encoding.DER).hex(),
            }
            break


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["write", name, password, scheme]:
            write(name, password, scheme)
        case ["read", file, password]:
            read(file, password)
        case ["vectors"]:
            print(json.dumps(list(vectors())))
        case words:
            sys.exit(f"not understood: {words}")
