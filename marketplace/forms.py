# SPDX-License-Identifier: EUPL-1.2
"""The shape of what people type. Whether it may be done is for the rules to say."""

from datetime import UTC, datetime
from typing import Any

from crispy_forms.bootstrap import AppendedText
from crispy_forms.helper import FormHelper
from crispy_forms.layout import Column, Field, Fieldset, Layout, Row
from django import forms
from django.contrib.auth import password_validation
from django.core.validators import MaxValueValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace import agents, consultation_writing, sign_up
from marketplace.countries import COUNTRIES, FRANCE
from marketplace.models import Agent, Consultation, Phase, Right, Service, User
from marketplace.registration_numbers import compact, is_siret

MAX_LOTS = 200
_LOCAL = "%Y-%m-%dT%H:%M"  # what a field of type datetime-local speaks
_LAST_INSTANT = datetime(9999, 1, 1, tzinfo=UTC)  # in every time zone


def instant_field(**options: Any) -> forms.DateTimeField:
    """To the minute, in the zone of the buyer."""
    widget = forms.DateTimeInput(format=_LOCAL, attrs={"type": "datetime-local"})
    return forms.DateTimeField(
        input_formats=[_LOCAL],
        widget=widget,
        validators=[MaxValueValidator(_LAST_INSTANT)],
        **options,
    )


def _helper(*layout: Any) -> FormHelper:
    """The form's tag and button stay in the template, beside what else the page holds."""
    helper = FormHelper()
    helper.form_tag = False
    helper.disable_csrf = True
    helper.layout = Layout(*layout)
    return helper


