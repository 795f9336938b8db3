from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from cohorts.models import Cohort
from workspaces.model_admin import ReadOnlyAdmin


class CohortPage(ReadOnlyAdmin):
    """The ground of all pages about cohorts."""

    def found(self, request: HttpRequest, object_id: int | str) -> Cohort:
        """The cohort of the current workspace, for someone who may see cohorts."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        cohort: Cohort | None = self.get_object(request, str(object_id))
        if cohort is None:
            raise Http404
        return cohort

    def changeable(self, request: HttpRequest, object_id: int | str) -> Cohort:
        """The same for someone who may also rename and archive it."""
        cohort = self.found(request, object_id)
        if not self.may_change(request):
            raise PermissionDenied
        return cohort

    def may_change(self, request: HttpRequest) -> bool:
        return request.user.has_perm("cohorts.change_cohort")

    def may_upload(self, request: HttpRequest) -> bool:
        return request.user.has_perm("imports.add_job")

    def back_to(self, cohort: Cohort) -> HttpResponse:
        return redirect("admin:cohorts_cohort_change", cohort.pk)
