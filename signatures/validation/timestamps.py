# SPDX-License-Identifier: EUPL-1.2
"""RFC 3161 tokens: what they date, and whether their own signature holds."""

from collections.abc import Callable
from datetime import UTC

from asn1crypto import cms as asn1_cms
from asn1crypto import x509

from signatures.validation import cms
from signatures.validation.certificates import fingerprint
from signatures.validation.facts import PathFacts, TimestampFacts


def read_timestamp(
    token: asn1_cms.SignedData,
    digest: Callable[[str], bytes],
    build_paths: Callable[[x509.Certificate], tuple[PathFacts, ...]],
) -> TimestampFacts:
    """Measure one token. `digest` gives, for an algorithm, the digest of what the token should date.

    Raises:
        ValueError, TypeError, KeyError: it is not a well-formed timestamp token.
    """
    content = token["encap_content_info"]
    if content["content_type"].native != "tst_info":
        raise ValueError("the token holds no TSTInfo")
    encapsulated = content["content"]
    info, message = encapsulated.parsed, cms.wrap(token)
    imprint = info["message_imprint"]
    algorithm = imprint["hash_algorithm"]["algorithm"].native
    own_digest = cms.digest_of(bytes(encapsulated), message.digest_algorithm or "sha256")
    measured = cms.measure(message, own_digest, "tst_info")
    certificate = message.certificate
    return TimestampFacts(
        generated_at=info["gen_time"].native.astimezone(UTC),
        imprint_matches=imprint["hashed_message"].native == digest(algorithm),
        signature_is_valid=_all_hold(
            measured.digest_matches, measured.signature_is_valid, measured.attributes_are_sound
        ),
        is_for_timestamping=certificate is not None and _is_for_timestamping(certificate),
        digest_algorithm=algorithm,
        certificate=fingerprint(certificate.dump()) if certificate else None,
        paths=build_paths(certificate) if certificate else (),
        policy=info["policy"].dotted,
    )


def _all_hold(*checks: bool | None) -> bool | None:
    if False in checks:
        return False
    return None if None in checks else True


def _is_for_timestamping(certificate: x509.Certificate) -> bool:
    usage = certificate.extended_key_usage_value
    if usage is None:
        return False
    return (
        usage.native == ["time_stamping"]
        and "extended_key_usage" in certificate.critical_extensions
    )
