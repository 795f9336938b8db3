from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from partners.models import DataImportKey, PartnerApiKey
from partners.pages.forms import TrialForm
from partners.pages.health import HealthPage
from partners.pages.portrait import Portrait
from partners.pages.samples import endpoint, samples
from workspaces.key_pages.admin import KeyAdmin


class OverviewPage(HealthPage):
    """A partner's page. Each part of it is there for those who may see it."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.progress_view)
        ours = path("<int:object_id>/progress/", view, name="partners_partner_progress")
        return [ours, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        portrait = self.portrait(request, object_id)
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        address = endpoint(request)
        return self.page(
            request,
            "partners/partner.html",
            portrait.partner.name,
            original=portrait.partner,
            partner=portrait.partner,
            portrait=portrait,
            endpoint=address,
            samples=samples(address, portrait.partner),
            may_rename=self.has_rename_permission(request),
            may_connect=self.has_connect_permission(request),
            trial=TrialForm(),
            part=self.health_part(request, portrait),
            **self._keys(request, portrait),
        )

    def progress_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The checklist, which asks for itself until all of it is ticked."""
        portrait = self.portrait(request, object_id)
        if not self.has_connect_permission(request):
            raise PermissionDenied
        context = {"partner": portrait.partner, "portrait": portrait}
        return TemplateResponse(request, "partners/partials/checklist.html", context)

    def _keys(self, request: HttpRequest, portrait: Portrait) -> dict[str, Any]:
        """Both tables, None for who may not see them."""
        ours, theirs = self._admin(DataImportKey), self._admin(PartnerApiKey)
        return {
            "key_table": ours.table(request, portrait.keys)
            if ours.has_view_permission(request)
            else None,
            "may_generate": portrait.workspace and ours.has_add_permission(request),
            "partner_key_table": theirs.table(request, portrait.partner.api_keys.all())
            if theirs.has_view_permission(request)
            else None,
            "may_issue": theirs.has_add_permission(request),
        }

    def _admin(self, model: type[Model]) -> KeyAdmin:
        admin = self.admin_site.get_model_admin(model)
        assert isinstance(admin, KeyAdmin)
        return admin
