"""The pages of imports: one to send a file, and one for each that shows how it goes."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from imports import jobs, kinds, pieces, results
from imports.files import InvalidFile
from imports.forms import UploadForm
from imports.kinds import Kind
from imports.models import Job, Role
from imports.progress import Progress
from imports.report import Report
from imports.uploads import is_too_large
from workspaces.current import current_workspace, signed_in
from workspaces.models import User

CANCEL = "imports.change_job"
# How each state is coloured.
STATES = {
    "waiting": "info",
    "running": "primary",
    "cancelling": "warning",
    "done": "success",
    "cancelled": "warning",
    "failed": "danger",
}


class JobPages:
    """Puts our pages in the place of Django's forms."""

    admin_site: Any
    opts: Any

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        ours = [
            path(f"<path:object_id>/{name}/", wrap(view), name=f"imports_job_{name}")
            for name, view in (
                ("progress", self.progress_view),
                ("cancel", self.cancel_view),
                ("rejects", self.rejects_view),
                ("result", self.result_view),
            )
        ]
        return ours + list(super().get_urls())  # type: ignore[misc]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        kind = _wanted(request)
        if request.method != "POST":
            return self._upload_page(request, kind, UploadForm())
        form = UploadForm(request.POST, request.FILES, too_large=is_too_large(request))
        job = _begun(request, kind, form)
        if job is None:
            return self._upload_page(request, kind, form)
        return HttpResponseRedirect(_page_of(job))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        job = self._found(request, object_id)
        return TemplateResponse(request, "imports/job.html", self._context(request, job))

    def progress_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The part of the page that changes, which asks for itself until the job is over."""
        job = self._found(request, object_id)
        context = self._context(request, job)
        return TemplateResponse(request, "imports/partials/progress.html", context)

    def cancel_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        job = self._found(request, object_id)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        person = signed_in(request)
        if not _may_cancel(person, job):
            raise PermissionDenied
        jobs.cancel(job, by=person)
        if results.permission_for(job):
            messages.info(request, _("The export stops. There will be no file."))
        else:
            messages.info(request, _("The import stops. What is stored stays."))
        return HttpResponseRedirect(_page_of(job))

    def rejects_view(self, request: HttpRequest, object_id: str) -> StreamingHttpResponse:
        """The rejected rows as a file, a piece at a time."""
        job = self._found(request, object_id)
        if not pieces.exist(job.pk, Role.REJECTS):
            raise Http404
        report = Report(job)
        answer = StreamingHttpResponse(
            pieces.read(job.pk, Role.REJECTS), content_type=report.rejects_type
        )
        answer.headers["Content-Disposition"] = f'attachment; filename="{report.rejects_name}"'
        return answer

    def result_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """What the job made, as a file; for those who may have it."""
        job = self._found(request, object_id)
        permission = results.permission_for(job)
        if not request.user.has_perm(permission or CANCEL):
            raise PermissionDenied
        result = results.result_of(job)
        if result is None:
            raise Http404
        answer = StreamingHttpResponse(result.read(), content_type=result.content_type)
        answer.headers["Content-Disposition"] = f'attachment; filename="{result.name}"'
        return answer

    def _found(self, request: HttpRequest, object_id: str) -> Job:
        if not self.has_view_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        job: Job | None = self.get_object(request, object_id)  # type: ignore[attr-defined]
        if job is None:
            raise Http404
        return job

    def _context(self, request: HttpRequest, job: Job) -> dict[str, Any]:
        may_cancel = _may_cancel(signed_in(request), job)
        permission = results.permission_for(job)
        return {
            **self.admin_site.each_context(request),
            "title": job.title,
            "opts": self.opts,
            "original": job,
            "inline_admin_formsets": [],
            "job": job,
            "state_type": STATES[job.shown_state[0]],
            "progress": Progress(job),
            "report": Report(job),
            "panel": kinds.panel_of(job),
            "makes_file": bool(permission),
            "has_result": bool(results.result_of(job)) and request.user.has_perm(permission),
            "may_cancel": may_cancel and not job.is_finished and not job.cancel_requested_at,
        }

    def _upload_page(self, request: HttpRequest, kind: Kind, form: UploadForm) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": kind.title,
            "opts": self.opts,
            "inline_admin_formsets": [],
            "kind": kind,
            "form": form,
        }
        return TemplateResponse(request, "imports/upload.html", context)


def _wanted(request: HttpRequest) -> Kind:
    """What the address asks to import; users, where it doesn't say."""
    name = request.GET.get("kind", kinds.uploadable()[0].name)
    for kind in kinds.uploadable():
        if kind.name == name:
            return kind
    raise Http404


def _begun(request: HttpRequest, kind: Kind, form: UploadForm) -> Job | None:
    """The job, or None with what hinders it noted in the form."""
    if not form.is_valid():
        return None
    workspace = current_workspace(request)
    assert workspace is not None and isinstance(request.user, User)
    upload = form.upload
    try:
        return jobs.begin(
            workspace, kind, title=upload.name or "", chunks=upload.chunks(), by=request.user
        )
    except InvalidFile as error:
        form.add_error("file", str(error))
        return None


def _may_cancel(person: User, job: Job) -> bool:
    """Whoever looks after imports; and what makes a file, also who had it made."""
    if person.has_perm(CANCEL):
        return True
    permission = results.permission_for(job)
    return bool(permission) and person.has_perm(permission) and job.created_by == str(person)


def _page_of(job: Job) -> str:
    return reverse("admin:imports_job_change", args=[job.pk])
