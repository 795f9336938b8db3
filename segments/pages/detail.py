"""A segment's own page, to look at; the form that changes it is `segments.builder.form`."""

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import URLPattern

from segments.members import LARGEST_ID
from segments.models import Star
from segments.pages.base import EXPORT, SEE_USERS, SegmentPage
from segments.pages.export import COLUMNS
from segments.pages.portrait import Portrait, read_audience
from workspaces.current import signed_in


class DetailPage(SegmentPage):
    def get_urls(self) -> list[URLPattern]:
        return [self.route("detail/", self.detail_view, "detail"), *super().get_urls()]

    def detail_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        segment = self.found(request, object_id)
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        may_see_users = request.user.has_perm(SEE_USERS)
        audience = read_audience(
            segment,
            after=_place(request.GET.get("after", "")),
            before=_place(request.GET.get("before", "")),
            with_users=may_see_users,
        )
        portrait = Portrait(segment, audience)
        rows, versions = portrait.versions(request.GET.get("versions"))
        person = signed_in(request)
        return self.segment_page(
            request,
            "segments/detail.html",
            segment,
            portrait=portrait,
            audience=audience,
            rows=rows,
            versions=versions,
            is_starred=Star.objects.filter(segment=segment, user=person).exists(),
            may_see_users=may_see_users,
            may_export=may_see_users and request.user.has_perm(EXPORT),
            columns=COLUMNS,
        )


def _place(text: str) -> int:
    """The id that an address names; 0 where it names none."""
    is_number = text.isascii() and text.isdigit() and len(text) < 20
    return min(int(text), LARGEST_ID) if is_number else 0
