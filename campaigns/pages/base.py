"""What all pages about a campaign or a Canvas have in common."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse

from campaigns.models import Campaign, Kind, State
from workspaces.current import current_workspace
from workspaces.model_admin import ReadOnlyAdmin


class CampaignPage(ReadOnlyAdmin):
    """One class for both: campaigns under their own model, Canvases under its proxy."""

    def kind(self) -> Kind:
        return Kind(self.opts.model_name)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(kind=self.kind())

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = request.user.has_perm(f"campaigns.add_{self.opts.model_name}")
        return allowed and current_workspace(request) is not None

    def has_edit_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(f"campaigns.change_{self.opts.model_name}")

    def found(self, request: HttpRequest, object_id: str) -> Campaign:
        """Raises 404 for what isn't there for this person."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        campaign: Campaign | None = self.get_object(request, object_id)
        if campaign is None:
            raise Http404
        return campaign

    def editable(self, request: HttpRequest, object_id: str) -> Campaign:
        """For somebody who may change it."""
        campaign = self.found(request, object_id)
        if not self.has_edit_permission(request):
            raise PermissionDenied
        return campaign

    def draft(self, request: HttpRequest, object_id: str) -> Campaign | HttpResponse:
        """One to go on writing, or the way to what became of it."""
        campaign = self.editable(request, object_id)
        return campaign if campaign.state == State.DRAFT else self.to("change", campaign)

    def address(self, page: str, *arguments: Any) -> str:
        return reverse(f"admin:campaigns_{self.opts.model_name}_{page}", args=arguments)

    def to(self, page: str, campaign: Campaign, *arguments: Any) -> HttpResponse:
        return redirect(self.address(page, campaign.pk, *arguments))

    def route(self, route: str, view: Any, page: str) -> URLPattern:
        name = f"campaigns_{self.opts.model_name}_{page}"
        found: URLPattern = path(route, self.admin_site.admin_view(view), name=name)
        return found

    def refuse(self, request: HttpRequest, error: Exception) -> None:
        messages.error(request, str(error))
