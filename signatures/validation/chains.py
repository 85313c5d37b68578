# SPDX-License-Identifier: EUPL-1.2
"""Chains from a certificate to the anchors given, checked by RFC 5280 §6 but for the date and revocation.

Those two are left to the judge on purpose: an expired certificate still has a chain; the buyer is told both.
"""

import asyncio
from collections.abc import Iterable, Iterator
from datetime import datetime

from asn1crypto import x509
from pyhanko_certvalidator.authority import AuthorityWithCert, TrustAnchor
from pyhanko_certvalidator.context import ValidationContext
from pyhanko_certvalidator.errors import PathBuildingError, PathValidationError
from pyhanko_certvalidator.path import ValidationPath
from pyhanko_certvalidator.policy_decl import NO_REVOCATION, AcceptAllAlgorithms, CertRevTrustPolicy
from pyhanko_certvalidator.registry import CertificateRegistry, PathBuilder, SimpleTrustManager
from pyhanko_certvalidator.validate import async_validate_path

from signatures.validation.certificates import fingerprint
from signatures.validation.cms import verify_bytes
from signatures.validation.facts import AnchorFacts, PathFacts
from signatures.validation.trust import Anchor, Trust

MAX_PATHS = 8  # cross-certified hierarchies can offer any number


class ChainBuilder:
    """Builds chains to one set of anchors; it never fetches anything."""

    def __init__(self, trust: Trust | None, found: Iterable[x509.Certificate]) -> None:
        """`found` are the certificates of the document, believed in nothing."""
        anchors = trust.anchors if trust else ()
        self._anchors: dict[str, Anchor] = {fingerprint(item.certificate): item for item in anchors}
        self._trust = SimpleTrustManager.build(
            [x509.Certificate.load(item.certificate) for item in anchors]
        )
        forgotten = [x509.Certificate.load(der) for der in (trust.intermediates if trust else ())]
        self._registry = CertificateRegistry.build([*found, *forgotten])
        self.used: dict[
            str, x509.Certificate
        ] = {}  # every certificate of the chains built, by fingerprint

    def build(self, certificate: x509.Certificate) -> tuple[PathFacts, ...]:
        """Every chain from `certificate` to an anchor, up to `MAX_PATHS`; none when nothing is trusted."""
        if not self._anchors:
            return ()
        return asyncio.run(self._build(certificate))

    def issuers_of(self, certificate: x509.Certificate) -> Iterator[x509.Certificate]:
        """The certificates known here whose key signed `certificate`."""
        signed, value = certificate["tbs_certificate"].dump(), certificate["signature_value"].native
        for item in self._registry.find_potential_issuers(certificate, self._trust):
            issuer = _certificate_of(item) if isinstance(item, TrustAnchor) else item
            if verify_bytes(issuer, certificate["signature_algorithm"], "", signed, value):
                yield issuer

    async def _build(self, certificate: x509.Certificate) -> tuple[PathFacts, ...]:
        builder = PathBuilder(self._trust, self._registry)
        try:
            paths = await builder.async_build_paths(certificate)
        except PathBuildingError:
            return ()
        return tuple([await self._check(path) for path in paths[:MAX_PATHS]])

    async def _check(self, path: ValidationPath) -> PathFacts:
        anchor_id = fingerprint(_certificate_of(path.trust_anchor).dump())
        anchor = self._anchors[anchor_id]
        certificates = list(path.iter_certs(include_root=False))
        self.used |= {fingerprint(item.dump()): item for item in certificates}
        problem = await self._find_problem(path, certificates)
        return PathFacts(
            certificates=tuple(fingerprint(item.dump()) for item in reversed(certificates)),
            anchor=AnchorFacts(
                anchor_id, anchor.service, anchor.granted_from, anchor.granted_until
            ),
            is_sound=not problem,
            problem=problem,
        )

    async def _find_problem(
        self, path: ValidationPath, certificates: list[x509.Certificate]
    ) -> str:
        if not certificates:
            return ""  # the signer is an anchor
        moment = _common_moment(certificates)
        if moment is None:
            return "the validity periods of the chain have no moment in common"
        try:
            await async_validate_path(self._context(moment), path)
        except PathValidationError as error:
            return str(error)
        return ""

    def _context(self, moment: datetime) -> ValidationContext:
        return ValidationContext(
            trust_manager=self._trust,
            certificate_registry=self._registry,
            moment=moment,
            revinfo_policy=CertRevTrustPolicy(NO_REVOCATION),
            algorithm_usage_policy=AcceptAllAlgorithms(),  # strength is judged, with its date
            allow_fetching=False,
        )


def _certificate_of(anchor: TrustAnchor) -> x509.Certificate:
    assert isinstance(anchor.authority, AuthorityWithCert)  # noqa: S101 - all of ours are certificates
    return anchor.authority.certificate


def _common_moment(certificates: list[x509.Certificate]) -> datetime | None:
    """A moment at which every certificate of a chain was within its dates."""
    start = max(item.not_valid_before for item in certificates)
    end = min(item.not_valid_after for item in certificates)
    return start + (end - start) / 2 if start <= end else None
