"""The last step of a draft: everything at a glance, then launch it now or at a time."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import URLPattern
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from campaigns import doubts, launching, services
from campaigns.channels import CARRIERS
from campaigns.channels.base import InvalidMessage
from campaigns.doubts import Doubt
from campaigns.launching import CannotLaunch, Doubtful
from campaigns.models import Campaign, Channel, Step
from campaigns.pages.audience import AudiencePage
from campaigns.pages.forms import ScheduleForm
from campaigns.services import InvalidCampaign
from segments.reading import InvalidTree
from workspaces.current import signed_in


@dataclass(frozen=True, slots=True)
class ShownStep:
    """A step, with what is missing in it."""

    step: Step
    problems: list[str]

    @classmethod
    def of(cls, step: Step) -> "ShownStep":
        try:
            CARRIERS[step.channel].check(step.message)
        except InvalidMessage as error:
            return cls(step, list(error.problems.values()))
        return cls(step, [])


class SummaryPage(AudiencePage):
    def get_urls(self) -> list[URLPattern]:
        return [
            self.route("<uuid:object_id>/summary/", self.summary_view, "summary"),
            self.route("<uuid:object_id>/launch/", self.launch_view, "launch"),
            self.route("<uuid:object_id>/unschedule/", self.unschedule_view, "unschedule"),
            *super().get_urls(),
        ]

    def summary_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Also where it is scheduled: a POST brings the time."""
        campaign = self.draft(request, object_id)
        if isinstance(campaign, HttpResponse):
            return campaign
        form = ScheduleForm(request.POST if request.method == "POST" else None)
        if form.is_bound and form.is_valid() and self._scheduled(request, campaign, form):
            return self.to("change", campaign)
        return self._summary(request, campaign, form)

    def launch_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Launches it, once whoever is asked has read what speaks against it."""
        campaign = self.editable(request, object_id)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        confirmed = "confirmed" in request.POST
        try:
            made = launching.launch(campaign, by=signed_in(request), confirmed=confirmed)
        except Doubtful as error:
            return self._summary(request, campaign, ScheduleForm(), error.doubts)
        except (CannotLaunch, InvalidMessage, InvalidTree) as error:
            self.refuse(request, error)
            return self.to("summary", campaign)
        number = number_format(made.audience_size - made.control_size)
        messages.success(
            request,
            _("%(name)s is launched to %(number)s users.")
            % {"name": campaign.name, "number": number},
        )
        return self.to("change", campaign)

    def unschedule_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        campaign = self.editable(request, object_id)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            services.unschedule(campaign, by=signed_in(request))
        except InvalidCampaign as error:
            self.refuse(request, error)
            return self.to("change", campaign)
        return self.to("summary", campaign)

    def _scheduled(self, request: HttpRequest, campaign: Campaign, form: ScheduleForm) -> bool:
        try:
            launching.check(campaign)
            services.schedule(campaign, form.cleaned_data["at"], by=signed_in(request))
        except (InvalidCampaign, CannotLaunch, InvalidMessage) as error:
            form.add_error(None, str(error))
            return False
        return True

    def _summary(
        self,
        request: HttpRequest,
        campaign: Campaign,
        form: ScheduleForm,
        asked: list[Doubt] | None = None,
    ) -> HttpResponse:
        plan = self.plan(request, campaign)
        try:
            found = doubts.about(campaign)
        except InvalidTree as error:
            found = []
            self.refuse(request, error)
        return self.setup(
            request,
            "summary",
            campaign,
            form=form,
            is_complete=not any(each.problems for each in plan["steps"]),
            doubts=found,
            asked=asked,
            launch_url=self.address("launch", campaign.pk),
            archive_url=self.address("archive", campaign.pk),
            **plan,
        )

    def plan(self, request: HttpRequest, campaign: Campaign) -> dict[str, Any]:
        """What is to be sent to whom, as `partials/plan.html` shows it."""
        shown = [ShownStep.of(step) for step in campaign.steps.all()]
        return {
            "builder": self.builder_of(request, campaign),
            "steps": shown,
            "sends_email": any(each.step.channel == Channel.EMAIL for each in shown),
        }
