# SPDX-License-Identifier: EUPL-1.2
"""The shape of what people, and the scripts of our pages, send about key pairs."""

import base64
import binascii
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from crispy_forms.helper import FormHelper
from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from keys.editing import Description
from keys.key_search import (
    BACKUP,
    IN_SERVICE,
    KEPT,
    NEVER,
    OUT_OF_SERVICE,
    PERSONAL,
    Criteria,
)
from keys.models import PROOF_LASTS, Health, KeyPair, manageable_services, possible_holders
from keys.preparation import Check, Preparation, Verdict
from keys.registration import Registration
from keys.renewal import Renewal
from marketplace.models import Agent, Service

PROOF_AGES: Final = (PROOF_LASTS.days, 90, 180)  # days since the last one, to choose from
RENEWAL: Final = ("replaces", "retires_on")


class DayInput(forms.DateInput):
    """The browser's own calendar; it sends ISO 8601."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(attrs={"class": "form-control"}, format="%Y-%m-%d")


class ServiceForm(forms.Form):
    """« Administrer un Service »: the one whose key pairs are shown; none is the agent's own.

    « Mon Service » wins over what the list of the other ones says.
    """

    scope = forms.CharField(required=False)
    service = forms.ModelChoiceField(queryset=Service.objects.none(), required=False)

    def __init__(self, *args: Any, agent: Agent, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["service"].queryset = manageable_services(agent)  # type: ignore[attr-defined]  # it is a choice of models

    def chosen(self) -> Service | None:
        service: Service | None = self.cleaned_data["service"]
        return None if self.cleaned_data["scope"] == "own" else service


class KeySearchForm(forms.Form):
    """Among the key pairs of a service."""

    q = forms.CharField(
        label=_("Name, CN, holder or fingerprint"),
        required=False,
        max_length=120,  # a fingerprint and its separators
        widget=forms.TextInput(attrs={"class": "form-control", "type": "search"}),
    )
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[
            ("", _("All states")),
            # Translators: « En service ou à éprouver »
            (KEPT, _("All but those out of service")),
            # Translators: « En service »
            (IN_SERVICE, _("In service")),
            # Translators: « Hors service »
            (OUT_OF_SERVICE, _("Out of service")),
            *Health.choices,
        ],
        widget=forms.Select(attrs={"class": "form-select"}),
    )

    def criteria(self) -> Criteria:
        """What is asked; nothing where the address says what the form never sends."""
        if not self.is_valid():
            return Criteria()
        return Criteria(text=self.cleaned_data["q"], state=self.cleaned_data["state"])


class HealthSearchForm(KeySearchForm):
    """Among the key pairs of all the services that an agent administers."""

    service = forms.ModelChoiceField(
        label=_("Service"),
        queryset=Service.objects.none(),
        required=False,
        empty_label=_("All services"),
    )
    use = forms.ChoiceField(
        label=_("Use"),
        required=False,
        choices=[
            ("", _("All uses")),
            (PERSONAL, pgettext_lazy("key pair", "Personal")),
            (BACKUP, pgettext_lazy("key pair", "Backup")),
        ],
    )
    holder = forms.CharField(
        label=_("Holder"),
        required=False,
        max_length=254,
        widget=forms.TextInput(attrs={"class": "form-control"}),
    )
    expires_from = forms.DateField(label=_("Expires from"), required=False, widget=DayInput)
    expires_to = forms.DateField(label=_("Expires until"), required=False, widget=DayInput)
    proof = forms.TypedChoiceField(
        # Translators: « Dernière épreuve »
        label=_("Last proof"),
        required=False,
        choices=[
            ("", _("Any date")),
            *((days, format_lazy(_("Not for {days} days"), days=days)) for days in PROOF_AGES),
            (NEVER, pgettext_lazy("proof", "None")),
        ],
        coerce=int,
        empty_value=None,
    )

    def __init__(self, *args: Any, agent: Agent, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        service: Any = self.fields["service"]
        service.queryset = manageable_services(agent).order_by("name")

    def criteria(self) -> Criteria:
        if not self.is_valid():
            return Criteria()
        asked, service = self.cleaned_data, self.cleaned_data["service"]
        return replace(
            super().criteria(),
            use=asked["use"],
            service=service.pk if service else None,
            holder=asked["holder"],
            expires_from=asked["expires_from"],
            expires_to=asked["expires_to"],
            proven_before=asked["proof"],
        )


class KeyPairForm(forms.Form):
    """« Modifier »: what people call the key pair, and what it is for."""

    # Translators: « Nom du bi-clé »
    name = forms.CharField(
        label=_("Key pair name"),
        max_length=100,
        help_text=_(
            "It should tell the holder (first and last name) or the use (function) of the key pair."
        ),
    )
    # Translators: « Définir comme bi-clé de secours »
    is_backup = forms.BooleanField(
        label=_("Make it a backup key pair"),
        required=False,
        # Translators: « Affecté automatiquement au chiffrement des plis. »
        help_text=_("Used automatically whenever bids are sealed."),
    )
    holder = forms.ModelChoiceField(
        label=_("Holder"),
        queryset=Agent.objects.none(),
        help_text=_("Who has the key file and its password, and opens the bids with them."),
    )

    def __init__(self, *args: Any, key_pair: KeyPair, editor: Agent, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        holder: Any = self.fields["holder"]
        holder.queryset = possible_holders(key_pair, editor)
        holder.label_from_instance = lambda agent: f"{agent} – {agent.service.name}"

    def description(self) -> Description:
        return Description(**self.cleaned_data)

    @property
    def helper(self) -> FormHelper:
        helper = FormHelper()
        helper.form_tag = False
        helper.disable_csrf = True
        return helper


class RegistrationForm(forms.Form):
    """What the page that made a key pair sends; `certificate` is DER in base64, or PEM."""

    name = forms.CharField(max_length=100)
    is_backup = forms.BooleanField(required=False)
    service = forms.ModelChoiceField(queryset=Service.objects.none())
    certificate = forms.CharField()
    replaces = forms.ModelChoiceField(queryset=KeyPair.objects.none(), required=False)
    retires_on = forms.DateField(input_formats=["%Y-%m-%d"], required=False)

    def __init__(self, *args: Any, agent: Agent, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.agent = agent
        self.fields["service"].queryset = manageable_services(agent)  # type: ignore[attr-defined]  # it is a choice of models
        self.fields["replaces"].queryset = KeyPair.objects.manageable_by(agent)  # type: ignore[attr-defined]  # idem

    def clean_certificate(self) -> bytes:
        text: str = self.cleaned_data["certificate"]
        if text.startswith("-----BEGIN"):
            return text.encode()
        try:
            return base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError) as error:
            raise ValidationError(_("This is not base64."), code="base64") from error

    def clean(self) -> None:
        replaces, retires_on = (self.cleaned_data.pop(name, None) for name in RENEWAL)
        if bool(replaces) is not bool(retires_on):
            raise ValidationError("a renewal has a date", code="renewal")
        self.renewal = Renewal(replaces.pk, retires_on) if replaces else None

    def registration(self) -> Registration:
        return Registration(**self.cleaned_data, holder=self.agent, renewal=self.renewal)


class AnswerForm(forms.Form):
    """The answer to a challenge; `answer` is in hexadecimal."""

    challenge = forms.UUIDField()
    answer = forms.RegexField(r"^[0-9a-f]{64}$")


class PreparationForm(forms.Form):
    """What the page found on a computer; `rate` is in bytes a second."""

    browser = forms.CharField(max_length=60)
    rate = forms.IntegerField(min_value=0, max_value=10**12)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for check in Check:
            self.fields[check.value] = forms.ChoiceField(choices=Verdict.choices)

    def preparation(self) -> Preparation:
        data = self.cleaned_data
        verdicts = {check: Verdict(data[check.value]) for check in Check}
        return Preparation(data["browser"], verdicts, data["rate"])


class ShownLinkForm(forms.Form):
    """The calendar link that the page showed, so that no other is replaced or revoked."""

    link = forms.UUIDField()

    def chosen(self) -> UUID | None:
        return self.cleaned_data["link"] if self.is_valid() else None
