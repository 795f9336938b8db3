from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from partners.models import DataImportKey
from partners.pages import gallery
from partners.pages.base import PartnerPage
from workspaces.current import current_workspace


class GalleryPage(PartnerPage):
    """Stands in the place of Django's list."""

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        text = request.GET.get("q", "").replace("\0", "").strip()
        keys = self.admin_site.get_model_admin(DataImportKey)
        return self.page(
            request,
            "partners/gallery.html",
            self.list_title,
            text=text,
            tiles=gallery.tiles(current_workspace(request), text),
            may_add=self.has_add_permission(request),
            may_see_keys=keys.has_view_permission(request),
        )
