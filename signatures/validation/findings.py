# SPDX-License-Identifier: EUPL-1.2
"""The vocabulary of a verdict: every finding, what it does to its line, and what EN 319 102-1 calls it.

No sentence for the screen is here: the application has one for each code.
"""

from dataclasses import dataclass, field
from enum import StrEnum


class Status(StrEnum):
    """The result of one line or one condition, from the best to the worst."""

    NOT_APPLICABLE = "not-applicable"
    CONFORM = "conform"
    TO_CHECK_BY_BUYER = "to-check-by-buyer"
    INDETERMINATE = "indeterminate"
    NOT_CONFORM = "not-conform"


class Indication(StrEnum):
    """ETSI EN 319 102-1, §5.1.3."""

    TOTAL_PASSED = "TOTAL-PASSED"
    INDETERMINATE = "INDETERMINATE"
    TOTAL_FAILED = "TOTAL-FAILED"


class SubIndication(StrEnum):
    """ETSI EN 319 102-1, §5.1.3, tables 5 and 6; NO_SIGNATURE_FOUND is ours."""

    FORMAT_FAILURE = "FORMAT_FAILURE"
    HASH_FAILURE = "HASH_FAILURE"
    SIG_CRYPTO_FAILURE = "SIG_CRYPTO_FAILURE"
    NOT_YET_VALID = "NOT_YET_VALID"
    SIG_CONSTRAINTS_FAILURE = "SIG_CONSTRAINTS_FAILURE"
    CHAIN_CONSTRAINTS_FAILURE = "CHAIN_CONSTRAINTS_FAILURE"
    NO_SIGNING_CERTIFICATE_FOUND = "NO_SIGNING_CERTIFICATE_FOUND"
    NO_CERTIFICATE_CHAIN_FOUND = "NO_CERTIFICATE_CHAIN_FOUND"
    REVOKED_NO_POE = "REVOKED_NO_POE"
    REVOKED_CA_NO_POE = "REVOKED_CA_NO_POE"
    OUT_OF_BOUNDS_NO_POE = "OUT_OF_BOUNDS_NO_POE"
    CRYPTO_CONSTRAINTS_FAILURE_NO_POE = "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"
    TIMESTAMP_ORDER_FAILURE = "TIMESTAMP_ORDER_FAILURE"
    TRY_LATER = "TRY_LATER"
    SIGNED_DATA_NOT_FOUND = "SIGNED_DATA_NOT_FOUND"
    GENERIC = "GENERIC"
    NO_SIGNATURE_FOUND = "NO_SIGNATURE_FOUND"


PROVEN_FAILURES = frozenset(
    {
        SubIndication.FORMAT_FAILURE,
        SubIndication.HASH_FAILURE,
        SubIndication.SIG_CRYPTO_FAILURE,
        SubIndication.NOT_YET_VALID,
    }
)  # these alone make a TOTAL-FAILED


