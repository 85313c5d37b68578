# SPDX-License-Identifier: EUPL-1.2
"""Until when an algorithm can be relied upon, and which ones a signature rests on.

Source: ETSI TS 119 312, as the reference validator of the European Commission dates it.
"""

from datetime import UTC, datetime

from signatures.validation.facts import CertificateFacts, DocumentFacts, PathFacts, SignatureFacts
from signatures.validation.findings import Finding, FindingCode, find


def _until(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


_FAR = _until(2035, 1, 1)  # reviewed with each edition of the standard
_DIGESTS = {
    "md2": _until(1996, 1, 1),
    "md5": _until(2004, 8, 1),
    "sha1": _until(2012, 8, 1),
    "sha224": _until(2029, 1, 1),
    "sha256": _FAR,
    "sha384": _FAR,
    "sha512": _FAR,
    "sha512_256": _FAR,
    "sha3_256": _FAR,
    "sha3_384": _FAR,
    "sha3_512": _FAR,
    "shake256": _FAR,
}
_RSA = (
    (3000, _FAR),
    (1900, _until(2031, 1, 1)),
    (1536, _until(2019, 10, 1)),
    (1024, _until(2011, 1, 1)),
)
_ELLIPTIC = ((256, _FAR), (224, _until(2021, 10, 1)), (192, _until(2013, 6, 1)))
_KEYS = {
    "rsa": _RSA,
    "rsassa_pss": _RSA,
    "dsa": _RSA,
    "ec": _ELLIPTIC,
    "ed25519": ((0, _FAR),),
    "ed448": ((0, _FAR),),
}


def find_weaknesses(
    facts: DocumentFacts, signature: SignatureFacts, path: PathFacts | None, at: datetime
) -> tuple[Finding, ...]:
    """Every algorithm of the signature and of its chain that could not be relied upon at `at`."""
    algorithm = signature.cms.digest_algorithm if signature.cms else ""
    found = list(_judge_digest(algorithm, "signature", at))
    chain = path.certificates if path else ()
    for fingerprint in dict.fromkeys(filter(None, (signature.certificate, *chain))):
        certificate = facts.certificates.get(fingerprint)
        if certificate is not None:
            found += _judge_certificate(certificate, at)
    return tuple(found)


def _judge_certificate(certificate: CertificateFacts, at: datetime) -> list[Finding]:
    found = list(_judge_key(certificate, at))
    if certificate.signature_digest and not certificate.is_self_signed:
        found += _judge_digest(certificate.signature_digest, certificate.subject, at)
    return found


def _judge_digest(algorithm: str, where: str, at: datetime) -> list[Finding]:
    until = _DIGESTS.get(algorithm)
    if until is None:
        return [find(FindingCode.STRENGTH_UNKNOWN, algorithm=algorithm, where=where)]
    if at >= until:
        return [
            find(FindingCode.WEAK_DIGEST, algorithm=algorithm, until=until.isoformat(), where=where)
        ]
    return []


def _judge_key(certificate: CertificateFacts, at: datetime) -> list[Finding]:
    steps = _KEYS.get(certificate.key_algorithm)
    where = certificate.subject
    if steps is None:
        return [
            find(FindingCode.STRENGTH_UNKNOWN, algorithm=certificate.key_algorithm, where=where)
        ]
    until = next((date for size, date in steps if certificate.key_size >= size), _until(1970, 1, 1))
    if at < until:
        return []
    return [
        find(
            FindingCode.WEAK_KEY,
            algorithm=certificate.key_algorithm,
            size=certificate.key_size,
            until=until.isoformat(),
            where=where,
        )
    ]
