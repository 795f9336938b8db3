from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from partners.models import Partner
from workspaces.key_pages.forms import KeyForm


def name_field() -> forms.CharField:
    return forms.CharField(
        label=_("Name"),
        max_length=255,
        help_text=_("What people read, in lists and filters. It can be changed at any time."),
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off"}),
    )


class NameForm(forms.Form):
    name = name_field()


class PartnerForm(forms.Form):
    """A partner of one's own."""

    name = name_field()
    slug = forms.SlugField(
        label=_("Slug"),
        max_length=50,
        help_text=_("Stands in the paths of its calls and in filters, and stays for good."),
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off", "spellcheck": "false"}),
    )


class PartnerKeyForm(KeyForm):
    """A key of a partner, which the address may have chosen already."""

    partner = forms.ModelChoiceField(
        label=_("Partner"),
        queryset=Partner.objects.all(),
        to_field_name="slug",
        empty_label=None,
        widget=UnfoldAdminSelectWidget(),
    )
    field_order = ("partner", "label", "expires")

    def settle(self, partner: Partner) -> None:
        """Make a key of that one, and don't ask."""
        self.fields["partner"].initial = partner.slug
        self.fields["partner"].widget = forms.HiddenInput()

    def kept(self) -> dict[str, Any]:
        return {**super().kept(), "partner": self.cleaned_data["partner"]}


class TrialForm(forms.Form):
    """The keys of a test call. They aren't kept, and the page that answers doesn't repeat them."""

    client_secret = forms.CharField(
        label=_("Data import key"),
        max_length=255,
        widget=UnfoldAdminPasswordWidget({"autocomplete": "off"}),
    )
    partner_api_key = forms.CharField(
        label=_("Partner API key"),
        max_length=255,
        required=False,
        help_text=_("Optional. Without it, Quayside signs in for the partner."),
        widget=UnfoldAdminPasswordWidget({"autocomplete": "off"}),
    )