class FindingCode(StrEnum):
    """What was found, in a word that never changes: stored reports use it."""

    SIGNATURE_FOUND = "signature-found"
    """A signature is there. `name`: its field."""
    NO_SIGNATURE_FOUND = "no-signature-found"
    """The document was read to its end, and holds no signature."""
    NO_SIGNATURE_RECOGNISED = "no-signature-recognised"
    """The file is of no signed format known here; a separate token may exist."""
    SIGNATURE_EMPTY = "signature-empty"
    """A signature field is filled with nothing: its value or its byte range is null or empty."""
    SIGNATURE_STRAY = "signature-stray"
    """Bytes of a signature are in the file, but nothing in the document leads to them."""

    FORMAT_PADES = "format-pades"
    """PAdES, as ETSI EN 319 142 defines it."""
    FORMAT_PDF_CMS = "format-pdf-cms"
    """A CMS signature of ISO 32000 (`adbe.pkcs7.detached`): the basic profile of PAdES, not a baseline."""
    FORMAT_UNSUPPORTED = "format-unsupported"
    """A signature is present, in a format that is not checked yet. `format`."""
    UNREADABLE = "unreadable"
    """The document or the signature could not be read. `reference` finds the details in the logs."""
    PASSWORD_NEEDED = "password-needed"  # noqa: S105 - the name of a finding
    """The document opens with a password or a certificate only. `detail`: which."""
    TOO_LARGE = "too-large"
    """The document, or the number of its signatures, is beyond what is examined. `detail`."""
    SEVERAL_SIGNERS = "several-signers"
    """One PDF signature holds `count` signers where the standard allows one."""
    NOT_EXAMINED = "not-examined"
    """An earlier line explains why this one could not be examined."""

    INTACT = "intact"
    """The bytes are those that were signed, and the signature value verifies. `digest`, `algorithm`."""
    DIGEST_MISMATCH = "digest-mismatch"
    """The signed bytes were altered after signing."""
    SIGNATURE_VALUE_WRONG = "signature-value-wrong"
    """The signature value does not verify under the signer's certificate."""
    ATTRIBUTES_UNSOUND = "attributes-unsound"
    """The signed attributes are missing, doubled or contradictory."""
    CERTIFICATE_MISSING = "certificate-missing"
    """The signer's certificate is not in the signature."""
    CERTIFICATE_SUBSTITUTED = "certificate-substituted"
    """The signature names another certificate than the one it carries."""
    ALGORITHM_UNSUPPORTED = "algorithm-unsupported"
    """The key or the algorithm is not supported here: neither right nor wrong is known. `algorithm`."""

    COVERS_FILE = "covers-file"
    """Every byte of the file is signed."""
    COVERS_REVISION = "covers-revision"
    """Everything shown was signed; later revisions only add `change`."""
    BYTE_RANGE_WRONG = "byte-range-wrong"
    """The signed ranges do not start at the first byte, overlap, or leave the file."""
    HOLE_NOT_CONTENTS = "hole-not-contents"
    """More than the signature value is left out of the signed bytes (signature wrapping)."""
    COVERAGE_PARTIAL = "coverage-partial"
    """The signed bytes are not a whole revision of the document."""
    COVERAGE_UNKNOWN = "coverage-unknown"
    """It could not be told how much of the document is signed."""
    UNEXPLAINED_BYTES = "unexplained-bytes"
    """`count` bytes follow the last revision of the document, and belong to nothing."""
    PAGES_CHANGED = "pages-changed"
    """The pages shown are not the pages signed. `detail`."""
    PERMISSION_EXCEEDED = "permission-exceeded"
    """A later change is one that the certifying signature forbids. `permission`."""
    FORM_FILLED_LATER = "form-filled-later"
    """Form fields were filled after the signature. `fields`."""
    CHANGES_UNEXPLAINED = "changes-unexplained"
    """Later revisions change more than what is known to be harmless. `detail`."""
    CHANGES_NOT_COMPARED = "changes-not-compared"
    """The later revisions could not be compared with what was signed. `detail`."""
    HYBRID_REFERENCES = "hybrid-references"
    """Two tables of contents coexist in the file: an old reader may show something else."""
    ACTIVE_CONTENT = "active-content"
    """The document holds scripts or actions, which may change what is shown. `kinds`."""

    STRONG_ENOUGH = "strong-enough"
    """The algorithms could be relied upon at the time of the proof."""
    WEAK_DIGEST = "weak-digest"
    """A digest algorithm could no longer be relied upon. `algorithm`, `until`, `where`."""
    WEAK_KEY = "weak-key"
    """A key was too short. `algorithm`, `size`, `until`, `where`."""
    STRENGTH_UNKNOWN = "strength-unknown"
    """An algorithm is in none of the tables. `algorithm`, `where`."""

    QUALIFIED = "qualified"
    """A qualified certificate for signatures, its service granted at issuance and at the time of proof."""
    QUALIFIED_SEAL = "qualified-seal"
    """A qualified certificate, but for seals: it stands for a legal person."""
    QUALIFIED_OTHER = "qualified-other"
    """A qualified certificate for something else than signatures or seals. `types`."""
    NOT_QUALIFIED = "not-qualified"
    """The certificate leads to a trusted service, but does not declare itself qualified."""
    SERVICE_NOT_QUALIFIED = "service-not-qualified"
    """The trusted service is not one that issues qualified certificates. `service`."""
    SERVICE_NOT_GRANTED = "service-not-granted"
    """The trusted service was not granted when the certificate was issued, or at the time of proof."""
    NOT_ON_TRUSTED_LIST = "not-on-trusted-list"
    """No chain leads to the trusted list. `list`."""
    NO_TRUSTED_LIST = "no-trusted-list"
    """No trusted list is configured: the category cannot be told."""
    SELF_SIGNED = "self-signed"
    """The certificate vouches for itself: anybody can make one."""

    CHAIN_SOUND = "chain-sound"
    """A chain leads to a trusted anchor. `anchor`."""
    CHAIN_UNSOUND = "chain-unsound"
    """The chain found breaks a rule of RFC 5280. `detail`."""
    NO_CHAIN = "no-chain"
    """No chain to a trusted anchor was found."""
    AUTHORITY_OUT_OF_DATE = "authority-out-of-date"
    """An authority of the chain was out of its dates at the time of proof. `subject`."""
    NOT_FOR_SIGNING = "not-for-signing"
    """The key usage of the certificate excludes signing documents. `usage`."""

    IN_DATE = "in-date"
    """The certificate was within its dates. `not_before`, `not_after`."""
    NOT_YET_VALID = "not-yet-valid"
    """The signature is proven to be older than the certificate. `not_before`."""
    EXPIRED_NO_PROOF = "expired-no-proof"
    """The certificate had expired before the earliest proof that the signature existed. `not_after`."""
    EXPIRED_WHEN_CLAIMED = "expired-when-claimed"
    """The certificate had expired at the time that the signer states. `not_after`, `claimed_at`."""

    NOT_REVOKED = "not-revoked"
    """The authority says so. `source`, `this_update`."""
    REVOKED_LATER = "revoked-later"
    """Revoked, but after the proof that the signature existed. `revoked_at`, `reason`."""
    REVOKED_NO_PROOF = "revoked-no-proof"
    """Revoked before the earliest proof that the signature existed. `revoked_at`, `reason`."""
    REVOKED_WHEN_CLAIMED = "revoked-when-claimed"
    """Already revoked at the time that the signer states. `revoked_at`, `reason`, `claimed_at`."""
    ON_HOLD = "on-hold"
    """Suspended by its authority: the answer may change. `revoked_at`."""
    REVOCATION_UNKNOWN = "revocation-unknown"
    """Neither a CRL nor an OCSP answer speaks of the certificate at the time of proof."""
    AUTHORITY_REVOKED = "authority-revoked"
    """An authority of the chain is revoked. `subject`, `revoked_at`."""
    AUTHORITY_REVOCATION_UNKNOWN = "authority-revocation-unknown"
    """Nothing speaks of the revocation of an authority of the chain. `subject`."""

    TIME_OF_QUALIFIED_TIMESTAMP = "time-of-qualified-timestamp"
    """A qualified timestamp proves that the signature existed. `at`."""
    TIME_OF_OTHER_TIMESTAMP = "time-of-other-timestamp"
    """A trusted timestamp, not a qualified one, proves that the signature existed. `at`."""
    TIME_OF_DEPOSIT = "time-of-deposit"
    """The deposit on the platform is the earliest proof that the signature existed. `at`."""
    TIMESTAMP_NOT_TRUSTED = "timestamp-not-trusted"
    """A timestamp whose authority is not known to be trustworthy proves nothing. `generated_at`."""
    TIMESTAMP_BROKEN = "timestamp-broken"
    """A timestamp dates something else, or its own signature fails. `generated_at`."""
    CLAIMED_TIME = "claimed-time"
    """The signer's own computer asserts this time; nothing proves it. `claimed_at`."""
    CLAIMED_AFTER_PROOF = "claimed-after-proof"
    """The signer states a time later than the proof that the signature already existed. `claimed_at`."""

    PERSON_NAMED = "person-named"
    """The certificate names a person; who it is, and the power to sign, remain to be checked. `name`…"""
    PSEUDONYM = "pseudonym"
    """The certificate names a person by a pseudonym. `name`."""
    NO_PERSON_NAMED = "no-person-named"
    """The certificate names nobody that is plainly a person. `name`, `organisation`."""
    SEAL_NOT_PERSON = "seal-not-person"
    """The certificate is proven to be that of a legal person. `name`, `organisation`."""


