"""The lists of campaigns and of Canvases."""

from typing import Any

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from campaigns.models import Campaign, State
from campaigns.pages.base import CampaignPage

TONES = {
    State.DRAFT.value: "info",
    State.SCHEDULED.value: "info",
    State.SENDING.value: "warning",
    State.PAUSED.value: "warning",
    State.STOPPED.value: "danger",
    State.SENT.value: "success",
}


class ArchivedFilter(admin.SimpleListFilter):
    """Active ones unless archived ones are asked for."""

    title = _("archive")
    parameter_name = "archived"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("In the archive"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(archived_at__isnull=self.value() != "yes")


class ListPage(CampaignPage):
    list_display = ("name", "shown_state", "audience_size", "tag_list", "updated_at", "updated_by")
    list_display_links = ("name",)
    list_select_related = ("launch",)
    list_filter = ("state", ArchivedFilter)
    list_per_page = 25
    search_fields = ("name", "description", "tags")
    search_help_text = _("Words of name, description or tags")
    ordering = ("-updated_at",)
    empty_template = "campaigns/partials/none.html"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(size=F("launch__audience_size"))

    @display(description=_("state"), label=TONES, ordering="state")
    def shown_state(self, campaign: Campaign) -> tuple[str, str]:
        return campaign.state, campaign.get_state_display()

    @display(description=_("audience"), ordering="size")
    def audience_size(self, campaign: Any) -> int | None:
        size: int | None = campaign.size
        return size

    @display(description=_("tags"))
    def tag_list(self, campaign: Campaign) -> str:
        return ", ".join(campaign.tags)
