"""A cohort's page, and the files and parts that it leads to."""

from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.text import slugify

from cohorts import id_files, overlap, sizes
from cohorts.models import Cohort
from cohorts.pages.base import CohortPage
from cohorts.pages.log import Log
from cohorts.pages.portrait import Portrait
from common.snapshots import snapshot


class OverviewPage(CohortPage):
    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        ours = [
            path(
                "<int:object_id>/waiting/", wrap(self.waiting_view), name="cohorts_cohort_waiting"
            ),
            path(
                "<int:object_id>/overlap/", wrap(self.overlap_view), name="cohorts_cohort_overlap"
            ),
        ]
        return [*ours, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        with snapshot():
            cohort = self.found(request, object_id)
            if request.method not in ("GET", "HEAD"):
                raise PermissionDenied
            return self.page(
                request,
                "cohorts/cohort.html",
                cohort.display_name,
                original=cohort,
                cohort=cohort,
                portrait=Portrait(cohort),
                log=Log(cohort).get_page(request.GET.get("log")),
                segment_url=_segment_url(cohort),
                may_change=self.may_change(request),
                may_upload=self.may_upload(request),
                may_see_keys=request.user.has_perm("partners.view_dataimportkey"),
                actions_detail=self._get_actions_navigation(
                    self.actions_detail, self.get_actions_detail(request, object_id), object_id
                ),
            ).render()

    def waiting_view(self, request: HttpRequest, object_id: int) -> HttpResponseBase:
        """The ids that match nobody yet, as a file."""
        cohort = self.found(request, object_id)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET"])
        waiting = sizes.waiting_ids(cohort.workspace_id, cohort.pk)
        rows = id_files.rows(cohort.workspace_id, waiting)
        return as_file(rows, f"{slugify(cohort.display_name) or 'cohort'}-waiting.csv")

    def overlap_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Asked for by the page once it stands, because it takes its time."""
        cohort = self.found(request, object_id)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET"])
        return self.page(
            request,
            "cohorts/overlap.html",
            cohort.display_name,
            original=cohort,
            cohort=cohort,
            overlap=overlap.of(cohort),
        )


def as_file(rows: Any, name: str) -> StreamingHttpResponse:
    answer = StreamingHttpResponse(rows, content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _segment_url(cohort: Cohort) -> str:
    """Where a segment begins that includes this cohort; segments are a higher app."""
    wanted = urlencode({"cohort": f"{cohort.partner.slug}:{cohort.external_id}"})
    return f"{reverse('admin:segments_segment_add')}?{wanted}"
