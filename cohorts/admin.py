from typing import Any

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.views import ChangeList

from cohorts.models import Cohort
from cohorts.parked_admin import ParkedActions
from cohorts.search import search
from cohorts.sizes import Size, sizes
from common.ages import when
from common.snapshots import snapshot
from workspaces.current import current_workspace
from workspaces.model_admin import ReadOnlyAdmin


class SizedChangeList(ChangeList):  # type: ignore[misc]
    """Counts the cohorts of the page that is shown, and no others."""

    def get_results(self, request: HttpRequest) -> None:
        with snapshot():
            super().get_results(request)
            self.result_list: list[Cohort] = list(self.result_list)
            attach_sizes(self.result_list)


def attach_sizes(cohorts: list[Any]) -> None:
    """Give each cohort, all of one workspace, its `size`."""
    if cohorts:
        counted = sizes(cohorts[0].workspace_id, [cohort.pk for cohort in cohorts])
        for cohort in cohorts:
            cohort.size = counted[cohort.pk]


@admin.register(Cohort)
class CohortAdmin(ParkedActions, ReadOnlyAdmin):
    """The workspace's cohorts. Nothing here can take a person out of one."""

    list_display = ("display_name", "partner", "matched", "waiting", "received_at", "shown_state")
    list_display_links = ("display_name",)
    list_select_related = ("partner", "head", "cursor")
    list_filter = (("partner", admin.RelatedOnlyFieldListFilter),)
    list_per_page = 50
    empty_template = "cohorts/partials/none.html"
    actions_detail = ("retry", "skip")
    search_fields = ("name",)
    search_help_text = _("Name, cohort id or export file name")
    ordering = (F("head__last_received_at").desc(nulls_last=True), "-pk")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("display_name", "partner"),
                    ("external_id", "export_file_name"),
                    "former",
                )
            },
        ),
        (
            _("Size"),
            {"fields": (("matched", "waiting"), ("received", "pending"))},
        ),
        (
            _("Times"),
            {"fields": (("created_at", "first_created_at"), ("received_at", "applied_at"))},
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Cohort]:
        found: QuerySet[Cohort] = super().get_queryset(request)
        here = found.filter(workspace=current_workspace(request))
        return here.select_related(*self.list_select_related)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return SizedChangeList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Cohort], search_term: str
    ) -> tuple[QuerySet[Cohort], bool]:
        return search(queryset, search_term), False

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        with snapshot():
            cohort = super().get_object(request, object_id, from_field)
            attach_sizes([cohort] if cohort else [])
        return cohort

    @display(description=_("name"), ordering="name")
    def display_name(self, cohort: Cohort) -> str:
        return cohort.display_name

    @display(description=_("size"))
    def matched(self, cohort: Any) -> str:
        return number_format(_size(cohort).matched)

    @display(description=_("waiting"))
    def waiting(self, cohort: Any) -> str:
        return number_format(_size(cohort).waiting)

    @display(description=_("last updated"), ordering="head__last_received_at")
    def received_at(self, cohort: Cohort) -> str:
        return when(cohort.head.last_received_at)

    @display(description=_("last applied"))
    def applied_at(self, cohort: Cohort) -> str:
        return when(cohort.cursor.last_applied_at)

    @display(description=_("ids received"))
    def received(self, cohort: Cohort) -> str:
        return number_format(cohort.head.ids_received)

    @display(description=_("ids not applied yet"))
    def pending(self, cohort: Cohort) -> str:
        return number_format(cohort.head.ids_received - cohort.cursor.ids_applied)

    @display(description=_("former names"))
    def former(self, cohort: Cohort) -> str:
        return ", ".join(former.name for former in cohort.former_names.all())

    @display(
        description=_("state"),
        label={"parked": "danger", "archived": "info", "unnamed": "warning", "": "success"},
    )
    def shown_state(self, cohort: Cohort) -> tuple[str, Any]:
        if cohort.cursor.parked_at:
            return "parked", _("parked")
        if cohort.archived_at:
            return "archived", _("archived")
        return ("", _("receiving")) if cohort.name else ("unnamed", _("unnamed"))


def _size(cohort: Any) -> Size:
    size: Size = cohort.size
    return size
