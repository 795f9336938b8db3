"""What people say about a key when they make or rotate one."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from common import durations
from common.models import ApiKey

NOW = "now"

LIFETIMES = [
    ("", _("Never")),
    ("7d", _("In 7 days")),
    ("30d", _("In 30 days")),
    ("90d", _("In 90 days")),
    ("180d", _("In 180 days")),
    ("365d", _("In a year")),
]
GRACES = [
    (NOW, _("None: it is refused from the next request on")),
    ("1h", _("1 hour")),
    ("24h", _("24 hours")),
    ("7d", _("7 days")),
]


def expiry_field(label: Any) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, choices=LIFETIMES, required=False, widget=UnfoldAdminSelectWidget()
    )


class KeyForm(forms.Form):
    """A new key: what it is for, and how long it is meant to live."""

    label = forms.CharField(
        label=_("Label"),
        max_length=255,
        required=False,
        help_text=_("What it is for, so that you know it in a year. Optional."),
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off"}),
    )
    expires = expiry_field(_("Expires"))

    def kept(self) -> dict[str, Any]:
        """What the services take, after `is_valid`."""
        return {
            "label": self.cleaned_data["label"].strip(),
            "expires_in": lifetime(self.cleaned_data["expires"]),
        }


class RotationForm(forms.Form):
    """How long the old key goes on working, and how long the new one is meant to live."""

    grace = forms.ChoiceField(
        label=_("The old key goes on working for"),
        choices=GRACES,
        initial="24h",
        widget=UnfoldAdminRadioSelectWidget(),
    )

    expires = expiry_field(_("The new key expires"))

    @classmethod
    def of(cls, key: ApiKey) -> "RotationForm":
        """Unbound; a key that was given an expiry has a successor with one."""
        return cls(initial={"expires": _as_long_as(key)})

    def kept(self) -> dict[str, Any]:
        """What `keys.rotate` takes, after `is_valid`."""
        grace = self.cleaned_data["grace"]
        return {
            "grace": None if grace == NOW else durations.parse(grace),
            "expires_in": lifetime(self.cleaned_data["expires"]),
        }


def lifetime(chosen: str) -> timedelta | None:
    return durations.parse(chosen) if chosen else None


def _as_long_as(key: ApiKey) -> str:
    """The shortest choice that is no shorter than what the key was given."""
    if key.expires_at is None:
        return ""
    given = key.expires_at - key.created_at
    choices = [name for name, _words in LIFETIMES if name]
    return next((name for name in choices if durations.parse(name) >= given), choices[-1])
