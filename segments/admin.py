from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from segments.builder.pages import BuilderAdmin
from segments.models import Segment
from segments.pages.bulk import BulkActions
from segments.pages.changes import ChangePages
from segments.pages.detail import DetailPage
from segments.pages.export import ExportPage
from segments.pages.listing import ListPage
from segments.pages.versions import VersionPages
from workspaces.current import current_workspace


@admin.register(Segment)
class SegmentAdmin(
    ListPage, BulkActions, DetailPage, ExportPage, VersionPages, ChangePages, BuilderAdmin
):
    """The workspace's segments: their list, a page for each (see `segments.pages`), and the form
    that makes them (see `segments.builder.form`).
    """

    def get_queryset(self, request: HttpRequest) -> QuerySet[Segment]:
        found: QuerySet[Segment] = super().get_queryset(request)
        return found.filter(workspace=current_workspace(request))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(super().has_add_permission(request)) and bool(current_workspace(request))

    def has_delete_permission(self, request: HttpRequest, obj: Segment | None = None) -> bool:
        return False
