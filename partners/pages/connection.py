"""What stands between a partner and a workspace: handing over, disabling, enabling."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from partners import connections
from partners.pages.base import PartnerPage
from workspaces.current import signed_in


class ConnectionPages(PartnerPage):
    def get_urls(self) -> list[URLPattern]:
        pages: dict[str, Callable[..., HttpResponse]] = {
            "handover": self.hand_over_view,
            "disable": self.disable_view,
            "enable": self.enable_view,
        }
        wrap = self.admin_site.admin_view
        ours = [
            path(f"<int:object_id>/{name}/", wrap(view), name=f"partners_partner_{name}")
            for name, view in pages.items()
        ]
        return [*ours, *super().get_urls()]

    def hand_over_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        integration = self.integration(request, object_id)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        connections.hand_over(integration, by=signed_in(request))
        return self.back_to(integration.partner)

    def disable_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """What it comes to, then the deed."""
        integration = self.integration(request, object_id)
        partner = integration.partner
        if request.method != "POST":
            return self.page(
                request,
                "partners/disable.html",
                _("Disable %(partner)s?") % {"partner": partner},
                original=partner,
                portrait=self.portrait(request, object_id),
                back=reverse("admin:partners_partner_change", args=[partner.pk]),
            )
        connections.disable(integration, by=signed_in(request))
        messages.success(
            request, _("%(partner)s is disabled: its calls are refused.") % {"partner": partner}
        )
        return self.back_to(partner)

    def enable_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        integration = self.integration(request, object_id)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        connections.enable(integration, by=signed_in(request))
        messages.success(
            request,
            _("%(partner)s is enabled: its live keys work again.")
            % {"partner": integration.partner},
        )
        return self.back_to(integration.partner)
