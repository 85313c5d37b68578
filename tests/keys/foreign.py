# SPDX-License-Identifier: EUPL-1.2
"""Certificates that other software makes now: OpenSSL, NSS, Java's keytool, node-forge.

They are valid from the moment at which they are made. Most use the keys of the tests, for speed.
"""

import os
import subprocess
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

from tools import vector_keys

Maker = Callable[[], bytes]
ROOT = Path(__file__).parents[2]
NAME = "/C=FR/O=Commune de Saint-Étienne/CN=Éloïse d’Hérouville"
PARAMETERS = ("-pkeyopt",)
ENCRYPTION = "keyUsage=critical,keyEncipherment"
AGREEMENT = "keyUsage=critical,keyAgreement"
NOT_AUTHORITY = "basicConstraints=critical,CA:FALSE"


def run(*command: str, folder: Path, **environ: str) -> bytes:
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **environ}, capture_output=True, check=False
    )
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


def openssl(
    *options: str,
    key: str = "rsa-3072",
    extensions: tuple[str, ...] = (NOT_AUTHORITY,),
    name: str = NAME,
    generate: tuple[str, ...] = (),
) -> bytes:
    """`openssl req -x509`, with these extensions alone; of the key that `genpkey` makes with `generate`."""
    with tempfile.TemporaryDirectory() as folder:
        path = vector_keys.FOLDER / f"{key}.key"
        if generate:
            path = Path(folder, "new.key")
            run(
                "openssl",
                "genpkey",
                "-algorithm",
                *generate,
                "-out",
                str(path),
                folder=Path(folder),
            )
        configuration = Path(folder, "req.cnf")
        lines = ["[req]", "distinguished_name = dn", "x509_extensions = ext", "[dn]", "[ext]"]
        configuration.write_text("\n".join([*lines, *extensions, ""]), encoding="utf-8")
        command = ["openssl", "req", "-x509", "-utf8", "-days", "730", "-subj", name]
        command += ["-config", str(configuration), "-key", str(path)]
        return run(*command, *options, folder=Path(folder))


def openssl_issued(*options: str, extensions: tuple[str, ...] = (ENCRYPTION,)) -> bytes:
    """By an authority, for the key rsa-3072."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "ca.pem").write_bytes(
            openssl(key="p-256-2", name="/CN=Autorité", extensions=("basicConstraints=CA:TRUE",))
        )
        (folder / "ext").write_text("\n".join(extensions), encoding="utf-8")
        key = str(vector_keys.FOLDER / "rsa-3072.key")
        request = ["openssl", "req", "-new", "-utf8", "-subj", NAME, "-key", key, "-out", "csr"]
        run(*request, folder=folder)
        issue = ["openssl", "x509", "-req", "-in", "csr", "-CA", "ca.pem", "-CAcreateserial"]
        issue += ["-CAkey", str(vector_keys.FOLDER / "p-256-2.key"), "-extfile", "ext"]
        return run(*issue, *options, folder=folder)


def certutil(*options: str) -> bytes:
    """NSS's `certutil -S -x`."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "noise").write_bytes(os.urandom(64))
        run("certutil", "-N", "-d", "sql:.", "--empty-password", folder=folder)
        subject = "CN=Marie Dupont,O=Mairie d'Évreux,C=FR"
        command = ["certutil", "-S", "-x", "-d", "sql:.", "-n", "marie", "-s", subject, "-t", ",,"]
        run(*command, "-z", "noise", "-v", "24", *options, folder=folder)
        return run("certutil", "-L", "-d", "sql:.", "-n", "marie", "-r", folder=folder)


def keytool(*options: str) -> bytes:
    """Java's `keytool -genkeypair`."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = ["keytool", "-genkeypair", "-alias", "marie", "-validity", "730"]
        command += ["-dname", r"CN=Eloïse\, la juste, OU=0002 21760575200010, O=Mairie, C=FR"]
        command += ["-storetype", "PKCS12", "-keystore", "store.p12", "-storepass", "secret"]
        run(*command, *options, folder=folder, LC_ALL="C.UTF-8")
        store = pkcs12.load_pkcs12((folder / "store.p12").read_bytes(), b"secret")
        assert store.cert is not None
        return store.cert.certificate.public_bytes(Encoding.DER)


FORGE = """
const forge = require('node-forge')
const key = forge.pki.privateKeyFromPem(require('fs').readFileSync(process.env.KEY, 'utf8'))
const certificate = forge.pki.createCertificate()
certificate.publicKey = forge.pki.setRsaPublicKey(key.n, key.e)
certificate.serialNumber = '01'
certificate.validity.notAfter.setFullYear(certificate.validity.notBefore.getFullYear() + 2)
const name = [{ name: 'commonName', value: 'Éloïse', valueTagClass: forge.asn1.Type.UTF8 },
  { name: 'countryName', value: 'FR' }, { shortName: 'OU', value: 'Achats' }]
