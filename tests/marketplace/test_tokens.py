# SPDX-License-Identifier: EUPL-1.2
"""A token is kept once everything in it holds (F16): bad ones are refused, each for its own reason."""

import hashlib
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from asn1crypto import cms, tsp
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from marketplace import development_authority, tokens
from marketplace.tokens import BadToken, Query, Trust
from tests.factories import DAY, NOW, SECOND
from tests.marketplace.stamping import (
    NONCE,
    POLICY,
    QUERY,
    STAMPED,
    TIME_STAMPING,
    Forge,
    Party,
    granted,
    make_party,
)

MINUTE = timedelta(minutes=1)
ROOT = make_party("Root", is_authority=True)
SIGNER = make_party("Authority", ROOT)
TRUST = Trust([ROOT.certificate], (NOW - MINUTE, NOW + MINUTE))
STRANGER = make_party("Root", is_authority=True)
INTERMEDIATE = make_party("Intermediate", ROOT, is_authority=True)


def forge(**changes) -> Forge:
    return replace(Forge(SIGNER), **changes)


def signed_by(party: Party, **changes) -> bytes:
    return forge(party=party, **changes).token()


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def test_token_is_verified():
    stamp = tokens.verify(tokens.token_of(forge().answer()), QUERY, TRUST)

    assert (stamp.generated_at, stamp.authority, stamp.policy) == (NOW, "Authority", POLICY)
    assert stamp.certificate == SIGNER.der


@pytest.mark.parametrize(
    "token",
    [
        forge(digest="sha512").token(),
        signed_by(make_party("Other", INTERMEDIATE), others=[INTERMEDIATE]),
        forge(others=[STRANGER]).token(),
        forge(at=NOW - MINUTE).token(),
        forge(at=NOW + MINUTE).token(),
    ],
    ids=["sha512", "intermediate", "more certificates", "earliest", "latest"],
)
def test_verify_accepts_what_authorities_send(token):
    assert tokens.verify(token, QUERY, TRUST)


def test_verify_accepts_an_authority_that_is_its_own_root():
    own = make_party("Alone")

    assert tokens.verify(signed_by(own), QUERY, Trust([own.certificate])).authority == "Alone"


def test_verify_accepts_a_sha512_imprint():
    digest = hashlib.sha512(STAMPED).digest()

    token = forge(imprint=("sha512", digest)).token()

    assert tokens.verify(token, Query("sha512", digest, NONCE), TRUST)


