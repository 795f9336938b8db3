"""The members of a segment as a file: streamed as CSV at once, or made in the background."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.http.response import HttpResponseBase
from django.urls import URLPattern, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pyroaring import BitMap64

from common import bitmaps
from common.snapshots import snapshot
from imports.results import file_name
from segments import evaluation, paths
from segments.exporting import kind, rows
from segments.exporting.membership import Order
from segments.models import Segment
from segments.pages.base import EXPORT, SEE_USERS, SegmentPage
from segments.reading import InvalidTree
from segments.tree import parse
from workspaces import audit
from workspaces.current import signed_in

# Users that are read at once.
AT_ONCE = 2_500


class Column(NamedTuple):
    """A field of `profiles.exporting`, what people call it, and whether it is chosen at first."""

    field: str
    title: Any
    is_usual: bool = False


COLUMNS = (
    Column("external_id", gettext_lazy("External id"), True),
    Column("user_aliases", gettext_lazy("Aliases"), True),
    Column("email", gettext_lazy("Email"), True),
    Column("phone", gettext_lazy("Phone")),
    Column("first_name", gettext_lazy("First name")),
    Column("last_name", gettext_lazy("Last name")),
    Column("country", gettext_lazy("Country")),
    Column("language", gettext_lazy("Language")),
    Column("devices", gettext_lazy("Devices")),
    Column("custom_attributes", gettext_lazy("Custom attributes")),
    Column("created_at", gettext_lazy("Created")),
    Column("braze_id", gettext_lazy("Id in the REST API")),
)


class ExportPage(SegmentPage):
    def get_urls(self) -> list[URLPattern]:
        return [self.route("export/", self.export_view, "export"), *super().get_urls()]

    def export_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        segment = self.found(request, object_id)
        if not (request.user.has_perm(EXPORT) and request.user.has_perm(SEE_USERS)):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        chosen = set(request.POST.getlist("column"))
        fields = tuple(column.field for column in COLUMNS if column.field in chosen)
        if not fields:
            messages.error(request, _("Choose at least one column to export."))
            return HttpResponseRedirect(paths.page_of(segment.pk))
        try:
            if "_background" in request.POST:
                return _begin(request, segment, fields)
            return _stream(request, segment, fields)
        except InvalidTree:
            messages.error(request, _("The filters can't be evaluated. Mend them first."))
            return HttpResponseRedirect(paths.page_of(segment.pk))


def _begin(request: HttpRequest, segment: Segment, fields: tuple[str, ...]) -> HttpResponse:
    order = Order(str(segment.pk), segment.name, "csv", fields)
    job = kind.begin(segment, order, by=signed_in(request))
    return HttpResponseRedirect(reverse("admin:imports_job_change", args=[job.pk]))


def _stream(
    request: HttpRequest, segment: Segment, fields: tuple[str, ...]
) -> StreamingHttpResponse:
    """The file while it is made: whom it holds is settled first, all of one moment.

    No transaction stays open for as long as somebody's connection takes.
    """
    workspace_id = segment.workspace_id
    with snapshot():
        blocks = evaluation.members_of(workspace_id, parse(segment.filters))
        members = bitmaps.join((number, positions) for number, positions in blocks if positions)
    audit.record(
        workspace=segment.workspace,
        by=signed_in(request),
        action="segment.exported",
        object_type="segment",
        object_id=str(segment.pk),
        details={"members": len(members), "columns": list(fields)},
    )
    answer = StreamingHttpResponse(
        _lines(workspace_id, members, fields), content_type="text/csv; charset=utf-8"
    )
    name = file_name(f"{segment.name}.csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _lines(workspace_id: int, members: BitMap64, fields: Sequence[str]) -> Iterator[bytes]:
    yield rows.header(fields)
    for start in range(0, len(members), AT_ONCE):
        profile_ids = list(members[start : start + AT_ONCE])
        users = rows.users_of(workspace_id, profile_ids, fields=fields)
        yield rows.as_table(users, fields)
