"""What can be done to a segment on its page: star, duplicate, archive, restore."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from segments import paths, services, stars
from segments.pages.base import SegmentPage
from segments.pages.wording import refusal
from workspaces.current import signed_in


class ChangePages(SegmentPage):
    def get_urls(self) -> list[URLPattern]:
        ours = [
            self.route("star/", self.star_view, "star"),
            self.route("duplicate/", self.duplicate_view, "duplicate"),
            self.route("archive/", self.archive_view, "archive"),
            self.route("restore/", self.restore_view, "restore"),
        ]
        return ours + list(super().get_urls())

    def star_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        segment = self.found(request, object_id, to_change=True)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        stars.toggle(segment, by=signed_in(request))
        return HttpResponseRedirect(_back(request) or paths.page_of(segment.pk))

    def duplicate_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        segment = self.found(request, object_id, to_change=True)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        name = _("Copy of %(name)s") % {"name": segment.name}
        copy = services.duplicate(segment, name=name, by=signed_in(request))
        messages.success(request, _("This is %(name)s.") % {"name": copy.name})
        return HttpResponseRedirect(paths.builder_of(copy.pk))

    def archive_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        segment = self.found(request, object_id, to_change=True)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            services.archive(segment, by=signed_in(request))
            messages.success(request, _("%(name)s is archived.") % {"name": segment.name})
        except services.SegmentInUse as error:
            messages.error(request, refusal(error))
        return HttpResponseRedirect(paths.page_of(segment.pk))

    def restore_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        segment = self.found(request, object_id, to_change=True)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            services.restore(segment, by=signed_in(request))
            messages.success(request, _("%(name)s is back.") % {"name": segment.name})
        except services.NameTaken as error:
            messages.error(request, refusal(error))
        return HttpResponseRedirect(paths.page_of(segment.pk))


def _back(request: HttpRequest) -> str:
    """The page that the button was on, if it is one of ours."""
    page = request.headers.get("Referer", "")
    is_ours = url_has_allowed_host_and_scheme(page, {request.get_host()}, request.is_secure())
    return page if is_ours else ""
