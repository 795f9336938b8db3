"""The stepped form of a draft: basics, messages. Each step saves when it is left."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import services, steps
from campaigns.channels.base import InvalidMessage
from campaigns.models import Campaign, Channel, Kind, Step
from campaigns.pages.base import CampaignPage
from campaigns.pages.forms import FORMS, BasicsForm, MessageForm, NewForm, StepForm
from campaigns.pages.trying import tried
from campaigns.services import InvalidCampaign
from segments.builder.pages import shown_workspace
from workspaces.current import signed_in

# The steps in their order: page and name.
STEPS = (
    ("basics", gettext_lazy("Basics")),
    ("message", gettext_lazy("Message")),
    ("audience", gettext_lazy("Target Audiences")),
    ("summary", gettext_lazy("Schedule and summary")),
)


class SetupPages(CampaignPage):
    def get_urls(self) -> list[URLPattern]:
        return [
            self.route("<uuid:object_id>/basics/", self.basics_view, "basics"),
            self.route("<uuid:object_id>/message/", self.message_view, "message"),
            self.route("<uuid:object_id>/message/<int:position>/", self.step_view, "step"),
            *super().get_urls(),
        ]

    def setup(
        self, request: HttpRequest, name: str, campaign: Campaign | None, **context: Any
    ) -> HttpResponse:
        """A page of the form, with the way through all of it at its top."""
        heading = campaign.name if campaign else _("New %(kind)s") % {"kind": self.kind().label}
        way = [
            {
                "name": _("Steps") if page == "message" and self.kind() == Kind.CANVAS else title,
                "url": self.address(page, campaign.pk) if campaign else "",
                "is_current": page == name,
            }
            for page, title in STEPS
        ]
        return self.page(
            request,
            f"campaigns/{name}.html",
            heading,
            original=campaign,
            campaign=campaign,
            way=way,
            **{"back": self.address("changelist"), **context},
        )

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = NewForm(request.POST or None)
        if form.is_valid():
            workspace = shown_workspace(request)
            try:
                campaign = services.create(
                    workspace, kind=self.kind(), **form.cleaned_data, by=signed_in(request)
                )
                return self.to("message", campaign)
            except InvalidCampaign as error:
                form.add_error("name", str(error))
        return self.setup(request, "basics", None, form=form)

    def basics_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        campaign = self.editable(request, object_id)
        form = BasicsForm(request.POST or None, initial=BasicsForm.initial_of(campaign))
        if form.is_valid():
            try:
                services.describe(campaign, **form.cleaned_data, by=signed_in(request))
                return self.to("message", campaign)
            except InvalidCampaign as error:
                form.add_error("name", str(error))
        return self.setup(request, "basics", campaign, form=form)

    def message_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Of a campaign, its one message; of a Canvas, its steps."""
        campaign = self.draft(request, object_id)
        if isinstance(campaign, HttpResponse):
            return campaign
        if campaign.kind == Kind.CAMPAIGN:
            return self.step_view(request, object_id, 0)
        if request.method == "POST":
            return self._rearranged(request, campaign)
        return self.setup(
            request, "message", campaign, steps=campaign.steps.all(), channels=Channel.choices
        )

    def _rearranged(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        by, done = signed_in(request), request.POST
        try:
            if done.get("add") in Channel.values:
                step = steps.add(campaign, Channel(done["add"]), by=by)
                return self.to("step", campaign, step.position)
            if found := campaign.steps.filter(position=_number(done.get("remove"))).first():
                steps.remove(found, by=by)
            elif found := campaign.steps.filter(position=_number(done.get("up"))).first():
                steps.move_up(found, by=by)
        except InvalidCampaign as error:
            self.refuse(request, error)
        return self.to("message", campaign)

    def step_view(self, request: HttpRequest, object_id: str, position: int) -> HttpResponse:
        campaign = self.draft(request, object_id)
        if isinstance(campaign, HttpResponse):
            return campaign
        step = campaign.steps.filter(position=position).first()
        if step is None:
            raise Http404
        sent = request.POST if request.method == "POST" else None
        kind = FORMS[step.channel]
        form = kind(sent, initial=kind.initial_of(step.message))
        timing = None
        if campaign.kind == Kind.CANVAS:
            timing = StepForm(sent, initial=StepForm.initial_of(step))
        shown: dict[str, Any] = {}
        if timing:
            shown["back"] = self.address("message", campaign.pk)
        if sent is not None and ("_preview" in sent or "_test" in sent):
            shown |= tried(request, step, form)
        elif sent is not None and _kept(request, step, form, timing):
            messages.success(request, _("The message is saved."))
            return self.to("message" if timing else "audience", campaign)
        return self.setup(
            request, "message", campaign, form=form, timing=timing, step=step, **shown
        )


def _kept(request: HttpRequest, step: Step, form: MessageForm, timing: StepForm | None) -> bool:
    """Whether it was saved; what hinders it is noted at its field."""
    if not form.is_valid() or (timing is not None and not timing.is_valid()):
        return False
    name = timing.cleaned_data["name"] if timing else ""
    delay_seconds = timing.delay_seconds if timing else 0
    try:
        steps.change(
            step,
            name=name,
            delay_seconds=delay_seconds,
            message=form.message(),
            by=signed_in(request),
        )
    except InvalidMessage as error:
        for field, problem in error.problems.items():
            form.add_error(field if field in form.fields else None, problem)
        return False
    except InvalidCampaign as error:
        form.add_error(None, str(error))
        return False
    return True


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 6 else -1
