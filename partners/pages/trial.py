"""Sending a test call with a key that somebody pastes, and showing what came back."""

from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from partners import trials
from partners.pages.base import PartnerPage
from partners.pages.forms import TrialForm
from partners.pages.portrait import Portrait
from partners.pages.samples import endpoint
from partners.trials import Answer
from workspaces.current import signed_in


class TrialPage(PartnerPage):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.trial_view)
        ours = path("<int:object_id>/test/", view, name="partners_partner_test")
        return [ours, *super().get_urls()]

    @method_decorator(sensitive_post_parameters("client_secret", "partner_api_key"))
    def trial_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        portrait = self.portrait(request, object_id)
        if not self.has_connect_permission(request):
            raise PermissionDenied
        if portrait.workspace is None:
            raise Http404
        form = TrialForm(request.POST if request.method == "POST" else None)
        context: dict[str, Any] = {"trial": form, "partner": portrait.partner}
        if form.is_valid():
            context["answer"] = _answer(request, portrait, form)
        return self._answer_page(request, portrait, context)

    def _answer_page(
        self, request: HttpRequest, portrait: Portrait, context: dict[str, Any]
    ) -> HttpResponse:
        """The answer alone where a script asked for it, else with a page around it."""
        partner = portrait.partner
        asked_by_script = "HX-Request" in request.headers
        template = "partners/partials/answer.html" if asked_by_script else "partners/test.html"
        context["back"] = reverse("admin:partners_partner_change", args=[partner.pk])
        response = self.page(request, template, _("Test call"), original=partner, **context)
        response["Cache-Control"] = "no-store"
        return response


def _answer(request: HttpRequest, portrait: Portrait, form: TrialForm) -> Answer:
    assert portrait.workspace
    keys = {name: text.strip() for name, text in form.cleaned_data.items()}
    address = settings.QUAYSIDE_URL or endpoint(request)
    by = signed_in(request)
    return trials.send(address, portrait.partner, portrait.workspace, **keys, by=by)
