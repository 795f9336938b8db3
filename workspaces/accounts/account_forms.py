"""The forms for signing in, and those in which accounts are made and changed.

Django's own words speak of its admin site and of permissions; here somebody is in a team,
or runs the installation.
"""

from typing import Any, ClassVar

from django import forms
from django.contrib.auth.forms import UserCreationForm
from django.utils.translation import gettext_lazy as _
from unfold.forms import AuthenticationForm
from unfold.widgets import UnfoldAdminPasswordWidget

from workspaces.models import User

_WORDS = {
    "username": (_("Username"), _("Letters, digits and @ . + - _, 150 at most.")),
    "is_active": (
        _("Active"),
        _("Who leaves is made inactive, and can't sign in. The audit log keeps their name."),
    ),
    "is_staff": (
        _("May sign in"),
        _("To the dashboard. What they may do there, the teams of the workspaces say."),
    ),
    "is_superuser": (
        _("Runs the installation"),
        _("May do everything in every workspace, accounts and partners included."),
    ),
}


def _say(fields: dict[str, forms.Field]) -> None:
    for name, (label, help_text) in _WORDS.items():
        if name in fields:
            fields[name].label, fields[name].help_text = label, help_text


class SignInForm(AuthenticationForm):  # type: ignore[misc]
    """Says the same of a wrong name and of a wrong password, and knows no staff."""

    error_messages: ClassVar = {
        **AuthenticationForm.error_messages,
        "invalid_login": _("That is not the username with its password. Capitals matter in both."),
    }


class AccountForm(forms.ModelForm):  # type: ignore[type-arg]
    """An account as it is. Its password is set on a page of its own."""

    class Meta:
        model = User
        fields = ("username", "first_name", "last_name", "email")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self.fields)


class NewAccountForm(UserCreationForm):  # type: ignore[type-arg]
    """A name and a password; whoever signs in here has one, so there is no way to go without."""

    class Meta(UserCreationForm.Meta):
        model = User

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self.fields)
        for name in ("password1", "password2"):
            self.fields[name].widget = UnfoldAdminPasswordWidget(
                attrs={"autocomplete": "new-password"}
            )
