"""What people say about a REST API key beside its label: what it may do, and from where."""

import ipaddress
import re
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget

from workspaces import keys
from workspaces.key_pages import permissions
from workspaces.key_pages.forms import KeyForm
from workspaces.key_pages.permissions import Group
from workspaces.permissions import PERMISSIONS

MOST_NETWORKS = 100


class RestKeyForm(KeyForm):
    permissions = forms.MultipleChoiceField(
        label=gettext_lazy("What it may do"),
        choices=[(name, name) for name in PERMISSIONS],
        widget=forms.CheckboxSelectMultiple(),
        error_messages={
            "required": gettext_lazy("Choose at least one: a key without opens nothing.")
        },
    )
    networks = forms.CharField(
        label=gettext_lazy("Works only from"),
        required=False,
        help_text=gettext_lazy(
            "Addresses or networks, one a line, like 203.0.113.7 or 203.0.113.0/24. Left empty, "
            "it works from anywhere."
        ),
        widget=UnfoldAdminTextareaWidget({"rows": 3, "spellcheck": "false"}),
    )
    field_order = ("label", "expires", "permissions", "networks")

    def clean_networks(self) -> list[str]:
        """The networks as they are stored, each once; every text that is none, with the reason."""
        texts = [text for text in re.split(r"[\s,;]+", self.cleaned_data["networks"]) if text]
        if len(texts) > MOST_NETWORKS:
            raise forms.ValidationError(
                _("At most %(most)d of them: name larger networks instead.")
                % {"most": MOST_NETWORKS}
            )
        if problems := [problem for text in texts if (problem := _problem(text))]:
            raise forms.ValidationError(problems)
        return list(dict.fromkeys(keys.network(text) for text in texts))

    def kept(self) -> dict[str, Any]:
        return {
            **super().kept(),
            "permissions": self.cleaned_data["permissions"],
            "allowed_networks": self.cleaned_data["networks"],
        }

    @property
    def permission_groups(self) -> list[Group]:
        return permissions.groups(set(self["permissions"].value() or ()))


def _problem(text: str) -> str:
    """What is wrong with a text that should be a network; empty when nothing is."""
    try:
        keys.network(text)
    except ValueError:
        pass
    else:
        return ""
    shown = text[:64]
    try:
        meant = ipaddress.ip_network(text.partition("%")[0], strict=False)
    except ValueError:
        return _("%(text)s is neither an address nor a network.") % {"text": shown}
    return _("%(text)s is not quite a network: did you mean %(network)s?") % {
        "text": shown,
        "network": meant,
    }
