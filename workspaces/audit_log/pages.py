"""The audit log in the dashboard: what was done, in words, to what, by name."""

import json
from typing import Any

from django.contrib.admin import ShowFacets
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.views import ChangeList

from workspaces.audit_log.export import as_csv
from workspaces.audit_log.filters import FILTERS, matching
from workspaces.audit_log.names import Named, names
from workspaces.audit_log.words import words
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
    list_display = ("at", "actor", "done", "what", "shown_address", "workspace")
    list_display_links = ("at",)
    list_select_related = ("workspace",)
    list_filter = tuple(FILTERS)
    list_filter_submit = True
    show_facets = ShowFacets.NEVER
    list_before_template = "workspaces/partials/audit_export.html"
    search_fields = ("actor",)  # what is searched: `audit_log.filters.matching`
    search_help_text = _("Who, what was done, object or details")
    fields = ("at", "actor", "done", "what", "shown_address", "workspace", "shown_details")
    readonly_fields = fields

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.export_view)
        ours = path("export/", view, name="workspaces_auditentry_export")
        return [ours, *super().get_urls()]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AuditEntry], search_term: str
    ) -> tuple[QuerySet[AuditEntry], bool]:
        return queryset.filter(matching(search_term)), False

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """The entries that the list shows with the same search and filters, all pages of them."""
        if not self.has_view_permission(request) or request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        try:
            entries = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters:
            return redirect("admin:workspaces_auditentry_changelist")
        answer = StreamingHttpResponse(as_csv(entries), content_type="text/csv; charset=utf-8")
        answer.headers["Content-Disposition"] = 'attachment; filename="audit-log.csv"'
        return answer

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return NamedChangeList

    @display(description=_("what"), ordering="action")
    def done(self, entry: AuditEntry) -> str:
        return words(entry.action)

    @display(description=_("object"))
    def what(self, entry: Any) -> str:
        named: Named = entry.named if hasattr(entry, "named") else names([entry])[entry.pk]
        return render_to_string("workspaces/partials/audited.html", {"named": named})

    @display(description=_("from where"), ordering="address")
    def shown_address(self, entry: AuditEntry) -> str:
        return entry.address or "-"

    @display(description=_("details"))
    def shown_details(self, entry: AuditEntry) -> str:
        context = {"text": json.dumps(entry.details, indent=2, ensure_ascii=False)}
        return render_to_string("workspaces/partials/details.html", context)