class ConsultationForm(forms.Form):
    reference = forms.CharField(
        label=_("Reference"),
        max_length=60,
        help_text=_("As in your notices, for instance 2027-014. No two of a service are the same."),
    )
    # Translators: « Objet »
    title = forms.CharField(label=_("Title"), max_length=300)
    # Translators: « Date limite de remise des plis »
    closes_at = instant_field(label=_("Deadline for bids"))
    # Translators: « Ouverture des plis prévue »
    opens_at = instant_field(
        label=_("Planned opening"), help_text=_("Keys must still be valid on that day.")
    )
    # Translators: « Enveloppe de candidature »
    wants_applications = forms.BooleanField(
        label=_("An application envelope"), required=False, initial=True
    )
    # Translators: « Enveloppe d'offre »
    wants_offers = forms.BooleanField(
        label=_("An offer envelope, for each lot if there are lots"), required=False, initial=True
    )

    is_test = forms.BooleanField(
        # Translators: « Consultation de test »
        label=_("Test consultation"),
        required=False,
        help_text=_(
            "Companies rehearse there. It stays on line, its deadline moves forward by itself, and "
            "it is never opened."
        ),
    )

    def __init__(self, *args: Any, may_be_test: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zone = timezone.get_current_timezone_name()
        rehearsal = [Fieldset(_("Rehearsal"), "is_test", css_class="panel")]
        if not may_be_test:
            del self.fields["is_test"]
        self.helper = _helper(
            Fieldset(
                _("What is tendered"),
                Row(Column("reference", css_class="col-md-4"), Column("title")),
                css_class="panel",
            ),
            Fieldset(
                _("When"),
                Row(
                    Column(AppendedText("closes_at", zone), css_class="col-md-6"),
                    Column(AppendedText("opens_at", zone), css_class="col-md-6"),
                ),
                css_class="panel",
            ),
            Fieldset(
                _("What a bid contains"), "wants_applications", "wants_offers", css_class="panel"
            ),
            *(rehearsal if may_be_test else ()),
        )

    def clean(self) -> dict[str, Any]:
        if not (
            self.cleaned_data.get("wants_applications") or self.cleaned_data.get("wants_offers")
        ):
            self.add_error("wants_offers", _("Choose at least one envelope."))
        return self.cleaned_data

    def details(self, lots: "forms.BaseFormSet[LotForm]") -> consultation_writing.Details:
        titles = [
            lot.cleaned_data.get("title", "") for lot in lots if lot not in lots.deleted_forms
        ]
        typed = {"is_test": self.initial.get("is_test", False)} | self.cleaned_data
        return consultation_writing.Details(**typed, lots=tuple(filter(None, titles)))

    @staticmethod
    def initial_of(consultation: Consultation) -> dict[str, object]:
        names = (
            "reference",
            "title",
            "closes_at",
            "opens_at",
            "wants_applications",
            "wants_offers",
            "is_test",
        )
        return {name: getattr(consultation, name) for name in names}


class LotForm(forms.Form):
    title = forms.CharField(
        label=_("Title of the lot"),
        max_length=300,
        widget=forms.TextInput(attrs={"class": "form-control"}),
    )


LotFormSet = forms.formset_factory(
    LotForm, extra=1, can_delete=True, max_num=MAX_LOTS, validate_max=True
)


class ConsultationSearchForm(forms.Form):
    q = forms.CharField(
        label=_("Reference or title"),
        required=False,
        widget=forms.TextInput(attrs={"class": "form-control", "type": "search"}),
    )
    phase = forms.TypedChoiceField(
        label=_("State"),
        required=False,
        choices=[("", _("All states")), *Phase.choices],
        coerce=Phase,
        empty_value=None,
        widget=forms.Select(attrs={"class": "form-select"}),
    )


class JournalSearchForm(forms.Form):
    action = forms.CharField(
        label=_("Action"), required=False, widget=forms.TextInput(attrs={"class": "form-control"})
    )
    subject = forms.CharField(
        label=_("Subject"), required=False, widget=forms.TextInput(attrs={"class": "form-control"})
    )


class SignUpForm(forms.Form):
    country = forms.ChoiceField(
        label=_("Country of registration"), choices=COUNTRIES, initial=FRANCE
    )
    siret = forms.CharField(
        label=_("SIRET number"),
        required=False,
        max_length=30,
        help_text=_("14 digits, with or without spaces."),
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    foreign_number = forms.CharField(
        label=_("National registration number"),
        required=False,
        max_length=40,
        help_text=_("The number under which your company is registered in its country."),
    )
    company_name = forms.CharField(
        label=_("Company name"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    name = forms.CharField(
        label=_("Your first and last name"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = forms.EmailField(
        label=_("Your e-mail address"),
        max_length=254,
        help_text=_("You sign in with it, and receipts refer to it."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=1000,
        help_text=_("12 characters at least; a sentence is easy to remember."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = _helper(
            Fieldset(
                _("Your company"),
                "country",
                Field("siret"),
                Field("foreign_number"),
                "company_name",
                css_class="panel sign-up-company",
            ),
            Fieldset(_("Yourself"), "name", "email", "password", css_class="panel"),
        )

    def clean_siret(self) -> str:
        return compact(self.cleaned_data["siret"])

    def clean_foreign_number(self) -> str:
        return " ".join(self.cleaned_data["foreign_number"].split()).upper()

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if data.get("country") == FRANCE and not is_siret(data.get("siret", "")):
            self.add_error(
                "siret",
                _(
                    "This is not a SIRET number: it has 14 digits, of which the last checks the others."
                ),
            )
        if data.get("country") != FRANCE and not data.get("foreign_number"):
            self.add_error("foreign_number", _("Give the number of your company in its country."))
        self._check_password()
        return data

    def _check_password(self) -> None:
        data = self.cleaned_data
        person = User(email=data.get("email", ""), name=data.get("name", ""))
        try:
            password_validation.validate_password(data.get("password", ""), person)
        except forms.ValidationError as error:
            if "password" not in self.errors:
                self.add_error("password", error)

    def details(self) -> sign_up.Details:
        data = self.cleaned_data
        number = data["siret"] if data["country"] == FRANCE else data["foreign_number"]
        return sign_up.Details(
            country=data["country"],
            number=number,
            company_name=data["company_name"],
            name=data["name"],
            email=data["email"].lower(),
            password=data["password"],
        )


class PlaceForm(forms.Form):
    """Where an agent works, and what the agent may do."""

    service = forms.ModelChoiceField(
        label=_("Service"), queryset=Service.objects.none(), empty_label=None
    )
    is_administrator = forms.BooleanField(
        label=_("Administrator"),
        required=False,
        help_text=_("Has every right in every service of the organisation, and invites agents."),
    )
    # Translators: « Habilitations »
    rights = forms.TypedMultipleChoiceField(
        label=_("Rights"),
        choices=Right.choices,
        coerce=Right,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Managing the key pairs of other services includes those of the own one."),
    )

    def __init__(self, *args: Any, administrator: Agent, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        services = Service.objects.filter(organisation=administrator.service.organisation_id)
        self.fields["service"].queryset = services.order_by("name")  # type: ignore[attr-defined] # a ModelChoiceField
        self.helper = _helper(*self.fields)

    def place(self) -> agents.Place:
        data = self.cleaned_data
        return agents.Place(data["service"], data["is_administrator"], frozenset(data["rights"]))


class InvitationForm(PlaceForm):
    name = forms.CharField(label=_("First and last name"), max_length=150)
    email = forms.EmailField(label=_("E-mail address"), max_length=254)

    field_order = ["name", "email"]


class AgentForm(PlaceForm):
    is_active = forms.BooleanField(
        label=_("Active account"),
        required=False,
        help_text=_("Without it the person is signed out at once and cannot sign in."),
    )

    @staticmethod
    def initial_of(agent: Agent) -> dict[str, object]:
        return {
            "service": agent.service_id,
            "is_administrator": agent.is_administrator,
            "rights": [right.value for right in Right if getattr(agent, right.value)],
            "is_active": agent.user.is_active,
        }
