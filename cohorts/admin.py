from typing import Any

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.views import ChangeList

from cohorts.models import Cohort
from cohorts.pages import listing
from cohorts.pages.changing import ChangingPages
from cohorts.pages.overview import OverviewPage
from cohorts.pages.portrait import state_of
from cohorts.pages.upload import UploadPages
from cohorts.parked_admin import ParkedActions
from cohorts.search import search
from common.ages import when
from workspaces.current import current_workspace


@admin.register(Cohort)
class CohortAdmin(ParkedActions, UploadPages, ChangingPages, OverviewPage):
    """The workspace's cohorts: their list and a page for each (see `cohorts.pages`).

    Nothing here takes a single person out of one.
    """

    change_list_template = "cohorts/list.html"
    list_display = (
        *("display_name", "partner_name", "matched", "waiting"),
        *("received_at", "used_by", "shown_state"),
    )
    list_display_links = ("display_name",)
    list_select_related = ("partner", "head", "cursor", "workspace")
    list_filter = (
        ("partner", admin.RelatedOnlyFieldListFilter),
        listing.FreshnessFilter,
        listing.StateFilter,
    )
    list_per_page = 50
    empty_template = "cohorts/partials/none.html"
    actions_detail = ("retry", "skip")
    search_fields = ("name",)
    search_help_text = _("Name, old name, id or export file name")
    ordering = (F("head__last_received_at").desc(nulls_last=True), "-pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Cohort]:
        found: QuerySet[Cohort] = super().get_queryset(request)
        here = found.filter(workspace=current_workspace(request))
        return here.select_related(*self.list_select_related)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return listing.CohortList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Cohort], search_term: str
    ) -> tuple[QuerySet[Cohort], bool]:
        return search(queryset, search_term), False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        context = {"may_upload": self.may_upload(request), **(extra_context or {})}
        return super().changelist_view(request, context)

    @display(description=_("name"), ordering=listing.BY_NAME)
    def display_name(self, cohort: Cohort) -> str:
        return render_to_string("cohorts/partials/name.html", {"cohort": cohort})

    @display(description=_("partner"), ordering="partner__name")
    def partner_name(self, cohort: Cohort) -> str:
        return cohort.partner.name

    @display(description=_("size"), ordering=listing.BY_SIZE)
    def matched(self, cohort: Any) -> str:
        return number_format(cohort.size.matched)

    @display(description=_("waiting"), ordering=listing.BY_WAITING)
    def waiting(self, cohort: Any) -> str:
        return number_format(cohort.size.waiting)

    @display(description=_("last updated"), ordering=listing.BY_UPDATE)
    def received_at(self, cohort: Cohort) -> str:
        return when(cohort.head.last_received_at)

    @display(description=_("used by"))
    def used_by(self, cohort: Any) -> str:
        return render_to_string("cohorts/partials/used_by.html", {"uses": cohort.uses})

    @display(
        description=_("state"),
        label={name: name for name in ("danger", "info", "warning", "success")},
    )
    def shown_state(self, cohort: Cohort) -> tuple[str, Any]:
        return state_of(cohort)
