"""The pages of a partner's two keys: the one of a workspace, and the partner's own."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from common.keyring import IssuedKey
from partners import keys
from partners.models import DataImportKey, Partner, PartnerApiKey
from partners.pages.forms import PartnerKeyForm
from partners.pages.samples import endpoint, samples
from workspaces.key_pages.admin import KeyAdmin, WorkspaceKeyAdmin


class PartnerKeyPages(KeyAdmin):
    """`field` is what the key is called in the body of a call."""

    field: str
    list_select_related = ("partner",)
    key_form = PartnerKeyForm

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        found: QuerySet[Any] = super().get_queryset(request)
        return found.select_related("partner")

    def owner(self, key: Any) -> Partner:
        partner: Partner = key.partner
        return partner

    def owner_to_be(self, request: HttpRequest) -> Partner | None:
        slug = request.GET.get("partner", "")
        return Partner.objects.filter(slug=slug).first()

    def back(self, owner: Partner | None) -> str:
        if owner is None:
            return super().back(owner)
        return reverse("admin:partners_partner_change", args=[owner.pk])

    def form_of(self, request: HttpRequest) -> PartnerKeyForm:
        form = super().form_of(request)
        assert isinstance(form, PartnerKeyForm)
        if partner := self.owner_to_be(request):
            form.settle(partner)
        return form

    def about(self, request: HttpRequest, key: Any, text: str = "") -> dict[str, Any]:
        address = endpoint(request)
        calls = samples(address, key.partner, **{self.field: text})
        return {"partner": key.partner, "endpoint": address, "samples": calls}


class DataImportKeyPages(PartnerKeyPages, WorkspaceKeyAdmin):
    field = "client_secret"
    issued_template = "partners/issued.html"

    def issue(self, request: HttpRequest, **kept: Any) -> IssuedKey[DataImportKey]:
        return keys.issue_data_import_key(workspace=self.workspace(request), **kept)

    def stops(self, key: DataImportKey) -> str:
        return _(
            "%(partner)s can't upload to %(workspace)s with it any more: its calls are answered "
            "401 Invalid client secret. Cohorts stay as they are."
        ) % {"partner": key.partner, "workspace": key.workspace}

    def others(self, key: DataImportKey) -> QuerySet[DataImportKey]:
        return DataImportKey.objects.filter(partner=key.partner, workspace=key.workspace)


class PartnerApiKeyPages(PartnerKeyPages):
    field = "partner_api_key"
    issued_template = "partners/issued_to_partner.html"

    def issue(self, request: HttpRequest, **kept: Any) -> IssuedKey[PartnerApiKey]:
        return keys.issue_partner_api_key(**kept)

    def stops(self, key: PartnerApiKey) -> str:
        return _(
            "%(partner)s can't call any workspace with it any more: its calls are answered "
            "401 Invalid Partner API key. Cohorts stay as they are."
        ) % {"partner": key.partner}

    def others(self, key: PartnerApiKey) -> QuerySet[PartnerApiKey]:
        return PartnerApiKey.objects.filter(partner=key.partner)
