# SPDX-License-Identifier: EUPL-1.2
"""The shape of what agents choose and of what bidders' pages send."""

import json
import re
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from envelopes.errors.submission import BadAnnouncement
from envelopes.models import KeyReport
from envelopes.receipts import AnnouncedEnvelope, AnnouncedFile, Announcement
from keys.models import KeyPair
from marketplace.models import Consultation

_DIGEST = re.compile(r"[0-9a-f]{64}")


class KeyChoiceForm(forms.Form):
    """Personal key pairs of the consultation's service that are proven."""

    def __init__(self, consultation: Consultation, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        active = KeyPair.objects.personal().filter(state=KeyPair.State.ACTIVE)
        self.fields["key_pairs"] = forms.ModelMultipleChoiceField(
            active.filter(service=consultation.service_id), required=False
        )


class KeyReportForm(forms.Form):
    """What happened to a key pair, and that the person has read what follows."""

    reason = forms.ChoiceField(choices=KeyReport.REASONS)
    confirmed = forms.BooleanField()

    @property
    def what_happened(self) -> KeyPair.RetirementReason:
        return KeyPair.RetirementReason(self.cleaned_data["reason"])


class DepartureForm(forms.Form):
    leaves_on = forms.DateField(
        label=_("Last day at work"),
        required=False,
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "form-control"}),
    )


class PublicSearchForm(forms.Form):
    q = forms.CharField(
        label=_("Reference, title or buyer"),
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"class": "form-control", "type": "search"}),
    )
    closed = forms.BooleanField(
        label=_("Also those whose deadline has passed"),
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )


def read_announcement(data: bytes) -> Announcement:
    """What a page says to submit; names are left for the rule to judge.

    Raises:
        BadAnnouncement: it has another form.
    """
    try:
        value = json.loads(data)
        envelopes = tuple(_envelope(envelope) for envelope in value["envelopes"])
        salt = _digest(value["annex_salt"])
        announcement = Announcement(envelopes, salt, *_earlier(value.get("follows")))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise BadAnnouncement from error
    if len({envelope.id for envelope in envelopes}) < len(envelopes):
        raise BadAnnouncement
    return announcement


def _earlier(value: dict[str, Any] | None) -> tuple[UUID | None, str]:
    """What the page says of the earlier deposit: nothing where there is none."""
    return (None, "") if value is None else (UUID(value["deposit"]), str(value["relation"]))


def _envelope(value: dict[str, Any]) -> AnnouncedEnvelope:
    return AnnouncedEnvelope(UUID(value["id"]), tuple(_file(file) for file in value["files"]))


def _file(value: dict[str, Any]) -> AnnouncedFile:
    name, size = value["name"], value["size"]
    if not isinstance(name, str) or type(size) is not int:
        raise TypeError
    return AnnouncedFile(UUID(value["id"]), name, size, _digest(value["sha256"]))


def _digest(value: str) -> str:
    if not _DIGEST.fullmatch(value):
        raise ValueError
    return value
