"""Renaming a cohort, putting it away and taking it back."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from cohorts import archiving, naming
from cohorts.models import Cohort
from cohorts.pages.base import CohortPage
from cohorts.pages.portrait import Portrait
from workspaces.current import signed_in


class NameForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=naming.LONGEST,
        required=False,
        help_text=gettext_lazy("Leave it blank to show what the partner calls it."),
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off"}),
    )


class ChangingPages(CohortPage):
    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        ours = [
            path(f"<int:object_id>/{name}/", wrap(view), name=f"cohorts_cohort_{name}")
            for name, view in (
                ("rename", self.rename_view),
                ("archive", self.archive_view),
                ("restore", self.restore_view),
            )
        ]
        return [*ours, *super().get_urls()]

    def rename_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        cohort = self.changeable(request, object_id)
        form = NameForm(
            request.POST if request.method == "POST" else None,
            initial={"name": cohort.own_name or cohort.name},
        )
        if _renamed(request, cohort, form):
            return self.back_to(cohort)
        title = _("Rename %(name)s") % {"name": cohort.display_name}
        return self._asking(request, "cohorts/rename.html", title, cohort, form=form)

    def archive_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        cohort = self.changeable(request, object_id)
        if request.method == "POST":
            try:
                archiving.archive(cohort, by=signed_in(request))
                messages.success(request, _("%(name)s is archived.") % {"name": cohort})
            except archiving.CohortInUse as error:
                messages.error(request, str(error))
            return self.back_to(cohort)
        title = _("Archive %(name)s?") % {"name": cohort.display_name}
        return self._asking(request, "cohorts/archive.html", title, cohort)

    def restore_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        cohort = self.changeable(request, object_id)
        if request.method == "POST":
            archiving.restore(cohort, by=signed_in(request))
            messages.success(request, _("%(name)s is in use again.") % {"name": cohort})
            return self.back_to(cohort)
        title = _("Restore %(name)s?") % {"name": cohort.display_name}
        return self._asking(request, "cohorts/restore.html", title, cohort)

    def _asking(
        self, request: HttpRequest, template: str, title: str, cohort: Cohort, **context: Any
    ) -> HttpResponse:
        return self.page(
            request,
            template,
            title,
            original=cohort,
            cohort=cohort,
            portrait=Portrait(cohort),
            back=reverse("admin:cohorts_cohort_change", args=[cohort.pk]),
            **context,
        )


def _renamed(request: HttpRequest, cohort: Cohort, form: NameForm) -> bool:
    if not form.is_valid():
        return False
    try:
        naming.rename(cohort, name=form.cleaned_data["name"], by=signed_in(request))
    except naming.InvalidName as error:
        form.add_error("name", str(error))
        return False
    messages.success(request, _("It is called %(name)s now.") % {"name": cohort})
    return True
