"""What people type to prove who they are."""

from typing import Any, ClassVar

from django import forms
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from unfold.forms import AdminOwnPasswordChangeForm
from unfold.widgets import (
    UnfoldAdminEmailInputWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminTextInputWidget,
)

from workspaces.accounts.notes import note
from workspaces.models import User

MOST = 40


class CodeForm(forms.Form):
    """The code of an app, or a recovery code."""

    code = forms.CharField(
        label=_("Code"),
        max_length=MOST,
        widget=UnfoldAdminTextInputWidget(
            {
                "autocomplete": "one-time-code",
                "autocapitalize": "none",
                "spellcheck": "false",
                "autofocus": True,
            }
        ),
    )


class PasswordForm(forms.Form):
    """Once more the password, before what would weaken an account."""

    password = forms.CharField(
        label=_("Your password"),
        strip=False,
        widget=UnfoldAdminPasswordWidget({"autocomplete": "current-password"}),
    )


class DetailsForm(forms.ModelForm):  # type: ignore[type-arg]
    """One's own name and address. Nobody signs in with the address, nor must have one."""

    class Meta:
        model = User
        fields = ("first_name", "last_name", "email")
        labels: ClassVar = {
            "first_name": _("First name"),
            "last_name": _("Last name"),
            "email": _("Email address"),
        }
        help_texts: ClassVar = {"email": _("Tests of messages go there.")}
        widgets: ClassVar = {
            "first_name": UnfoldAdminTextInputWidget({"autocomplete": "given-name"}),
            "last_name": UnfoldAdminTextInputWidget({"autocomplete": "family-name"}),
            "email": UnfoldAdminEmailInputWidget({"autocomplete": "email"}),
        }


class NewPasswordForm(AdminOwnPasswordChangeForm):  # type: ignore[misc]
    """The theme's, with an audit row. Every other session ends, because it knew the old one."""

    @transaction.atomic
    def save(self, commit: bool = True) -> Any:
        person = super().save(commit)
        note(person, "user.password_changed", by=person)
        return person
