# SPDX-License-Identifier: EUPL-1.2
"""What was found in a document: measured once, stored, judged as often as the law changes.

Nothing here is an opinion: no moment, no trust decision, no legal frame. `None` is "not known", never "no".
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

SCHEMA_VERSION = 1  # of the stored JSON; a reader refuses a version it does not know


class Kind(StrEnum):
    """What a file is, told from its bytes and never from its name."""

    PDF = "pdf"
    CMS = "cms"
    XML_SIGNATURE = "xml-signature"
    ASIC = "asic"
    SIGNED_PACKAGE = "signed-package"  # an office document that carries its own signature
    UNKNOWN = "unknown"


class Reading(StrEnum):
    """How far a document or a signature could be read."""

    READ = "read"
    UNSUPPORTED = "unsupported"  # present and recognised, in a format this core does not check
    EMPTY = "empty"  # a signature field whose value or byte range is null, empty or not well formed
    STRAY = "stray"  # signature bytes that no signature field of the document leads to
    ENCRYPTED = "encrypted"  # a password is needed to open the document
    TOO_LARGE = "too-large"
    UNREADABLE = "unreadable"


class Form(StrEnum):
    """The role of one signature in its document."""

    SIGNATURE = "signature"
    DOCUMENT_TIMESTAMP = "document-timestamp"


class Coverage(StrEnum):
    """How much of the document the signed bytes are."""

    WHOLE_FILE = "whole-file"
    REVISION = "revision"  # all of one revision; later revisions follow
    PARTIAL = "partial"
    UNKNOWN = "unknown"


class Change(StrEnum):
    """What later revisions did to what was signed."""

    NONE = "none"
    ARCHIVAL = "archival"  # timestamps, certificates and revocation data
    SIGNATURES = "signatures"  # signature fields added or filled
    FORM = "form"  # other form fields filled
    UNEXPLAINED = "unexplained"
    PAGES = "pages"  # the number, the content or the resources of the pages
    NOT_COMPARED = "not-compared"


class CertificateReference(StrEnum):
    """What the signed attribute `signing-certificate` says of the certificate found (RFC 5035)."""

    MATCHES = "matches"
    DIFFERS = "differs"
    ABSENT = "absent"


class Service(StrEnum):
    """The service of a trusted list that an anchor stands for (ETSI TS 119 612, §5.5.1)."""

    QUALIFIED_CERTIFICATES = "ca-qc"
    QUALIFIED_TIMESTAMPS = "tsa-qtst"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something could not be read. `reference` finds the details in the logs."""

    reading: Reading
    detail: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a certificate names, attribute by attribute (RFC 5280, §4.1.2.6; ETSI EN 319 412)."""

    common_name: str = ""
    given_name: str = ""
    surname: str = ""
    pseudonym: str = ""
    title: str = ""
    organisation: str = ""
    organisation_identifier: str = ""
    organisational_units: tuple[str, ...] = ()
    serial_number: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """One certificate, with the bytes it was read from."""

    der: bytes
    subject: str
    issuer: str
    serial_number: int
    not_before: datetime
    not_after: datetime
    key_algorithm: str
    key_size: int  # bits
    signature_digest: str  # "" when the algorithm has no separate digest
    is_self_signed: bool
    names: Subject
    key_usage: tuple[str, ...] = ()
    extended_key_usage: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    is_declared_qualified: bool = False  # QcCompliance (ETSI EN 319 412-5, §4.2.1)
    qualified_types: tuple[str, ...] = ()  # QcType: "esign", "eseal", "web"
    is_on_secure_device: bool = False  # QcSSCD
    qualified_countries: tuple[str, ...] = ()  # QcCClegislation: only outside the Union


@dataclass(frozen=True, slots=True)
class AnchorFacts:
    """The trusted service at the end of a path, and when it was granted."""

    fingerprint: str
    service: Service
    granted_from: datetime | None = None
    granted_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class PathFacts:
    """A chain from a certificate to an anchor, sound or not by RFC 5280 §6 but for time and revocation."""

    certificates: tuple[str, ...]  # SHA-256 of each, the end certificate first, the anchor excluded
    anchor: AnchorFacts
    is_sound: bool
    problem: str = ""


@dataclass(frozen=True, slots=True)
class RevocationFacts:
    """What one CRL or OCSP answer, whose signature was checked, says of one certificate."""

    certificate: str  # SHA-256
    source: str  # "crl" or "ocsp"
    evidence: str  # SHA-256 of the CRL or answer
    this_update: datetime
    next_update: datetime | None
    revoked_at: datetime | None = None
    reason: str = ""
    keeps_expired: bool = False  # speaks of expired certificates too


@dataclass(frozen=True, slots=True)
class TimestampFacts:
    """An RFC 3161 token and what it protects."""

    generated_at: datetime
    imprint_matches: bool
    signature_is_valid: bool | None
    is_for_timestamping: (
        bool  # the certificate's only extended key usage, critical (RFC 3161, §2.3)
    )
    digest_algorithm: str
    certificate: str | None
    paths: tuple[PathFacts, ...] = ()
    policy: str = ""


@dataclass(frozen=True, slots=True)
class ByteRangeFacts:
    """The signed bytes of a PDF, as the signature states them (ISO 32000-2, §12.8.1)."""

    values: tuple[int, ...]
    is_well_formed: bool  # two ascending ranges inside the file, the first from its first byte
    hole_is_contents: bool  # what is left out is this signature's /Contents, and nothing else


@dataclass(frozen=True, slots=True)
class ChangeFacts:
    """What happened to the document after one signature."""

    later_revisions: int
    change: Change
    fields: tuple[str, ...] = ()  # form fields filled later, signatures excluded
    permission: int | None = None  # DocMDP: 1 nothing, 2 forms, 3 forms and annotations
    permission_is_respected: bool | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class CmsFacts:
    """The cryptographic half of a signature (RFC 5652, §5)."""

    signer_count: int
    digest_algorithm: str = ""
    signature_algorithm: str = ""
    digest_matches: bool | None = None
    signature_is_valid: bool | None = None
    attributes_are_sound: bool | None = None
    certificate_reference: CertificateReference = CertificateReference.ABSENT
    claimed_at: datetime | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class SignatureFacts:
    """One signature, or the place of one."""

    name: str
    form: Form = Form.SIGNATURE
    format: str = ""  # the /SubFilter of a PDF signature
    problem: Problem | None = None
    byte_range: ByteRangeFacts | None = None
    coverage: Coverage = Coverage.UNKNOWN
    changes: ChangeFacts | None = None
    cms: CmsFacts | None = None
    certificate: str | None = None
    paths: tuple[PathFacts, ...] = ()
    timestamps: tuple[TimestampFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """Everything measured on one document; enough to judge it again years later.

    `certificates` and `evidence` (CRLs, OCSP answers) are keyed by the hexadecimal SHA-256 of their DER.
    """

    kind: Kind
    size: int
    sha256: str
    version: int = SCHEMA_VERSION
    problem: Problem | None = None
    signatures: tuple[SignatureFacts, ...] = ()
    certificates: dict[str, CertificateFacts] = field(default_factory=dict)
    revocations: tuple[RevocationFacts, ...] = ()
    evidence: dict[str, bytes] = field(default_factory=dict)
    unexplained_bytes: int = 0  # after the last revision that the document knows of
    has_hybrid_references: bool = False  # different readers may show different content
    active_content: tuple[str, ...] = ()
    trusted_list: str | None = (
        None  # the name and version of what was trusted; None when nothing was
    )
