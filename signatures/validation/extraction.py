# SPDX-License-Identifier: EUPL-1.2
"""From a stream to facts: the only door into this core for bytes that a stranger wrote."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain as concatenate
from itertools import islice
from typing import BinaryIO

from asn1crypto import cms as asn1_cms
from asn1crypto import x509

from signatures.validation import cms
from signatures.validation.certificates import describe, fingerprint
from signatures.validation.chains import ChainBuilder
from signatures.validation.detection import detect
from signatures.validation.facts import (
    CertificateFacts,
    CmsFacts,
    DocumentFacts,
    Form,
    Kind,
    PathFacts,
    Problem,
    Reading,
    RevocationFacts,
    SignatureFacts,
)
from signatures.validation.guard import attempt
from signatures.validation.pdf import Found, FoundInPdf, find_in_pdf
from signatures.validation.revocation import read_crl, read_ocsp
from signatures.validation.scanning import digest_ranges, scan
from signatures.validation.timestamps import read_timestamp
from signatures.validation.trust import RevocationData, Trust

MAX_DOCUMENT_SIZE = 2 * 1024**3  # bytes
MAX_SIGNATURES = 64  # in one document
MAX_EVIDENCE = 256  # CRLs and OCSP answers
MAX_CERTIFICATES = 512


def extract(
    stream: BinaryIO, *, trust: Trust | None = None, revocation: RevocationData | None = None
) -> DocumentFacts:
    """Measure the signatures of one document. Never raises for what the document holds; judges nothing.

    `stream` is seekable and binary, and stays open. It is read in chunks; nothing is written anywhere.
    """
    size = stream.seek(0, os.SEEK_END)
    if size > MAX_DOCUMENT_SIZE:
        problem = Problem(Reading.TOO_LARGE, f"{size} bytes")
        return DocumentFacts(Kind.UNKNOWN, size, sha256="", problem=problem)
    kind, scanned = detect(stream), scan(stream)
    facts = DocumentFacts(
        kind, scanned.size, scanned.sha256, trusted_list=trust.name if trust else None
    )
    if kind is Kind.UNKNOWN:
        return facts
    if kind is not Kind.PDF:
        return replace(facts, problem=Problem(Reading.UNSUPPORTED, kind.value))
    found = find_in_pdf(stream, scanned, MAX_SIGNATURES)
    return _Measurement(stream, found, trust, revocation or RevocationData()).complete(facts)


@dataclass(frozen=True, slots=True)
class _Tokens:
    """The timestamp tokens and the revocation archive that one signature carries."""

    timestamps: tuple[asn1_cms.SignedData, ...] = ()
    crls: tuple[bytes, ...] = ()
    ocsps: tuple[bytes, ...] = ()


class _Measurement:
    """One extraction: what was found, together with what the caller brought."""

    def __init__(
        self, stream: BinaryIO, found: FoundInPdf, trust: Trust | None, revocation: RevocationData
    ) -> None:
        self._stream = stream
        self._found = found
        self._tokens = {id(item): _read_tokens(item) for item in found.signatures}
        self._crls = self._collect("crls", revocation.crls)
        self._ocsps = self._collect("ocsps", revocation.ocsps)
        self._certificates = {
            fingerprint(item.dump()): item
            for item in islice(self._list_certificates(), MAX_CERTIFICATES)
        }
        self._chains = ChainBuilder(trust, self._certificates.values())
        self._leaves: dict[str, x509.Certificate] = {}

    def complete(self, facts: DocumentFacts) -> DocumentFacts:
        """The facts of the document, with everything found added."""
        signatures = tuple(map(self._measure, self._found.signatures))
        revocations = attempt(lambda: tuple(self._read_revocations()))
        if isinstance(revocations, Problem):
            revocations = ()
        evidence = {fingerprint(der): der for der in (*self._crls, *self._ocsps)}
        return replace(
            facts,
            problem=self._found.problem,
            signatures=signatures,
            certificates=dict(self._describe_certificates()),
            revocations=revocations,
            evidence={item.evidence: evidence[item.evidence] for item in revocations},
            unexplained_bytes=self._found.unexplained_bytes,
            has_hybrid_references=self._found.has_hybrid_references,
            active_content=self._found.active_content,
        )

    def _collect(self, name: str, given: tuple[bytes, ...]) -> tuple[bytes, ...]:
        carried = concatenate.from_iterable(getattr(item, name) for item in self._tokens.values())
        return tuple(dict.fromkeys([*given, *getattr(self._found, name), *carried]))[:MAX_EVIDENCE]

    def _list_certificates(self) -> Iterator[x509.Certificate]:
        yield from self._found.certificates
        for item in self._found.signatures:
            if item.message:
                yield from item.message.certificates
            for token in self._tokens[id(item)].timestamps:
                yield from cms.wrap(token).certificates

    def _measure(self, found: Found) -> SignatureFacts:
        measured = attempt(lambda: self._measure_readable(found))
        if isinstance(measured, Problem):
            return replace(_carry_over(found), problem=measured)
        return measured

    def _measure_readable(self, found: Found) -> SignatureFacts:
        facts, message = _carry_over(found), found.message
        if message is None or found.byte_range is None or not found.byte_range.is_well_formed:
            return facts
        digest = partial(digest_ranges, self._stream, found.byte_range.values)
        if found.form is Form.DOCUMENT_TIMESTAMP:
            return replace(facts, timestamps=(read_timestamp(message.data, digest, self._chain),))
        if message.signer is None:
            return replace(facts, cms=CmsFacts(message.signer_count))
        certificate, signed = message.certificate, message.signer["signature"].native
        tokens = self._tokens[id(found)].timestamps
        return replace(
            facts,
            cms=_with_claim(cms.measure(message, digest(message.digest_algorithm), "data"), found),
            certificate=fingerprint(certificate.dump()) if certificate else None,
            paths=self._chain(certificate) if certificate else (),
            timestamps=tuple(
                read_timestamp(token, partial(cms.digest_of, signed), self._chain)
                for token in tokens
            ),
        )

    def _chain(self, certificate: x509.Certificate) -> tuple[PathFacts, ...]:
        self._leaves[fingerprint(certificate.dump())] = certificate
        return self._chains.build(certificate)

    def _describe_certificates(self) -> Iterator[tuple[str, CertificateFacts]]:
        for certificate in {**self._certificates, **self._chains.used}.values():
            described = attempt(partial(describe, certificate))
            if not isinstance(described, Problem):
                yield fingerprint(described.der), described

    def _read_revocations(self) -> Iterator[RevocationFacts]:
        """What each CRL and OCSP answer says of each certificate that a verdict may rest on."""
        for certificate in {**self._leaves, **self._chains.used}.values():
            for issuer in self._chains.issuers_of(certificate):
                for der in self._crls:
                    yield from _if_any(read_crl(der, certificate, issuer))
                for der in self._ocsps:
                    yield from _if_any(read_ocsp(der, certificate, issuer))


def _carry_over(found: Found) -> SignatureFacts:
    return SignatureFacts(
        name=found.name,
        form=found.form,
        format=found.format,
        problem=found.problem,
        byte_range=found.byte_range,
        coverage=found.coverage,
        changes=found.changes,
    )


def _with_claim(measured: CmsFacts, found: Found) -> CmsFacts:
    """PAdES writes the claimed time in the PDF (ETSI EN 319 142-1, §5.3), older profiles in the CMS."""
    return replace(measured, claimed_at=found.claimed_at or measured.claimed_at)


def _read_tokens(found: Found) -> _Tokens:
    tokens = attempt(lambda: _read_readable_tokens(found))
    return _Tokens() if isinstance(tokens, Problem) else tokens


def _read_readable_tokens(found: Found) -> _Tokens:
    if found.message is None:
        return _Tokens()
    tokens = cms.unsigned_attributes(found.message, "signature_time_stamp_token")
    archive = cms.signed_attribute(found.message, "adobe_revocation_info_archival")
    lists = archive["crl"] if archive is not None else ()
    answers = archive["ocsp"] if archive is not None else ()
    return _Tokens(
        timestamps=tuple(token["content"] for token in tokens),
        crls=tuple(item.dump() for item in lists or ()),
        ocsps=tuple(item.dump() for item in answers or ()),
    )


def _if_any(statement: RevocationFacts | None) -> tuple[RevocationFacts, ...]:
    return () if statement is None else (statement,)
