"""The audit log in the dashboard: what was done, in words, to what, by name."""

import json
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.views import ChangeList

from workspaces.audit_names import Named, names
from workspaces.audit_words import words
from workspaces.model_admin import ReadOnlyAdmin
from workspaces.models import AuditEntry


class NamedChangeList(ChangeList):  # type: ignore[misc]
    """Names what the entries of the page are about, in one query for each kind."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list: list[Any] = list(self.result_list)
        named = names(self.result_list)
        for entry in self.result_list:
            entry.named = named[entry.pk]


class AuditPages(ReadOnlyAdmin):
    list_display = ("at", "actor", "done", "what", "workspace")
    list_display_links = ("at",)
    list_select_related = ("workspace",)
    fields = ("at", "actor", "done", "what", "workspace", "shown_details")
    readonly_fields = fields

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return NamedChangeList

    @display(description=_("what"), ordering="action")
    def done(self, entry: AuditEntry) -> str:
        return words(entry.action)

    @display(description=_("object"))
    def what(self, entry: Any) -> str:
        named: Named = entry.named if hasattr(entry, "named") else names([entry])[entry.pk]
        return render_to_string("workspaces/partials/audited.html", {"named": named})

    @display(description=_("details"))
    def shown_details(self, entry: AuditEntry) -> str:
        context = {"text": json.dumps(entry.details, indent=2, ensure_ascii=False)}
        return render_to_string("workspaces/partials/details.html", context)
