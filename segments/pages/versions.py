"""A version of a segment: what changed with it, what it was, and bringing it back."""

from django.contrib import messages
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.urls import URLPattern
from django.utils.translation import gettext as _

from segments import paths, services
from segments.differences import differences, filter_lines
from segments.models import Segment, Version
from segments.pages.base import SegmentPage
from segments.pages.wording import refusal
from segments.reading import InvalidTree
from workspaces.current import signed_in


class VersionPages(SegmentPage):
    def get_urls(self) -> list[URLPattern]:
        tail = "versions/<int:number>/"
        ours = [
            self.route(tail, self.version_view, "version"),
            self.route(f"{tail}restore/", self.bring_back_view, "version_restore"),
        ]
        return ours + list(super().get_urls())

    def version_view(self, request: HttpRequest, object_id: str, number: int) -> HttpResponse:
        segment = self.found(request, object_id)
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        version = _version(segment, number)
        newest = _version(segment, segment.version)
        earlier = segment.versions.filter(number__lt=number).order_by("-number").first()
        later = segment.versions.filter(number__gt=number).order_by("number").first()
        return self.segment_page(
            request,
            "segments/version.html",
            segment,
            version=version,
            earlier=earlier,
            later=later,
            is_newest=version.number == newest.number,
            changed=differences(version, earlier) if earlier else [],
            since=differences(newest, version),
            lines=filter_lines(version),
        )

    def bring_back_view(self, request: HttpRequest, object_id: str, number: int) -> HttpResponse:
        segment = self.found(request, object_id, to_change=True)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        _version(segment, number)
        try:
            services.bring_back(segment, number, by=signed_in(request))
        except services.InvalidSegment as error:
            messages.error(request, refusal(error))
            return HttpResponseRedirect(paths.version_of(segment.pk, number))
        except InvalidTree:
            messages.error(
                request,
                _("Its filters can't be used any more: they would form a circle, or lead too far."),
            )
            return HttpResponseRedirect(paths.version_of(segment.pk, number))
        text = _("Version %(number)s is back. What it replaced is still among the versions.")
        messages.success(request, text % {"number": number})
        return HttpResponseRedirect(paths.page_of(segment.pk))


def _version(segment: Segment, number: int) -> Version:
    """Raises `Http404` where there is none of that number."""
    version = segment.versions.select_related("segment").filter(number=number).first()
    if version is None:
        raise Http404
    return version