GOOD = forge().token()
OTHER_INFO = tsp.SigningCertificateV2({"certs": [{"cert_hash": bytes(32)}]})
BAD_TOKENS = {
    "wrong imprint": (forge(imprint=("sha256", bytes(32))).token(), "wrong_imprint"),
    "imprint of another algorithm": (
        forge(imprint=("sha512", hashlib.sha512(STAMPED).digest())).token(),
        "wrong_imprint",
    ),
    "imprint said to be another": (
        forge(imprint=("sha3_256", QUERY.digest)).token(),
        "wrong_imprint",
    ),
    "wrong nonce": (forge(nonce=NONCE + 1).token(), "wrong_nonce"),
    "no nonce": (forge(nonce=None).token(), "wrong_nonce"),
    "negative nonce": (forge(nonce=-NONCE).token(), "wrong_nonce"),
    "wrong policy": (forge(policy=POLICY + ".1").token(), "wrong_policy"),
    "10 minutes late": (forge(at=NOW + 10 * MINUTE).token(), "wrong_time"),
    "10 minutes early": (forge(at=NOW - 10 * MINUTE).token(), "wrong_time"),
    "a second late": (forge(at=NOW + MINUTE + SECOND).token(), "wrong_time"),
    "a second early": (forge(at=NOW - MINUTE - SECOND).token(), "wrong_time"),
    "expired certificate": (
        signed_by(make_party("Authority", ROOT, validity=(NOW - 9 * DAY, NOW - DAY))),
        "certificate_expired",
    ),
    "certificate not yet valid": (
        signed_by(make_party("Authority", ROOT, validity=(NOW + DAY, NOW + 9 * DAY))),
        "certificate_expired",
    ),
    "certificate for nothing in particular": (
        signed_by(make_party("Authority", ROOT, usage=None)),
        "not_for_timestamping",
    ),
    "certificate for signing code": (
        signed_by(
            make_party(
                "Authority", ROOT, usage=x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING])
            )
        ),
        "not_for_timestamping",
    ),
    "certificate for more than stamping": (
        signed_by(
            make_party(
                "Authority",
                ROOT,
                usage=x509.ExtendedKeyUsage([*TIME_STAMPING, ExtendedKeyUsageOID.SERVER_AUTH]),
            )
        ),
        "not_for_timestamping",
    ),
    "purpose not critical": (
        signed_by(make_party("Authority", ROOT, is_critical=False)),
        "not_for_timestamping",
    ),
    "another root of the same name": (signed_by(make_party("Authority", STRANGER)), "not_trusted"),
    "self-signed": (signed_by(make_party("Authority")), "not_trusted"),
    "issued by one that is no authority": (
        signed_by(make_party("Other", SIGNER), others=[SIGNER]),
        "not_trusted",
    ),
    "without its intermediate": (signed_by(make_party("Other", INTERMEDIATE)), "not_trusted"),
    "signed by the root itself": (
        signed_by(ROOT),
        "not_for_timestamping",
    ),
    "small key": (signed_by(make_party("Authority", ROOT, key_size=1024)), "unsupported"),
    "certificate not sent": (forge(sends_certificate=False).token(), "no_certificate"),
    "another certificate named": (
        forge(attributes={"signing_certificate_v2": OTHER_INFO}).token(),
        "wrong_certificate",
    ),
    "no certificate named": (
        forge(attributes={"signing_certificate_v2": None}).token(),
        "wrong_attributes",
    ),
    "another content digest": (
        forge(attributes={"message_digest": bytes(32)}).token(),
        "wrong_attributes",
    ),
    "no content digest": (forge(attributes={"message_digest": None}).token(), "wrong_attributes"),
    "two content digests": (
        forge(attributes={"message_digest": [bytes(32), bytes(32)]}).token(),
        "wrong_attributes",
    ),
    "another content type signed": (
        forge(attributes={"content_type": "data"}).token(),
        "wrong_attributes",
    ),
    "no content type signed": (
        forge(attributes={"content_type": None}).token(),
        "wrong_attributes",
    ),
    "signed by another key": (
        forge(signs_with=STRANGER.private_key).token(),
        "wrong_signature",
    ),
    "altered signature": (flipped(GOOD, len(GOOD) - 10), "wrong_signature"),
    "altered content": (GOOD.replace(b"20261102090000Z", b"20261102090001Z"), "wrong_attributes"),
    "sha-1 signature": (forge(digest="sha1").token(), "unsupported"),
    "two signatures": (forge(signatures=2).token(), "malformed"),
    "no signature": (forge(signatures=0).token(), "malformed"),
    "another content": (forge(content_type="data").token(), "malformed"),
    "another version": (forge(version=2).token(), "malformed"),
    "something after": (GOOD + b"\x00", "malformed"),
    "cut": (GOOD[:-1], "malformed"),
    "empty": (b"", "malformed"),
    "a certificate": (SIGNER.der, "malformed"),
    "another CMS": (
        cms.ContentInfo({"content_type": "data", "content": STAMPED}).dump(),
        "malformed",
    ),
    "very long": (GOOD + bytes(tokens.LARGEST), "too_long"),
}
BAD_ANSWERS = {
    "HTML": (b"<!doctype html><title>502 Bad Gateway</title>", "malformed"),
    "empty": (b"", "malformed"),
    "a token alone": (GOOD, "malformed"),
    "refused": (bytes.fromhex("30053003020102"), "refused_by_authority"),
    "refused, with a token": (
        granted(cms.ContentInfo.load(GOOD), "rejection"),
        "refused_by_authority",
    ),
    "to be waited for": (bytes.fromhex("30053003020103"), "refused_by_authority"),
    "10 MB": (bytes(10_000_000), "too_long"),
    "something after": (forge().answer() + b"\x00", "malformed"),
    "cut": (forge().answer()[:-1], "malformed"),
}


