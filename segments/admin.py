from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import display
from unfold.views import ChangeList

from common.snapshots import snapshot
from segments import evaluation, services
from segments.builder_admin import BuilderAdmin, shown_workspace, signed_in
from segments.models import Segment
from segments.reading import InvalidTree
from segments.tree import parse
from workspaces.current import current_workspace


class SizedChangeList(ChangeList):  # type: ignore[misc]
    """Counts whom the segments of the page that is shown reach, in one pass."""

    def get_results(self, request: HttpRequest) -> None:
        with snapshot():
            super().get_results(request)
            self.result_list: list[Any] = list(self.result_list)
            try:
                trees = [parse(segment.filters) for segment in self.result_list]
                sizes = evaluation.sizes_of(shown_workspace(request).pk, trees) if trees else []
            except InvalidTree:
                return
            for segment, size in zip(self.result_list, sizes, strict=True):
                segment.size = size


class StateFilter(admin.SimpleListFilter):
    """Active ones unless archived ones are asked for."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("archived", _("Archived"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(archived_at__isnull=self.value() != "archived")


@admin.register(Segment)
class SegmentAdmin(BuilderAdmin):
    """The workspace's segments, and the form that makes them (see `segments.builder`)."""

    list_display = ("name", "size", "tag_list", "updated_at", "updated_by")
    list_display_links = ("name",)
    list_select_related = True
    list_filter = (StateFilter,)
    list_per_page = 25
    empty_template = "segments/partials/none.html"
    search_fields = ("name", "description")
    ordering = ("-updated_at",)
    actions = ("archive_chosen",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Segment]:
        found: QuerySet[Segment] = super().get_queryset(request)
        return found.filter(workspace=current_workspace(request))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return SizedChangeList

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(super().has_add_permission(request)) and bool(current_workspace(request))

    def has_delete_permission(self, request: HttpRequest, obj: Segment | None = None) -> bool:
        return False

    @display(description=_("size"))
    def size(self, segment: Any) -> int | None:
        return getattr(segment, "size", None)

    @display(description=_("tags"))
    def tag_list(self, segment: Segment) -> str:
        return ", ".join(segment.tags)

    @admin.action(description=_("Archive"), permissions=["change"])
    def archive_chosen(self, request: HttpRequest, queryset: QuerySet[Segment]) -> None:
        archived = 0
        for segment in queryset:
            try:
                services.archive(segment, by=signed_in(request))
                archived += 1
            except services.SegmentInUse as error:
                messages.error(request, str(error))
        if archived:
            text = ngettext("%(n)s segment archived.", "%(n)s segments archived.", archived)
            messages.success(request, text % {"n": number_format(archived)})
