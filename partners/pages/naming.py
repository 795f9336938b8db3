"""Adding a partner of one's own, and calling one something else."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from partners import directory
from partners.models import Partner
from partners.pages.base import PartnerPage
from partners.pages.forms import NameForm, PartnerForm
from workspaces.current import signed_in


class NamingPages(PartnerPage):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.rename_view)
        ours = path("<int:object_id>/rename/", view, name="partners_partner_rename")
        return [ours, *super().get_urls()]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = PartnerForm(request.POST if request.method == "POST" else None)
        if partner := _added(request, form):
            messages.success(
                request, _("%(name)s is added. Now issue its partner API key.") % {"name": partner}
            )
            return self.back_to(partner)
        back = reverse("admin:partners_partner_changelist")
        return self.page(request, "partners/add.html", _("New partner"), form=form, back=back)

    def rename_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        partner = self.found(request, object_id)
        if not self.has_rename_permission(request):
            raise PermissionDenied
        before = partner.name
        form = NameForm(
            request.POST if request.method == "POST" else None, initial={"name": before}
        )
        if _renamed(request, partner, form):
            return self.back_to(partner)
        back = reverse("admin:partners_partner_change", args=[partner.pk])
        title = _("Rename %(name)s") % {"name": before}
        return self.page(
            request, "partners/rename.html", title, form=form, partner=partner, back=back
        )


def _added(request: HttpRequest, form: PartnerForm) -> Partner | None:
    """The partner, or None with what hinders it noted in the form."""
    if not form.is_valid():
        return None
    try:
        return directory.add(**form.cleaned_data, by=signed_in(request))
    except directory.InvalidPartner as error:
        form.add_error("slug", str(error))
        return None


def _renamed(request: HttpRequest, partner: Partner, form: NameForm) -> bool:
    if not form.is_valid():
        return False
    try:
        directory.rename(partner, name=form.cleaned_data["name"], by=signed_in(request))
    except directory.InvalidPartner as error:
        form.add_error("name", str(error))
        return False
    return True
