"""A campaign that was launched: how far it is, what became of everyone, and what can be done."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    StreamingHttpResponse,
)
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import results_export, services
from campaigns.models import Campaign, Fate, Launch, Sending, SendingState, State
from campaigns.pages import others
from campaigns.pages.listing import TONES
from campaigns.pages.summary import SummaryPage
from campaigns.portrait import Portrait
from campaigns.services import InvalidCampaign
from workspaces.current import signed_in

# The pages that act on it, by the state in which they do.
_CONTROLS: Mapping[str, Sequence[tuple[str, Any]]] = {
    State.SCHEDULED: [("unschedule", gettext_lazy("Back to draft"))],
    State.SENDING: [("pause", gettext_lazy("Pause")), ("stop", gettext_lazy("Stop for good"))],
    State.PAUSED: [("resume", gettext_lazy("Resume")), ("stop", gettext_lazy("Stop for good"))],
    State.STOPPED: [("archive", gettext_lazy("Archive"))],
    State.SENT: [("archive", gettext_lazy("Archive"))],
}
_RESENT: Mapping[str, Any] = {
    Fate.FAILED: gettext_lazy("Send again to %(number)s who failed"),
    Fate.UNKNOWN: gettext_lazy("Send again to %(number)s unknown"),
}


@dataclass(frozen=True, slots=True)
class Control:
    """A button: a POST at once, or a page that asks first."""

    name: Any
    url: str
    asks: bool = False


class RunningPages(SummaryPage):
    def get_urls(self) -> list[URLPattern]:
        pages = [
            ("pause", services.pause),
            ("resume", services.resume),
        ]
        return [
            *(
                self.route(f"<uuid:object_id>/{name}/", self._control(service), name)
                for name, service in pages
            ),
            self.route("<uuid:object_id>/archive/", self.archive_view, "archive"),
            self.route("<uuid:object_id>/stop/", self.stop_view, "stop"),
            self.route("<uuid:object_id>/progress/", self.progress_view, "progress"),
            self.route("<uuid:object_id>/export/", self.export_view, "export"),
            self.route("<uuid:object_id>/resend/", self.resend_view, "resend"),
            self.route("<uuid:object_id>/others/", self.others_view, "others"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        campaign = self.found(request, object_id)
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        if campaign.state == State.DRAFT and self.has_edit_permission(request):
            return self.summary_view(request, object_id)
        if campaign.state == State.SCHEDULED:
            return self._page(
                request, "campaigns/campaign.html", campaign, **self.plan(request, campaign)
            )
        return self._page(request, "campaigns/campaign.html", campaign)

    def progress_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The numbers by themselves, asked for again and again while it is being sent."""
        campaign = self.found(request, object_id)
        context = {
            "campaign": campaign,
            "portrait": Portrait.of(campaign),
            "progress_url": self.address("progress", campaign.pk),
        }
        return TemplateResponse(request, "campaigns/partials/progress.html", context)

    def others_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Who wasn't sent the message, the last of them."""
        campaign = self.found(request, object_id)
        found = others.of(campaign, request.GET.get("fate", ""), _("Everybody"))
        return self._page(
            request, "campaigns/others.html", campaign, others=found, most=others.MOST_SHOWN
        )

    def resend_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Failed or unknown recipients get it again, once somebody has confirmed it."""
        campaign = self.editable(request, object_id)
        fate = request.POST.get("fate", request.GET.get("fate", ""))
        if fate not in services.RESENDABLE:
            raise Http404
        if request.method != "POST":
            number = Portrait.of(campaign).resendable.get(fate, 0)
            return self._page(
                request, "campaigns/resend.html", campaign, fate=Fate(fate), number=number
            )
        sendings = Sending.objects.filter(launch__campaign=campaign, state=SendingState.SENT)
        number = 0
        try:
            for sending in sendings.select_related("launch__campaign"):
                number += services.resend(sending, [Fate(fate)], by=signed_in(request))
        except InvalidCampaign as error:
            self.refuse(request, error)
            return self.to("change", campaign)
        messages.success(
            request, _("It is sent again to %(number)s users.") % {"number": number_format(number)}
        )
        return self.to("change", campaign)

    def archive_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        campaign = self.editable(request, object_id)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            services.archive(campaign, by=signed_in(request))
        except InvalidCampaign as error:
            self.refuse(request, error)
            return self.to("change", campaign)
        messages.success(
            request,
            _("%(name)s is archived: the filter of the list finds it.") % {"name": campaign.name},
        )
        return redirect(self.address("changelist"))

    def stop_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Nobody else gets it, for good, once somebody has read how many that are."""
        campaign = self.editable(request, object_id)
        if request.method == "POST":
            return self._control(services.stop)(request, object_id)
        if not Launch.objects.filter(campaign=campaign).exists():
            raise Http404
        return self._page(request, "campaigns/stop.html", campaign)

    def export_view(self, request: HttpRequest, object_id: str) -> StreamingHttpResponse:
        """Every recipient with what became of them, for the partner who measures the effect."""
        campaign = self.editable(request, object_id)
        launch = Launch.objects.filter(campaign=campaign).first()
        if launch is None:
            raise Http404
        return StreamingHttpResponse(
            results_export.lines(launch),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{campaign.pk}.csv"'},
        )

    def _control(self, service: Callable[..., None]) -> Callable[..., HttpResponse]:
        def view(request: HttpRequest, object_id: str) -> HttpResponse:
            campaign = self.editable(request, object_id)
            if request.method != "POST":
                return HttpResponseNotAllowed(["POST"])
            try:
                service(campaign, by=signed_in(request))
            except InvalidCampaign as error:
                self.refuse(request, error)
            return self.to("change", campaign)

        view.__self__ = self  # type: ignore[attr-defined]  # whose page it is, for the site's wall
        return view

    def _controls(self, campaign: Campaign) -> list[Control]:
        """What can be done with it in its state."""
        if campaign.archived_at:
            return []
        found = [
            Control(name, self.address(page, campaign.pk), asks=page == "stop")
            for page, name in _CONTROLS.get(campaign.state, ())
        ]
        for fate, number in Portrait.of(campaign).resendable.items():
            words = _RESENT[fate] % {"number": number_format(number)}
            found.append(
                Control(words, f"{self.address('resend', campaign.pk)}?fate={fate}", asks=True)
            )
        return found

    def _page(
        self, request: HttpRequest, template: str, campaign: Campaign, **context: Any
    ) -> HttpResponse:
        return self.page(
            request,
            template,
            campaign.name,
            original=campaign,
            campaign=campaign,
            tone=TONES[campaign.state],
            portrait=Portrait.of(campaign),
            controls=self._controls(campaign) if self.has_edit_permission(request) else [],
            export_url=self.address("export", campaign.pk),
            others_url=self.address("others", campaign.pk),
            campaign_url=self.address("change", campaign.pk),
            progress_url=self.address("progress", campaign.pk),
            back=self.address("changelist"),
            **context,
        )
