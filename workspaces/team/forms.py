"""What people say when they invite somebody, change a role, or join."""

from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminEmailInputWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminTextInputWidget,
)

from workspaces.models import User
from workspaces.roles import DESCRIPTIONS, Role

# As long as a user name may be, which the address becomes.
MOST_EMAIL = 150


def role_field() -> forms.ChoiceField:
    return forms.ChoiceField(
        label=_("Role"),
        choices=Role.choices,
        initial=Role.VIEWER,
        widget=forms.RadioSelect(),
    )


class RoleForm(forms.Form):
    role = role_field()

    @property
    def roles(self) -> list[tuple[Any, Any]]:
        """Each choice, with what the role may do."""
        radios = list(self["role"])
        return [(radio, DESCRIPTIONS[radio.data["value"]]) for radio in radios]


class InvitationForm(RoleForm):
    email = forms.EmailField(
        label=_("Email address"),
        max_length=MOST_EMAIL,
        widget=UnfoldAdminEmailInputWidget({"autocomplete": "off"}),
    )
    field_order = ("email", "role")


class NewAccountForm(forms.Form):
    first_name = forms.CharField(
        label=_("First name"),
        max_length=User._meta.get_field("first_name").max_length,
        widget=UnfoldAdminTextInputWidget({"autocomplete": "given-name"}),
    )
    last_name = forms.CharField(
        label=_("Last name"),
        max_length=User._meta.get_field("last_name").max_length,
        required=False,
        widget=UnfoldAdminTextInputWidget({"autocomplete": "family-name"}),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        help_text=password_validation.password_validators_help_text_html,
        widget=UnfoldAdminPasswordWidget({"autocomplete": "new-password"}),
    )

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        password_validation.validate_password(password)
        return password
