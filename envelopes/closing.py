# SPDX-License-Identifier: EUPL-1.2
"""« Empreinte de clôture »: after the deadline, the root of a Merkle tree of what was received in time.

Its leaves are the digests of the manifests, in the order of the deposits' numbers, withdrawn and replaced
ones included. Whoever holds a receipt can be shown that its deposit is one of them; nobody can add one, take
one away or change one afterwards without another root.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery

from envelopes import attempts
from envelopes.errors.closing import ClosingBroken
from envelopes.models import ClosingFingerprint, Deposit, RecipientSet
from envelopes.receipts import instant
from marketplace import canonical, journal, merkle, timestamps
from marketplace.canonical import JSONValue
from marketplace.merkle import Frontier, Place
from marketplace.models import Consultation

VERSION: Final = 1  # of both files, docs/envelope-format.md § 14
# How long after its deadline a consultation is looked at again: no request lives as long.
WATCHED_FOR: Final = timedelta(days=2)


@dataclass(frozen=True)
class Leaf:
    """Where a deposit stands among those received in time."""

    fingerprint: ClosingFingerprint
    index: int  # from 0

    @property
    def rank(self) -> int:
        """From 1, as people count."""
        return self.index + 1


class _Tree:
    """A whole tree in memory, which proves."""

    def __init__(self, leaves: Iterable[bytes]) -> None:
        self._grown = Frontier()
        self._nodes: dict[Place, bytes] = {}
        self._roots = [self._grown.root]
        for leaf in leaves:
            hashed = merkle.leaf_hash(leaf)
            self._nodes[0, self.size] = hashed
            self._nodes.update(self._grown.append(hashed))
            self._roots.append(self._grown.root)

    @property
    def size(self) -> int:
        return self._grown.size

    def root(self, size: int) -> bytes:
        return self._roots[size]

    def inclusion(self, index: int) -> list[bytes]:
        return merkle.prove_inclusion(index, self.size, lambda _places: self._nodes)

    def consistency(self, first: int) -> list[bytes]:
        return merkle.prove_consistency(first, self.size, lambda _places: self._nodes)


def close_due(*, now: datetime) -> int:
    """Make the fingerprints that are due; how many. Safe to run at once twice."""
    return sum(close(consultation_id, now=now) is not None for consultation_id in _due(now))


def _due(now: datetime) -> list[UUID]:
    """Consultations that were never closed, or of which a deposit came in since."""
    made = ClosingFingerprint.objects.filter(consultation=OuterRef("pk"))
    counted = (
        _received(consultation=OuterRef("pk")).values("consultation").annotate(count=Count("pk"))
    )
    closed = Consultation.objects.published().filter(is_test=False, closes_at__lte=now)
    return list(
        closed.annotate(
            size=Subquery(made.order_by("-number").values("size")[:1]),
            received=Subquery(counted.values("count")),
        )
        .filter(Q(size=None) | Q(closes_at__gt=now - WATCHED_FOR, received__gt=F("size")))
        .order_by("closes_at")
        .values_list("pk", flat=True)
    )


@transaction.atomic
def close(consultation_id: UUID, *, now: datetime) -> ClosingFingerprint | None:
    """The fingerprint that was still to be made of a consultation, if there was one.

    None before the deadline, for a test consultation, while a submission that began in time is being checked,
    and where the last fingerprint still holds all that was received in time.
    """
    # Whoever gives a deposit its number holds the same lock: see `submission`.
    RecipientSet.objects.select_for_update(no_key=True).get(pk=consultation_id)
    consultation = Consultation.objects.select_related("service").get(pk=consultation_id)
    is_checking = attempts.being_checked(consultation, now=now).exists()
    if not consultation.is_closed(now) or is_checking:
        return None
    last = consultation.closing_fingerprints.order_by("number").last()
    tree = _Tree(_leaves(consultation))
    if last is not None and last.size == tree.size:
        return None
    return _keep(consultation, tree, number=last.number + 1 if last else 1, now=now)


def _keep(
    consultation: Consultation, tree: _Tree, *, number: int, now: datetime
) -> ClosingFingerprint:
    root = tree.root(tree.size)
    journal.record(
        "consultation.closed",
        consultation,
        actor=None,
        now=now,
        organisation_id=consultation.service.organisation_id,
        number=number,
        root=root.hex(),
        size=tree.size,
    )
    return ClosingFingerprint.objects.create(
        consultation=consultation,
        number=number,
        size=tree.size,
        root=root,
        made_at=now,
        timestamp=timestamps.request(root, now=now),
    )


def fingerprints(consultation: Consultation, *, now: datetime) -> list[ClosingFingerprint]:
    """Those of a consultation, the last one at the end; none before the deadline."""
    if not consultation.is_closed(now):
        return []
    return list(consultation.closing_fingerprints.select_related("timestamp").order_by("number"))


def latest(consultation: Consultation, *, now: datetime) -> ClosingFingerprint | None:
    """The one that holds all; none before the deadline, nor until it is made."""
    return next(reversed(fingerprints(consultation, now=now)), None)


def published(made: list[ClosingFingerprint]) -> bytes:
    """What everybody may have (§ 14): not how many deposits there were."""
    said: list[JSONValue] = [
        {
            "made_at": instant(one.made_at),
            "number": one.number,
            "root": bytes(one.root).hex(),
        }
        for one in made
    ]
    return canonical.dumps(
        {"consultation": str(made[0].consultation_id), "fingerprints": said, "version": VERSION}
    )


def leaf(deposit: Deposit, *, now: datetime) -> Leaf | None:
    """Where a deposit stands; none where it is late, or was not counted yet."""
    fingerprint = latest(deposit.consultation, now=now)
    if fingerprint is None or deposit.is_late or deposit.number is None:
        return None
    index = _received(consultation=deposit.consultation_id, number__lt=deposit.number).count()
    return Leaf(fingerprint, index) if index < fingerprint.size else None


def proof(deposit: Deposit, *, now: datetime) -> bytes | None:
    """What shows that a deposit is counted (§ 14); none where `leaf` is none.

    Raises:
        ClosingBroken: what is kept of the deposits no longer has the roots that were published.
    """
    made = fingerprints(deposit.consultation, now=now)
    place = leaf(deposit, now=now)
    if place is None:
        return None
    last = place.fingerprint
    tree = _Tree(_leaves(deposit.consultation)[: last.size])
    if tree.size != last.size or any(tree.root(one.size) != bytes(one.root) for one in made):
        raise ClosingBroken
    earlier: list[JSONValue] = [
        {
            "number": one.number,
            "proof": [node.hex() for node in tree.consistency(one.size)],
            "root": bytes(one.root).hex(),
            "size": one.size,
        }
        for one in made
        if one.number < last.number
    ]
    return canonical.dumps(
        {
            "consultation": str(deposit.consultation_id),
            "deposit": str(deposit.pk),
            "earlier": earlier,
            "index": place.index,
            "made_at": instant(last.made_at),
            "manifest_sha256": _digest(deposit.manifest).hex(),
            "number": last.number,
            "proof": [node.hex() for node in tree.inclusion(place.index)],
            "root": bytes(last.root).hex(),
            "size": last.size,
            "version": VERSION,
        }
    )


def _received(**about: object) -> QuerySet[Deposit]:
    """Deposits submitted in time."""
    return Deposit.objects.filter(state=Deposit.State.SUBMITTED, is_late=False, **about)


def _leaves(consultation: Consultation) -> list[bytes]:
    """The digests, in their order; one manifest in memory at a time."""
    received = _received(consultation=consultation).order_by("number")
    manifests = received.values_list("manifest", flat=True)
    return [_digest(manifest) for manifest in manifests.iterator(chunk_size=100)]


def _digest(manifest: bytes | memoryview | None) -> bytes:
    return hashlib.sha256(bytes(manifest or b"")).digest()
