# SPDX-License-Identifier: EUPL-1.2
"""« Exercice de déchiffrement »: asking a holder to show that the key still opens, and asking again.

A request stays open until a challenge of the key pair is answered; a key pair has one open request.
"""

from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

from celery import current_app
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse

from keys import locks, mails
from keys.errors import DrillAskedAlready, HolderGone, KeyPairGone
from keys.models import PROOF_LASTS, DrillRequest, KeyPair, KeyPairQuerySet
from marketplace import journal
from marketplace.models import Agent

SEND: Final = "keys.ask_for_drills"  # the task that sends what is due


@transaction.atomic
def ask(key_pair_id: UUID, *, asked_by: Agent, now: datetime) -> DrillRequest:
    """Ask the holder for a drill, by a mail that leaves after the commit.

    Raises:
        DrillAskedAlready: somebody has, and it has not been answered yet.
        HolderGone: there is nobody to ask.
        KeyPairGone: somebody has just deleted it.
    """
    key_pair = locks.lock(key_pair_id)
    if not key_pair.holder.user.is_active:
        raise HolderGone
    opened = DrillRequest.objects.select_related("asked_by__user")
    request = opened.filter(key_pair=key_pair, answered_at=None).first()
    if request is not None:
        raise DrillAskedAlready(request)
    return _open(key_pair, asked_by=asked_by, former_holder=None, now=now)


def ask_new_holder(
    key_pair: KeyPair, *, former_holder: Agent, asked_by: Agent, now: datetime
) -> None:
    """Ask whoever holds a key pair now; what was asked of the holder before is dropped.

    The caller holds the key pair locked.
    """
    DrillRequest.objects.filter(key_pair=key_pair, answered_at=None).delete()
    _open(key_pair, asked_by=asked_by, former_holder=former_holder, now=now)


def close(key_pair: KeyPair, now: datetime) -> None:
    """A challenge was answered: what was asked is done."""
    DrillRequest.objects.filter(key_pair=key_pair, answered_at=None).update(answered_at=now)


def remind(*, now: datetime) -> int:
    """Ask for the drills that are due, and ask again where nobody answers; how many mails were sent.

    By the site itself: each month, of each key pair in service that was not proven for a month. Each
    request is sent once, and once again after each month of silence, whatever restarts.

    Raises:
        OSError: the first failure to hand a mail over, once the others have been sent.
    """
    for key_pair_id in list(_stale(now).values_list("pk", flat=True)):
        _ask_by_itself(key_pair_id, now)
    return _send(now)


def _stale(now: datetime) -> KeyPairQuerySet:
    """Those in service whose last proof is too old, that nobody has asked to prove."""
    asked = DrillRequest.objects.filter(key_pair=OuterRef("pk"), answered_at=None)
    due = KeyPair.objects.in_service(now).filter(
        proven_at__lte=now - PROOF_LASTS, not_after__gt=now
    )
    return due.filter(~Exists(asked), holder__user__is_active=True).order_by("pk")


@transaction.atomic
def _ask_by_itself(key_pair_id: UUID, now: datetime) -> None:
    """Of two workers, the second finds the request of the first."""
    try:
        key_pair = locks.lock(key_pair_id)
    except KeyPairGone:
        return
    if _stale(now).filter(pk=key_pair_id).exists():
        _open(key_pair, asked_by=None, former_holder=None, now=now)


def _open(
    key_pair: KeyPair, *, asked_by: Agent | None, former_holder: Agent | None, now: datetime
) -> DrillRequest:
    request = DrillRequest.objects.create(
        key_pair=key_pair, asked_by=asked_by, former_holder=former_holder, asked_at=now
    )
    journal.record(
        "key_pair.drill_asked",
        key_pair,
        actor=asked_by.user if asked_by else None,
        now=now,
        organisation_id=key_pair.service.organisation_id,
        request=str(request.pk),
    )
    transaction.on_commit(partial(current_app.send_task, SEND), robust=True)
    return request


def _due(now: datetime) -> QuerySet[DrillRequest]:
    """Those never sent, and those that met a month of silence on a key pair that still counts."""
    counting = KeyPair.objects.exclude(state=KeyPair.State.RETIRED).filter(not_after__gt=now)
    silent = Q(sent_at__lte=now - PROOF_LASTS, key_pair__in=counting)
    due = DrillRequest.objects.filter(Q(sent_at=None) | silent, answered_at=None)
    due = due.filter(key_pair__holder__user__is_active=True).order_by("asked_at", "pk")
    return due.select_related(
        "key_pair__service__organisation",
        "key_pair__holder__user",
        "asked_by__user",
        "former_holder__user",
    )


def _send(now: datetime) -> int:
    def record(request: DrillRequest) -> None:
        journal.record(
            "key_pair.drill_request_sent",
            request.key_pair,
            actor=None,
            now=now,
            organisation_id=request.key_pair.service.organisation_id,
            request=str(request.pk),
        )

    return mails.send_due(_due(now), compose=_message, record=record, now=now)


def _message(request: DrillRequest) -> EmailMessage:
    """To the holder, and to the one before, where the key pair has just changed hands."""
    key_pair, former = request.key_pair, request.former_holder
    addresses = mails.active(key_pair.holder.user, *([former.user] if former else []))
    context = {
        "request": request,
        "key_pair": key_pair,
        "is_reminder": request.sent_at is not None,
        "drill_url": settings.BASE_URL + reverse("keys:detail", args=[key_pair.pk]) + "#drill",
    }
    organisation = key_pair.service.organisation
    return mails.letter("keys/drill", context, organisation=organisation, to=addresses)
