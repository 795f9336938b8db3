"""What the pages over one segment have in common."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path

from segments.models import Segment
from workspaces.model_admin import WalledAdmin

EXPORT = "segments.export_segment"
SEE_USERS = "profiles.view_profile"


class SegmentPage(WalledAdmin):
    def route(self, tail: str, view: Any, name: str) -> URLPattern:
        """The address of a page below that of a segment."""
        wrapped = self.admin_site.admin_view(view)
        found: URLPattern = path(
            f"<path:object_id>/{tail}", wrapped, name=f"segments_segment_{name}"
        )
        return found

    def found(self, request: HttpRequest, object_id: str, *, to_change: bool = False) -> Segment:
        """The segment of the current workspace, for someone who may see it, or change it."""
        segment: Segment | None = self.get_object(request, object_id)
        if segment is None:
            raise Http404
        may = self.has_change_permission if to_change else self.has_view_permission
        if not may(request, segment):
            raise PermissionDenied
        return segment

    def segment_page(
        self, request: HttpRequest, template: str, segment: Segment, **context: Any
    ) -> HttpResponse:
        may_change = self.has_change_permission(request, segment)
        return self.page(
            request, template, segment.name, original=segment, may_change=may_change, **context
        )