certificate.setSubject(name)
certificate.setIssuer(name)
certificate.setExtensions(JSON.parse(process.env.EXTENSIONS))
certificate.sign(key, forge.md[process.env.DIGEST].create())
process.stdout.write(forge.pki.certificateToPem(certificate))
"""


def forge(extensions: str = "[]", *, digest: str = "sha256", key: str = "rsa-3072") -> bytes:
    path = str(vector_keys.FOLDER / f"{key}.key")
    environ = {"KEY": path, "EXTENSIONS": extensions, "DIGEST": digest}
    return run("node", "-e", FORGE, folder=ROOT, **environ)


FORGE_AUTHORITY = """[{"name": "basicConstraints", "cA": true}, {"name": "keyUsage", "keyCertSign": true,
  "digitalSignature": true, "nonRepudiation": true, "keyEncipherment": true, "dataEncipherment": true}]"""
FORGE_SIGNATURE = '[{"name": "keyUsage", "digitalSignature": true}]'
FORGE_ENCRYPTION = """[{"name": "basicConstraints", "cA": false}, {"name": "subjectKeyIdentifier"},
  {"name": "keyUsage", "critical": true, "keyEncipherment": true, "dataEncipherment": true},
  {"name": "extKeyUsage", "emailProtection": true}]"""
QUALIFIED = (
    NOT_AUTHORITY,
    "keyUsage=critical,keyEncipherment,dataEncipherment",
    "extendedKeyUsage=emailProtection,1.3.6.1.4.1.311.10.3.4",
    "subjectKeyIdentifier=hash",
    "authorityKeyIdentifier=keyid,issuer:always",
    "certificatePolicies=1.2.250.1.177.2.6.1.12.1",
    "crlDistributionPoints=URI:http://crl.example.fr/ac.crl",
    "authorityInfoAccess=OCSP;URI:http://ocsp.example.fr",
    "subjectAltName=email:marie@example.fr,otherName:1.3.6.1.4.1.311.20.2.3;UTF8:marie@ad.example.fr",
)

GOOD: dict[str, tuple[tuple[str, ...], Maker]] = {
    "OpenSSL, not an authority": ((), openssl),
    "OpenSSL, RSA-2048": ((), partial(openssl, key="rsa-2048")),
    "OpenSSL, RSA-4096": ((), partial(openssl, key="rsa-4096")),
    "OpenSSL, P-256": ((), partial(openssl, key="p-256", extensions=(AGREEMENT, NOT_AUTHORITY))),
    "OpenSSL, P-384": ((), partial(openssl, key="p-384", extensions=(AGREEMENT,))),
    "OpenSSL, encryption": ((), partial(openssl, extensions=(ENCRYPTION, NOT_AUTHORITY))),
    "OpenSSL, DER": ((), partial(openssl, "-outform", "DER")),
    "OpenSSL, after its text": ((), partial(openssl, "-text")),
    "OpenSSL, several values": (
        (),
        partial(openssl, "-multivalue-rdn", name="/C=FR/CN=Marie+UID=m.dupont"),
    ),
    "OpenSSL, SHA-512": ((), partial(openssl, "-sha512")),
    "OpenSSL, PSS": ((), partial(openssl, "-sigopt", "rsa_padding_mode:pss")),
    "OpenSSL, ten years": (("long_validity",), partial(openssl, "-days", "3650")),
    "OpenSSL, SHA-1": (("weak_self_signature",), partial(openssl, "-sha1")),
    "OpenSSL, issued": ((), openssl_issued),
    "OpenSSL, issued as qualified": ((), partial(openssl_issued, extensions=QUALIFIED)),
    "NSS, RSA-2048": ((), partial(certutil, "-k", "rsa", "-g", "2048")),
    "NSS, encryption": (
        (),
        partial(certutil, "-k", "rsa", "--keyUsage", "keyEncipherment,critical"),
    ),
    "NSS, P-256": ((), partial(certutil, "-k", "ec", "-q", "nistp256")),
    "NSS, P-384, e-mail": (
        (),
        partial(certutil, "-k", "ec", "-q", "nistp384", "-7", "marie@example.fr"),
    ),
    "keytool, RSA-2048": ((), partial(keytool, "-keyalg", "RSA", "-keysize", "2048")),
    "keytool, P-256": (
        (),
        partial(keytool, "-keyalg", "EC", "-groupname", "secp256r1", "-ext", "KU:c=keyAgreement"),
    ),
    "node-forge, without extensions": ((), forge),
    "node-forge, encryption": ((), partial(forge, FORGE_ENCRYPTION)),
    "node-forge, RSA-2048": ((), partial(forge, key="rsa-2048")),
    "node-forge, SHA-1": (("weak_self_signature",), partial(forge, digest="sha1")),
    "node-forge, MD5": (("weak_self_signature",), partial(forge, digest="md5")),
}
BAD: dict[str, tuple[str, Maker]] = {
    "OpenSSL, without extensions": ("old_version", partial(openssl, extensions=())),
    "OpenSSL, authority": ("ca_certificate", partial(openssl, extensions=("basicConstraints=CA:TRUE",))),
    "OpenSSL, signature": ("key_usage", partial(openssl, extensions=("keyUsage=digitalSignature",))),
    "OpenSSL, server": (
        "extended_key_usage",
        partial(openssl, extensions=("extendedKeyUsage=serverAuth",)),
    ),
    "OpenSSL, constraints on names": (
        "unknown_critical_extension",
        partial(openssl, extensions=("nameConstraints=critical,permitted;DNS:fr",)),
    ),
    "OpenSSL, issued with SHA-1": ("weak_signature", partial(openssl_issued, "-sha1")),
    "OpenSSL, a century": ("absurd_validity", partial(openssl, "-days", "36500")),
    "OpenSSL, reversed": ("validity_reversed", partial(openssl_issued, "-days", "-1")),
    "OpenSSL, serial 0": ("bad_serial", partial(openssl, "-set_serial", "0")),
    "OpenSSL, serial of 21 bytes": ("bad_serial", partial(openssl, "-set_serial", "0x7f" + "00" * 20)),
    "OpenSSL, new line": ("hidden_characters", partial(openssl, name="/CN=Marie\nDupont")),
    "OpenSSL, look-alike": ("look_alike_characters", partial(openssl, name="/CN=Mаrie")),
    "OpenSSL, RSA-1024": (
        "rsa_size",
        partial(openssl, generate=("RSA", *PARAMETERS, "rsa_keygen_bits:1024")),
    ),
    "OpenSSL, exponent 3": (
        "rsa_exponent",
        partial(openssl, generate=("RSA", *PARAMETERS, "rsa_keygen_pubexp:3")),
    ),
    "OpenSSL, PSS key": ("unsupported_algorithm", partial(openssl, generate=("RSA-PSS",))),
    "OpenSSL, Ed25519": ("unsupported_algorithm", partial(openssl, generate=("ed25519",))),
    "OpenSSL, brainpool": (
        "unsupported_curve",
        partial(openssl, generate=("EC", *PARAMETERS, "ec_paramgen_curve:brainpoolP256r1")),
    ),
    "OpenSSL, curve described": (
        "explicit_curve",
        partial(
            openssl,
            generate=("EC", *PARAMETERS, "ec_paramgen_curve:P-256", *PARAMETERS, "ec_param_enc:explicit"),
        ),
    ),
    "NSS, RSA-1024": ("rsa_size", partial(certutil, "-k", "rsa", "-g", "1024")),
    "NSS, P-521": ("unsupported_curve", partial(certutil, "-k", "ec", "-q", "nistp521")),
    "NSS, PSS": ("unsupported_algorithm", partial(certutil, "-k", "rsa", "--pss")),
    "NSS, authority’s usage": ("key_usage", partial(certutil, "-k", "rsa", "--keyUsage", "crlSigning")),
    "keytool, authority": ("ca_certificate", partial(keytool, "-keyalg", "EC", "-ext", "bc:c")),
    "node-forge, the example of its manual": ("ca_certificate", partial(forge, FORGE_AUTHORITY)),
    "node-forge, signature": ("key_usage", partial(forge, FORGE_SIGNATURE)),
}  # fmt: skip
