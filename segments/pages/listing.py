"""The list of segments: exact sizes, what uses them, and how it is searched and sorted."""

from typing import Any

from django.contrib import admin
from django.contrib.postgres.fields import ArrayField
from django.db.models import F, Func, IntegerField, OrderBy, QuerySet, UUIDField, Value
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from unfold.decorators import display
from unfold.views import ChangeList

from common.snapshots import snapshot
from segments import paths, usage
from segments.models import Segment
from segments.pages.base import SegmentPage
from segments.sizes import sizes
from workspaces.current import current_workspace, signed_in

# What the column of sizes is sorted by: nothing in the database.
SIZE = "counted_size"


class SegmentList(ChangeList):  # type: ignore[misc]
    """Counts whom the segments of the page that is shown reach, in one pass.

    Sorted by size, all that the filters leave are counted, in passes of a hundred.
    """

    counted: dict[Any, int | None]

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        self.counted = {}
        found: QuerySet[Any] = super().get_queryset(request, exclude_parameters)
        return found.with_star_of(signed_in(request))  # type: ignore[attr-defined,no-any-return]

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        ordering: list[Any] = super().get_ordering(request, queryset)
        if {SIZE, f"-{SIZE}"}.isdisjoint(part for part in ordering if isinstance(part, str)):
            return ordering
        self.counted = _sizes(request, list(queryset.only("pk", "filters", "workspace")))
        ranked = sorted(self.counted, key=lambda pk: (self.counted[pk] or 0, str(pk)))
        return [_by_size(part, ranked) for part in ordering]

    def get_results(self, request: HttpRequest) -> None:
        with snapshot():
            super().get_results(request)
            self.result_list: list[Any] = list(self.result_list)
            shown = [segment for segment in self.result_list if segment.pk not in self.counted]
            counted = self.counted | _sizes(request, shown)
            workspace = current_workspace(request)
            ids = [segment.pk for segment in self.result_list]
            uses = usage.uses_of_each(workspace.pk if workspace else 0, ids)
        for segment in self.result_list:
            segment.size = counted[segment.pk]
            segment.uses = uses[segment.pk]

    def url_for_result(self, result: Any) -> str:
        return paths.page_of(result.pk)


def _sizes(request: HttpRequest, segments: list[Segment]) -> dict[Any, int | None]:
    workspace = current_workspace(request)
    return sizes(workspace.pk, segments) if workspace and segments else {}


def _by_size(part: Any, ranked: list[Any]) -> Any:
    if part not in (SIZE, f"-{SIZE}"):
        return part
    places = Value(ranked, output_field=ArrayField(UUIDField()))
    place = Func(places, F("pk"), function="array_position", output_field=IntegerField())
    return OrderBy(place, descending=part.startswith("-"), nulls_last=True)


class StateFilter(admin.SimpleListFilter):
    """Active ones unless archived ones are asked for."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("archived", pgettext_lazy("segments", "Archived"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(archived_at__isnull=self.value() != "archived")


class StarFilter(admin.SimpleListFilter):
    title = _("starred")
    parameter_name = "starred"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("Starred"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() != "yes":
            return queryset
        return queryset.starred_by(signed_in(request))  # type: ignore[attr-defined,no-any-return]


class TagFilter(admin.SimpleListFilter):
    title = _("tag")
    parameter_name = "tag"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(tag, tag) for tag in Segment.objects.tags_in(current_workspace(request))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        tag = self.value()
        if not tag:
            return queryset
        return queryset.tagged(tag)  # type: ignore[attr-defined,no-any-return]


class ListPage(SegmentPage):
    change_list_template = "segments/list.html"
    list_display: Any = ("star", "name", "size", "tag_list", "used_by", "last_edited")
    list_display_links: Any = ("name",)
    list_select_related = ("workspace",)
    list_filter: Any = (StateFilter, StarFilter, TagFilter)
    list_per_page = 50
    empty_template = "segments/partials/none.html"
    search_fields = ("name",)
    add_words = _("New segment")
    search_help_text = _("Words of name, description or tags")
    ordering = ("-updated_at",)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return SegmentList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return queryset.search(search_term), False  # type: ignore[attr-defined]

    @display(description=_("star"))
    def star(self, segment: Segment) -> str:
        return render_to_string("segments/partials/star.html", {"segment": segment})

    @display(description=_("size"), ordering=SIZE)
    def size(self, segment: Any) -> str:
        return "-" if segment.size is None else number_format(segment.size)

    @display(description=_("tags"))
    def tag_list(self, segment: Segment) -> str:
        return render_to_string("segments/partials/tags.html", {"tags": segment.tags})

    @display(description=_("last edited"), ordering="updated_at")
    def last_edited(self, segment: Segment) -> str:
        return render_to_string("segments/partials/edited.html", {"segment": segment})

    @display(description=_("used by"))
    def used_by(self, segment: Any) -> str:
        return render_to_string("segments/partials/uses.html", {"uses": segment.uses})
