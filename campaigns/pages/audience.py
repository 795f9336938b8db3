"""Target Audiences: segments that all must match, and additional filters, with the live reach."""

from dataclasses import dataclass, field, replace
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from campaigns import audience, services
from campaigns.audience import MOST_CONTROL_PERCENT, MOST_SEGMENTS, Audience
from campaigns.models import Campaign
from campaigns.pages.setup import SetupPages
from campaigns.services import InvalidCampaign
from segments.builder import edits, panel
from segments.builder.draft import Draft
from segments.builder.form import Builder
from segments.builder.pages import shown_workspace
from segments.builder.showing import Step
from segments.models import Segment
from segments.reading import InvalidTree
from segments.sizes import sizes
from segments.tree import parse
from workspaces.current import signed_in
from workspaces.models import Workspace

# Segments whose sizes stand beside their names; nobody compares more.
MOST_COUNTED = 200


class AudienceForm(forms.Form):
    segments = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Target Users by Segment"),
        queryset=Segment.objects.none(),
        required=False,
        help_text=gettext_lazy("Users must be in all of them. With none, everyone is a target."),
        widget=forms.CheckboxSelectMultiple,
    )
    control_percent = forms.IntegerField(
        label=gettext_lazy("Control group, in percent"),
        min_value=0,
        max_value=MOST_CONTROL_PERCENT,
        help_text=gettext_lazy("Held out at random: they count, and get nothing."),
        widget=UnfoldAdminIntegerFieldWidget(),
    )

    def __init__(self, workspace: Workspace, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        found = Segment.objects.in_workspace(workspace).active()
        self.fields["segments"].queryset = found.order_by("name")  # type: ignore[attr-defined]  # stubs: a Field

    def clean_segments(self) -> Any:
        chosen = self.cleaned_data["segments"]
        if len(chosen) > MOST_SEGMENTS:
            raise forms.ValidationError(
                _("At most %(most)s segments: combine them in one of their own."),
                params={"most": MOST_SEGMENTS},
            )
        return chosen

    @classmethod
    def initial_of(cls, wanted: Audience) -> dict[str, Any]:
        return {"segments": list(wanted.segments), "control_percent": wanted.control_percent}


@dataclass(frozen=True, slots=True)
class Choice:
    """A segment that can be a target. Its size is left out where there are very many."""

    segment: Segment
    is_chosen: bool
    size: int | None


@dataclass
class AudienceBuilder(Builder):
    """The builder of segments, with the filters of a campaign in it.

    What its panel counts is the whole audience, the chosen segments included.
    """

    wanted: Audience = field(default_factory=Audience)

    def evaluate(self) -> None:
        try:
            filters = parse(self.draft.to_json())
            self.wanted = replace(self.wanted, filters=filters)
            self.panel = panel.read(self.workspace.pk, self.wanted.tree())
            self.tree = filters
        except InvalidTree as error:
            self.draft.blame(error)

    @property
    def choices(self) -> list[Choice]:
        """All active segments, those that are chosen first. Scripts need none of their sizes."""
        field: Any = self.form.fields["segments"]
        found = sorted(field.queryset, key=lambda each: each.pk not in self.wanted.segments)
        counted = {} if self.is_live else sizes(self.workspace.pk, found[:MOST_COUNTED])
        return [
            Choice(each, each.pk in self.wanted.segments, counted.get(each.pk)) for each in found
        ]

    @property
    def chosen(self) -> list[Segment]:
        """The target segments, by name."""
        field: Any = self.form.fields["segments"]
        return list(field.queryset.filter(pk__in=self.wanted.segments))

    @property
    def filters_count(self) -> int:
        """How many additional filters there are, in groups and exclusions."""
        tree = self.wanted.filters
        return sum(len(group.filters) for group in (*tree.groups, *tree.exclusions))

    @property
    def steps(self) -> list[Step]:
        """Those of the filters, and what the chosen segments leave of them."""
        if self.reach is None:
            return []
        found = super().steps
        if not self.wanted.segments:
            return found if len(found) > 1 else []
        everyone = self.reach.everyone
        start = found or [Step(_("Everyone"), everyone, everyone)]
        return [*start, Step(_("Target segments"), self.reach.total, everyone)]


class AudiencePage(SetupPages):
    def get_urls(self) -> list[URLPattern]:
        return [
            self.route("<uuid:object_id>/audience/", self.audience_view, "audience"),
            self.route("<uuid:object_id>/audience/reach/", self.reach_view, "reach"),
            *super().get_urls(),
        ]

    def audience_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        campaign = self.draft(request, object_id)
        if isinstance(campaign, HttpResponse):
            return campaign
        if request.method != "POST":
            return self._audience(request, campaign, self.builder_of(request, campaign))
        builder = _submitted(request, campaign)
        edits.carry_out(builder.draft, request.POST)
        builder.evaluate()
        if "_save" in request.POST and _kept(request, campaign, builder):
            return self.to("summary", campaign)
        return self._audience(request, campaign, builder)

    def reach_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """All that changes while values are edited: the numbers, and what is wrong where."""
        campaign = self.editable(request, object_id)
        if request.method != "POST":
            raise PermissionDenied
        builder = _submitted(request, campaign)
        builder.evaluate()
        return TemplateResponse(request, "segments/partials/live.html", {"builder": builder})

    def builder_of(self, request: HttpRequest, campaign: Campaign) -> AudienceBuilder:
        """The audience as it is stored, counted as of now."""
        workspace = shown_workspace(request)
        wanted = audience.read(campaign.audience)
        form: Any = AudienceForm(workspace, initial=AudienceForm.initial_of(wanted))
        builder = AudienceBuilder(workspace, form, Draft.of(wanted.filters), wanted=wanted)
        builder.evaluate()
        return builder

    def _audience(
        self, request: HttpRequest, campaign: Campaign, builder: AudienceBuilder
    ) -> HttpResponse:
        return self.setup(
            request,
            "audience",
            campaign,
            builder=builder,
            may_save=True,
            unsaved=request.method == "POST",
            reach_url=self.address("reach", campaign.pk),
            save_label=_("Save and continue"),
        )


def _submitted(request: HttpRequest, campaign: Campaign) -> AudienceBuilder:
    workspace = shown_workspace(request)
    form: Any = AudienceForm(workspace, request.POST)
    chosen = form.cleaned_data.get("segments", ()) if form.is_valid() else ()
    percent = form.cleaned_data.get("control_percent", 0) if form.is_valid() else 0
    return AudienceBuilder(
        workspace,
        form,
        Draft.submitted(request.POST),
        is_live="live" in request.POST,
        finds=request.POST.get("_find", ""),
        wanted=Audience(tuple(segment.pk for segment in chosen), control_percent=percent),
    )


def _kept(request: HttpRequest, campaign: Campaign, builder: AudienceBuilder) -> bool:
    """Whether it was saved; what hinders it is noted where it is."""
    if not builder.form.is_valid() or builder.tree is None:
        return False
    try:
        services.target(campaign, builder.wanted, by=signed_in(request))
    except InvalidTree as error:
        builder.draft.blame(error)
        return False
    except InvalidCampaign as error:
        messages.error(request, str(error))
        return False
    messages.success(request, _("The audience is saved."))
    return True