@pytest.mark.parametrize(("token", "code"), BAD_TOKENS.values(), ids=BAD_TOKENS)
def test_verify_refuses(token, code):
    with pytest.raises(BadToken) as refused:
        tokens.verify(token, QUERY, TRUST)

    assert refused.value.code == code


@pytest.mark.parametrize(("answer", "code"), BAD_ANSWERS.values(), ids=BAD_ANSWERS)
def test_token_of_refuses(answer, code):
    with pytest.raises(BadToken) as refused:
        tokens.token_of(answer)

    assert refused.value.code == code


def test_token_of_refuses_a_grant_without_a_token():
    with pytest.raises(BadToken):
        tokens.verify(tokens.token_of(bytes.fromhex("30053003020100")), QUERY, TRUST)


def test_verify_refuses_or_survives_each_flipped_byte():
    """Nothing that is signed can change; what else may change says nothing else."""
    for at in range(len(GOOD)):
        try:
            stamp = tokens.verify(flipped(GOOD, at), QUERY, TRUST)
        except BadToken:
            continue
        assert (stamp.generated_at, stamp.certificate) == (NOW, SIGNER.der), at


ANSWERING = (
    "openssl ts -reply -config ts.cnf -section a -queryfile request -signer signer.pem "
    "-inkey key.pem -out answer"
)


def pem(party: Party) -> bytes:
    return party.certificate.public_bytes(Encoding.PEM)


def openssl(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = ["openssl", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_answer_of_openssl_is_verified(tmp_path, algorithm):
    """Our request, answered by the authority of OpenSSL."""
    (tmp_path / "ts.cnf").write_text(
        "[tsa]\ndefault_tsa=a\n[a]\nserial=serial\ndefault_policy=" + POLICY + "\n"
        "digests=sha256,sha512\nsigner_digest=sha256\naccuracy=secs:1\ness_cert_id_chain=no\n"
        "ess_cert_id_alg=sha256\n",
        encoding="ascii",
    )
    key = SIGNER.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key.pem").write_bytes(key)
    (tmp_path / "signer.pem").write_bytes(pem(SIGNER))
    query = Query(algorithm, hashlib.new(algorithm, STAMPED).digest(), NONCE, POLICY)
    (tmp_path / "request").write_bytes(query.to_der())

    done = subprocess.run(
        ANSWERING.split(), cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr

    token = tokens.token_of((tmp_path / "answer").read_bytes())
    assert tokens.verify(token, query, Trust([ROOT.certificate])).policy == POLICY


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_development_authority_satisfies_openssl(tmp_path, algorithm):
    authority = development_authority.load(tmp_path / "authority.pem")
    query = Query(algorithm, hashlib.new(algorithm, STAMPED).digest(), NONCE)
    answer = authority.answer(query.to_der(), now=NOW)
    token = tokens.token_of(answer)
    for name, content in {
        "token": token,
        "answer": answer,
        "request": query.to_der(),
        "data": STAMPED,
        "other": b"other",
        "root.pem": authority.certificate.public_bytes(Encoding.PEM),
    }.items():
        (tmp_path / name).write_bytes(content)

    def verified(*arguments: object) -> bool:
        trust = ("-CAfile", tmp_path / "root.pem")
        return openssl("ts", "-verify", *arguments, *trust).returncode == 0

    assert verified("-data", tmp_path / "data", "-in", tmp_path / "token", "-token_in")
    assert verified("-queryfile", tmp_path / "request", "-in", tmp_path / "answer")
    assert not verified("-data", tmp_path / "other", "-in", tmp_path / "token", "-token_in")
    stamp = tokens.verify(token, query, Trust([authority.certificate]))
    assert stamp.generated_at == NOW
    assert "not qualified" in stamp.authority


def test_development_authority_is_made_once_and_for_its_owner_alone(tmp_path: Path):
    path = tmp_path / "secrets" / "authority.pem"

    first, second = development_authority.load(path), development_authority.load(path)

    assert first.certificate == second.certificate
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["authority.pem"]
