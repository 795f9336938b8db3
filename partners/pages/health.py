"""How a partner is doing, in figures and charts: a part of its page that keeps itself fresh."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _

from common.charts import Chart, Series, labels
from partners import call_history, health
from partners.call_history import Trouble
from partners.health import Health, Span
from partners.pages.base import PartnerPage
from partners.pages.portrait import Portrait

MOST_TROUBLES = 3


@dataclass
class HealthPart:
    """What the part shows. `may_see_calls` leads to the calls, which name keys."""

    portrait: Portrait
    span: Span
    may_see_calls: bool

    @cached_property
    def health(self) -> Health | None:
        """None where there is no workspace to be healthy in."""
        if self.portrait.workspace is None:
            return None
        return health.read(self.portrait.workspace.pk, self.portrait.partner.pk, self.span)

    @property
    def has_story(self) -> bool:
        """Whether the partner has ever called; until then the checklist says what to do."""
        if self.health is None:
            return False
        return bool(self.health.busy or self.portrait.state.last_call_at)

    @cached_property
    def troubles(self) -> list[Trouble]:
        """Of a time without errors there are none to look for."""
        if self.health is None or not self.health.total.errors:
            return []
        assert self.portrait.workspace
        return call_history.troubles(
            self.portrait.workspace,
            self.portrait.partner,
            since=self.health.hours[0].at,
            most=MOST_TROUBLES,
        )

    @property
    def spans(self) -> list[Span]:
        return list(Span)

    @cached_property
    def _labels(self) -> list[str]:
        assert self.health
        return labels([hour.at for hour in self.health.hours])

    @property
    def requests_chart(self) -> Chart:
        assert self.health
        hours = self.health.hours
        return Chart(
            "bar",
            _("Calls of each hour, by how they were answered"),
            self._labels,
            [
                Series(_("Accepted"), "good", [hour.accepted for hour in hours]),
                Series(_("Refused"), "bad", [hour.refused for hour in hours]),
                Series(_("Failed"), "warn", [hour.failed for hour in hours]),
            ],
        )

    @property
    def matching_chart(self) -> Chart:
        assert self.health
        rates = [hour.match_rate for hour in self.health.hours]
        return Chart(
            "line",
            _("Match rate of each hour: how many of the ids to add named a user"),
            self._labels,
            [
                Series(
                    _("Match rate"),
                    "good",
                    [None if rate is None else round(rate, 1) for rate in rates],
                )
            ],
            unit=" %",
            most=100,
        )


class HealthPage(PartnerPage):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.health_view)
        ours = path("<int:object_id>/health/", view, name="partners_partner_health")
        return [ours, *super().get_urls()]

    def health_part(self, request: HttpRequest, portrait: Portrait) -> HealthPart:
        """As far back as the address says; two days unless it names another span."""
        asked = request.GET.get("hours", "")
        span = Span(int(asked)) if asked in map(str, Span.values) else Span.TWO_DAYS
        return HealthPart(portrait, span, self.has_connect_permission(request))

    def health_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The part alone, which asks for itself while its page is open."""
        portrait = self.portrait(request, object_id)
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        context: dict[str, Any] = {
            "partner": portrait.partner,
            "portrait": portrait,
            "part": self.health_part(request, portrait),
        }
        return TemplateResponse(request, "partners/partials/health.html", context)
