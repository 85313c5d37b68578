# SPDX-License-Identifier: EUPL-1.2
"""The shape of what an agent enters in the register of deposits, and why a line is cancelled."""

from typing import Any
from uuid import uuid4

from crispy_forms.bootstrap import AppendedText
from crispy_forms.helper import FormHelper
from crispy_forms.layout import Column, Layout, Row
from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from envelopes.errors.register import PaperRefused
from envelopes.models import PaperDeposit
from envelopes.paper_deposits import Line, check_arrival
from marketplace.forms import instant_field
from marketplace.models import Consultation


class PaperDepositForm(forms.Form):
    """What came on paper, or as a backup copy. `line` is drawn when the form is shown.

    A browser that goes back to it, or loads it again, puts no former one in its place.
    """

    line = forms.UUIDField(widget=forms.HiddenInput({"autocomplete": "off"}), initial=uuid4)
    way = forms.ChoiceField(
        label=_("Way of reception"),
        choices=PaperDeposit.Way.choices,
        widget=forms.RadioSelect,
    )
    company_name = forms.CharField(label=pgettext_lazy("register", "Company"), max_length=200)
    received_at = instant_field(
        label=_("Date and hour of arrival"),
        help_text=_("When it was received: as the receipt or the stamp says."),
    )
    parcels = forms.CharField(
        label=pgettext_lazy("register", "Envelopes"),
        max_length=200,
        help_text=_("What came, for instance: one sealed parcel, two envelopes."),
    )
    observations = forms.CharField(
        label=_("Observations"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, consultation: Consultation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._consultation = consultation
        zone = timezone.get_current_timezone_name()
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True
        self.helper.layout = Layout(
            "line",
            "way",
            Row(
                Column("company_name", css_class="col-lg-6"),
                Column(AppendedText("received_at", zone), css_class="col-lg-6"),
            ),
            "parcels",
            "observations",
        )

    def clean_received_at(self) -> object:
        received_at = self.cleaned_data["received_at"]
        try:
            check_arrival(self._consultation, received_at, now=timezone.now())
        except PaperRefused as refusal:
            said = f"{refusal.user_message} {refusal.remedy}"
            raise forms.ValidationError(said, code=refusal.code) from refusal
        return received_at

    def said(self) -> Line:
        data = self.cleaned_data
        return Line(
            id=data["line"],
            way=PaperDeposit.Way(data["way"]),
            company_name=data["company_name"],
            received_at=data["received_at"],
            parcels=data["parcels"],
            observations=data["observations"],
        )


class CancelForm(forms.Form):
    reason = forms.CharField(
        label=_("Why this line is cancelled"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True
        self.helper.layout = Layout("reason")
