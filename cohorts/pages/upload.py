"""Uploading a cohort as a file, and deciding on one that is to replace the members."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from cohorts import id_files
from cohorts.importing import files, replacing, targets
from cohorts.models import Cohort, CohortImport, Mode
from cohorts.pages.base import CohortPage
from cohorts.pages.overview import as_file
from imports.files import InvalidFile
from imports.forms import UploadForm
from imports.models import Job
from imports.uploads import is_too_large
from partners.models import Partner
from workspaces.current import current_workspace, signed_in


class CohortUploadForm(UploadForm):
    """A file and what it is for; `settle` says for which cohort, where that is known."""

    partner = forms.ModelChoiceField(
        label=gettext_lazy("Partner"),
        queryset=Partner.objects.all(),
        to_field_name="slug",
        empty_label=None,
        help_text=gettext_lazy("Under whose cohorts marketers find it."),
        widget=UnfoldAdminSelectWidget(),
    )
    cohort = forms.CharField(
        label=gettext_lazy("Cohort id"),
        max_length=targets.LONGEST_ID,
        strip=False,
        help_text=gettext_lazy("A new id makes a new cohort."),
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off", "spellcheck": "false"}),
    )
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=255,
        required=False,
        help_text=gettext_lazy("What a new cohort is called."),
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off"}),
    )
    mode = forms.ChoiceField(
        label=gettext_lazy("What the file does"),
        choices=Mode.choices,
        initial=Mode.ADD,
        widget=UnfoldAdminRadioSelectWidget(),
    )
    field_order = ("partner", "cohort", "name", "mode", "file")

    def settle(self, cohort: Cohort) -> None:
        """Ask for no cohort: it is that one."""
        for name in ("partner", "cohort", "name"):
            del self.fields[name]


class UploadPages(CohortPage):
    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        ours = [
            path("upload/", wrap(self.new_upload_view), name="cohorts_cohort_new_upload"),
            path("<int:object_id>/upload/", wrap(self.upload_view), name="cohorts_cohort_upload"),
            path(
                "<int:object_id>/replace/", wrap(self.replace_view), name="cohorts_cohort_replace"
            ),
            path(
                "<int:object_id>/difference/",
                wrap(self.difference_view),
                name="cohorts_cohort_difference",
            ),
        ]
        return [*ours, *super().get_urls()]

    def new_upload_view(self, request: HttpRequest) -> HttpResponse:
        """For a cohort that the form names, which may be a new one."""
        if current_workspace(request) is None:
            raise Http404
        return self._upload(request, None)

    def upload_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        return self._upload(request, self.found(request, object_id))

    def replace_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Carry out what somebody has decided about a file."""
        cohort = self.found(request, object_id)
        if not self.may_upload(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        file = _file_of(cohort, request.POST.get("import", ""))
        try:
            if "_discard" in request.POST:
                replacing.discard(file, by=signed_in(request))
                messages.info(request, _("The cohort stays as it is."))
            else:
                seen = request.POST.get("fingerprint", "")
                change = replacing.replace(file, fingerprint=seen, by=signed_in(request))
                words = _("The members are replaced: %(added)s came, %(removed)s went.")
                counts = {"added": f"{len(change.added):,}", "removed": f"{change.leaving:,}"}
                messages.success(request, words % counts)
        except replacing.CannotReplace as error:
            messages.error(request, str(error))
            return redirect("admin:imports_job_change", file.pk)
        return self.back_to(cohort)

    def difference_view(self, request: HttpRequest, object_id: int) -> HttpResponseBase:
        """Who would come or go, as a file of their ids."""
        cohort = self.found(request, object_id)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET"])
        if not self.may_upload(request):
            raise PermissionDenied
        file = _file_of(cohort, request.GET.get("import", ""))
        if not replacing.is_open(file):
            raise Http404
        change = replacing.difference(file)
        leaving = request.GET.get("who") == "leaving"
        rows = id_files.rows(cohort.workspace_id, change.removed if leaving else change.added)
        return as_file(rows, "would-leave.csv" if leaving else "would-join.csv")

    def _upload(self, request: HttpRequest, cohort: Cohort | None) -> HttpResponse:
        if not self.may_upload(request):
            raise PermissionDenied
        form = CohortUploadForm(initial={"partner": "tinyclues"})
        if request.method == "POST":
            form = CohortUploadForm(request.POST, request.FILES, too_large=is_too_large(request))
        if cohort:
            form.settle(cohort)
        if request.method == "POST" and (job := _begun(request, form, cohort)):
            return redirect("admin:imports_job_change", job.pk)
        title = _("Upload into %(name)s") % {"name": cohort} if cohort else _("Upload a cohort")
        back = reverse("admin:cohorts_cohort_changelist")
        if cohort:
            back = reverse("admin:cohorts_cohort_change", args=[cohort.pk])
        return self.page(
            request, "cohorts/upload.html", title, original=cohort, form=form, back=back
        )


def _begun(request: HttpRequest, form: CohortUploadForm, cohort: Cohort | None) -> Job | None:
    """The import, or None with what hinders it noted in the form."""
    if not form.is_valid():
        return None
    upload: Any = form.upload
    try:
        with transaction.atomic():  # no new cohort for a file that is none
            return files.begin(
                cohort or _named(request, form),
                mode=Mode(form.cleaned_data["mode"]),
                title=upload.name or "",
                chunks=upload.chunks(),
                by=signed_in(request),
            )
    except InvalidFile as error:
        form.add_error("file", str(error))
    except targets.InvalidCohort as error:
        form.add_error("cohort", str(error))
    return None


def _named(request: HttpRequest, form: CohortUploadForm) -> Cohort:
    workspace = current_workspace(request)
    assert workspace is not None
    named = form.cleaned_data
    return targets.find_or_create(
        workspace, named["partner"], named["cohort"], name=named["name"], by=signed_in(request)
    )


def _file_of(cohort: Cohort, text: str) -> CohortImport:
    found = CohortImport.objects.filter(cohort=cohort, mode=Mode.REPLACE)
    number = int(text) if text.isdecimal() and len(text) < 18 else 0
    file = found.select_related("job", "cohort__workspace").filter(pk=number)
    if (one := file.first()) is None:
        raise Http404
    return one
