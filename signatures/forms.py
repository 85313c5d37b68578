# SPDX-License-Identifier: EUPL-1.2
"""Shape of what agents send about reports."""

from django import forms
from django.utils.translation import gettext_lazy as _

from signatures.models import Decision, Report
from signatures.validation import Indication

UNSIGNED = "unsigned"


class DecisionForm(forms.Form):
    """A decision on a document that holds no signature."""

    choice = forms.ChoiceField(
        label=_("Decision"), choices=Decision.Choice.choices, widget=forms.RadioSelect
    )
    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("It is kept with the report, and shown in the file of the consultation."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class SignedDecisionForm(DecisionForm):
    """A decision on a document that is, or may be, signed."""

    identity_checked = forms.BooleanField(
        label=_("I checked who the signatory is and that this person may sign"), required=False
    )


class SearchForm(forms.Form):
    """What a reviewer narrows the list to; anything else in the address is as if nothing were asked."""

    state = forms.ChoiceField(
        label=_("State of the analysis"),
        required=False,
        choices=[("", _("All")), *Report.State.choices],
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    result = forms.ChoiceField(
        label=_("Technical result"),
        required=False,
        choices=[
            ("", _("All")),
            (Indication.TOTAL_FAILED.value, _("A technical defect is proven")),
            (Indication.INDETERMINATE.value, _("Something is missing to conclude")),
            (Indication.TOTAL_PASSED.value, _("No technical defect was found")),
            (UNSIGNED, _("No signature was found")),
        ],
        widget=forms.Select(attrs={"class": "form-select"}),
    )
