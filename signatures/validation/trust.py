# SPDX-License-Identifier: EUPL-1.2
"""What the caller trusts, and what revocation data it brings: the only outside knowledge of an extraction."""

from dataclasses import dataclass
from datetime import datetime

from signatures.validation.facts import Service


@dataclass(frozen=True, slots=True)
class Anchor:
    """A trusted service: its certificate (DER), what it may do, and since and until when it was granted."""

    certificate: bytes
    service: Service = Service.QUALIFIED_CERTIFICATES
    granted_from: datetime | None = None
    granted_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Trust:
    """`name` identifies the trusted list and its version, for the record of what was trusted."""

    name: str
    anchors: tuple[Anchor, ...]
    intermediates: tuple[bytes, ...] = ()  # DER certificates that signers tend to forget


@dataclass(frozen=True, slots=True)
class RevocationData:
    """CRLs and OCSP answers (DER) fetched by the caller; those inside the document are found there."""

    crls: tuple[bytes, ...] = ()
    ocsps: tuple[bytes, ...] = ()
