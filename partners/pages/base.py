from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from partners.models import Integration, Partner
from partners.pages.portrait import Portrait
from workspaces.current import current_workspace
from workspaces.model_admin import ReadOnlyAdmin


class PartnerPage(ReadOnlyAdmin):
    """The ground of all pages about one partner."""

    def found(self, request: HttpRequest, object_id: int | str) -> Partner:
        if not self.has_view_permission(request):
            raise PermissionDenied
        if not str(object_id).isdecimal():
            raise Http404
        return get_object_or_404(Partner, pk=object_id)

    def portrait(self, request: HttpRequest, object_id: int | str) -> Portrait:
        return Portrait(self.found(request, object_id), current_workspace(request))

    def integration(self, request: HttpRequest, object_id: int | str) -> Integration:
        """The connection of partner and workspace, for someone who may change it."""
        portrait = self.portrait(request, object_id)
        if not self.has_connect_permission(request):
            raise PermissionDenied
        if portrait.integration is None:
            raise Http404
        return portrait.integration

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("partners.add_partner")

    def has_rename_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("partners.change_partner")

    def has_connect_permission(self, request: HttpRequest) -> bool:
        """Whether somebody may hand over to, disable and enable a partner, and try its keys."""
        return request.user.has_perm("partners.change_integration")

    def back_to(self, partner: Partner) -> HttpResponse:
        return redirect("admin:partners_partner_change", partner.pk)