_C, _S, _B = FindingCode, Status, SubIndication

# What each finding does to its line, and to the indication of the signature. Codes left out are conform.
OUTCOMES: dict[FindingCode, tuple[Status, SubIndication | None]] = {
    _C.NO_SIGNATURE_FOUND: (_S.NOT_CONFORM, _B.NO_SIGNATURE_FOUND),
    _C.NO_SIGNATURE_RECOGNISED: (_S.INDETERMINATE, _B.NO_SIGNATURE_FOUND),
    _C.SIGNATURE_EMPTY: (_S.NOT_CONFORM, _B.FORMAT_FAILURE),
    _C.SIGNATURE_STRAY: (_S.INDETERMINATE, _B.GENERIC),
    _C.FORMAT_UNSUPPORTED: (_S.INDETERMINATE, _B.GENERIC),
    _C.UNREADABLE: (_S.INDETERMINATE, _B.GENERIC),
    _C.PASSWORD_NEEDED: (_S.INDETERMINATE, _B.SIGNED_DATA_NOT_FOUND),
    _C.TOO_LARGE: (_S.INDETERMINATE, _B.GENERIC),
    _C.SEVERAL_SIGNERS: (_S.NOT_CONFORM, _B.FORMAT_FAILURE),
    _C.NOT_EXAMINED: (_S.INDETERMINATE, _B.GENERIC),
    _C.DIGEST_MISMATCH: (_S.NOT_CONFORM, _B.HASH_FAILURE),
    _C.SIGNATURE_VALUE_WRONG: (_S.NOT_CONFORM, _B.SIG_CRYPTO_FAILURE),
    _C.ATTRIBUTES_UNSOUND: (_S.INDETERMINATE, _B.SIG_CONSTRAINTS_FAILURE),
    _C.CERTIFICATE_MISSING: (_S.INDETERMINATE, _B.NO_SIGNING_CERTIFICATE_FOUND),
    _C.CERTIFICATE_SUBSTITUTED: (_S.INDETERMINATE, _B.NO_SIGNING_CERTIFICATE_FOUND),
    _C.ALGORITHM_UNSUPPORTED: (_S.INDETERMINATE, _B.GENERIC),
    _C.BYTE_RANGE_WRONG: (_S.NOT_CONFORM, _B.FORMAT_FAILURE),
    _C.HOLE_NOT_CONTENTS: (_S.NOT_CONFORM, _B.FORMAT_FAILURE),
    _C.COVERAGE_PARTIAL: (_S.NOT_CONFORM, _B.FORMAT_FAILURE),
    _C.COVERAGE_UNKNOWN: (_S.INDETERMINATE, _B.GENERIC),
    _C.UNEXPLAINED_BYTES: (_S.NOT_CONFORM, _B.FORMAT_FAILURE),
    _C.PAGES_CHANGED: (_S.NOT_CONFORM, _B.FORMAT_FAILURE),
    _C.PERMISSION_EXCEEDED: (_S.NOT_CONFORM, _B.FORMAT_FAILURE),
    _C.FORM_FILLED_LATER: (_S.TO_CHECK_BY_BUYER, _B.SIG_CONSTRAINTS_FAILURE),
    _C.CHANGES_UNEXPLAINED: (_S.INDETERMINATE, _B.GENERIC),
    _C.CHANGES_NOT_COMPARED: (_S.INDETERMINATE, _B.GENERIC),
    _C.WEAK_DIGEST: (_S.INDETERMINATE, _B.CRYPTO_CONSTRAINTS_FAILURE_NO_POE),
    _C.WEAK_KEY: (_S.INDETERMINATE, _B.CRYPTO_CONSTRAINTS_FAILURE_NO_POE),
    _C.STRENGTH_UNKNOWN: (_S.INDETERMINATE, _B.CRYPTO_CONSTRAINTS_FAILURE_NO_POE),
    _C.QUALIFIED_OTHER: (_S.NOT_CONFORM, _B.CHAIN_CONSTRAINTS_FAILURE),
    _C.NOT_QUALIFIED: (_S.TO_CHECK_BY_BUYER, _B.CHAIN_CONSTRAINTS_FAILURE),
    _C.SERVICE_NOT_QUALIFIED: (_S.TO_CHECK_BY_BUYER, _B.CHAIN_CONSTRAINTS_FAILURE),
    _C.SERVICE_NOT_GRANTED: (_S.TO_CHECK_BY_BUYER, _B.CHAIN_CONSTRAINTS_FAILURE),
    _C.NOT_ON_TRUSTED_LIST: (_S.TO_CHECK_BY_BUYER, _B.NO_CERTIFICATE_CHAIN_FOUND),
    _C.NO_TRUSTED_LIST: (_S.INDETERMINATE, _B.NO_CERTIFICATE_CHAIN_FOUND),
    _C.SELF_SIGNED: (_S.NOT_CONFORM, _B.NO_CERTIFICATE_CHAIN_FOUND),
    _C.CHAIN_UNSOUND: (_S.NOT_CONFORM, _B.CHAIN_CONSTRAINTS_FAILURE),
    _C.NO_CHAIN: (_S.INDETERMINATE, _B.NO_CERTIFICATE_CHAIN_FOUND),
    _C.AUTHORITY_OUT_OF_DATE: (_S.INDETERMINATE, _B.OUT_OF_BOUNDS_NO_POE),
    _C.NOT_FOR_SIGNING: (_S.TO_CHECK_BY_BUYER, _B.CHAIN_CONSTRAINTS_FAILURE),
    _C.NOT_YET_VALID: (_S.NOT_CONFORM, _B.NOT_YET_VALID),
    _C.EXPIRED_NO_PROOF: (_S.INDETERMINATE, _B.OUT_OF_BOUNDS_NO_POE),
    _C.EXPIRED_WHEN_CLAIMED: (_S.NOT_CONFORM, _B.OUT_OF_BOUNDS_NO_POE),
    _C.REVOKED_NO_PROOF: (_S.INDETERMINATE, _B.REVOKED_NO_POE),
    _C.REVOKED_WHEN_CLAIMED: (_S.NOT_CONFORM, _B.REVOKED_NO_POE),
    _C.ON_HOLD: (_S.INDETERMINATE, _B.TRY_LATER),
    _C.REVOCATION_UNKNOWN: (_S.INDETERMINATE, _B.TRY_LATER),
    _C.AUTHORITY_REVOKED: (_S.INDETERMINATE, _B.REVOKED_CA_NO_POE),
    _C.AUTHORITY_REVOCATION_UNKNOWN: (_S.INDETERMINATE, _B.TRY_LATER),
    _C.TIMESTAMP_BROKEN: (_S.INDETERMINATE, _B.SIG_CONSTRAINTS_FAILURE),
    _C.CLAIMED_AFTER_PROOF: (_S.INDETERMINATE, _B.TIMESTAMP_ORDER_FAILURE),
    _C.PERSON_NAMED: (_S.TO_CHECK_BY_BUYER, None),
    _C.PSEUDONYM: (_S.TO_CHECK_BY_BUYER, None),
    _C.NO_PERSON_NAMED: (_S.TO_CHECK_BY_BUYER, None),
    _C.SEAL_NOT_PERSON: (_S.NOT_CONFORM, _B.CHAIN_CONSTRAINTS_FAILURE),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding, with the values its sentence needs (dates in ISO 8601)."""

    code: FindingCode
    parameters: dict[str, str | int] = field(default_factory=dict)

    @property
    def status(self) -> Status:
        """What this finding alone makes of its line."""
        return OUTCOMES.get(self.code, (Status.CONFORM, None))[0]

    @property
    def sub_indication(self) -> SubIndication | None:
        """What EN 319 102-1 calls it; None when it stands in nobody's way."""
        return OUTCOMES.get(self.code, (Status.CONFORM, None))[1]


def find(code: FindingCode, **parameters: str | int) -> Finding:
    """A finding, written short."""
    return Finding(code, parameters)
