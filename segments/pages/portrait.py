"""A segment as its page shows it: whom it reaches, since when and why, and what uses it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.paginator import Page, Paginator
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from common.charts import Chart, Series, labels
from common.snapshots import snapshot
from profiles import known
from profiles.models import Identifier, IdentifierKind, Profile
from profiles.pages.portrait import handles
from segments import history, members, usage
from segments.differences import parts_changed
from segments.models import Segment, Version
from segments.outline import Line, outline
from segments.reading import InvalidTree
from segments.resolving import resolve
from segments.tree import parse
from segments.usage import Place, Use

MEMBERS_A_PAGE = 50
VERSIONS_A_PAGE = 10
STEPS_SHOWN = 10
CHARTED = timedelta(days=90)
# Moments between the first and now that the chart has a point for.
POINTS = 60


@dataclass(frozen=True, slots=True)
class Member:
    """A user with what tells them apart. `aliases` are written as label:name."""

    profile: Profile
    aliases: Sequence[str]

    @property
    def email(self) -> str:
        return str(self.profile.attributes.get("email") or "")


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom the segment reaches: the page of members, and how many everyone is."""

    page: members.Page
    everyone: int
    lines: list[Line]
    members: list[Member]

    @property
    def share(self) -> float | None:
        """Percent of everyone."""
        return 100 * self.page.total / self.everyone if self.everyone else None


@dataclass(frozen=True, slots=True)
class KeptVersion:
    version: Version
    changed: list[str]


def read_audience(
    segment: Segment, *, after: int = 0, before: int = 0, with_users: bool
) -> Audience | None:
    """All of one moment; None when the filters can't be evaluated any more."""
    workspace_id = segment.workspace_id
    try:
        tree = parse(segment.filters)
        with snapshot():
            turn = members.before if before else members.after
            page = turn(workspace_id, tree, before or after, size=MEMBERS_A_PAGE)
            lines = outline(tree, resolve(workspace_id, [tree]))
            shown = _members(workspace_id, page.profile_ids) if with_users else []
            return Audience(page, known.count(workspace_id), lines, shown)
    except InvalidTree:
        return None


def _members(workspace_id: int, profile_ids: Sequence[int]) -> list[Member]:
    profiles = Profile.objects.filter(workspace_id=workspace_id).in_bulk(profile_ids)
    named = handles(workspace_id, profiles.values())
    aliases: dict[int, list[str]] = {}
    rows = Identifier.objects.filter(
        workspace_id=workspace_id, profile_id__in=profiles, kind=IdentifierKind.ALIAS
    )
    for one in rows.order_by("label", "value"):
        aliases.setdefault(one.profile_id, []).append(str(one))
    found = []
    for pk in profile_ids:
        if profile := profiles.get(pk):
            profile.handle = named.get(pk, "")  # type: ignore[attr-defined]
            found.append(Member(profile, aliases.get(pk, ())))
    return found


@dataclass
class Portrait:
    """What stands beside the audience; each part is read when it is first asked for."""

    segment: Segment
    audience: Audience | None

    @cached_property
    def messages(self) -> list[Use]:
        return [use for use in self._uses if use.place is Place.MESSAGE]

    @cached_property
    def segments(self) -> list[Use]:
        return [use for use in self._uses if use.place is Place.SEGMENT]

    @cached_property
    def _uses(self) -> list[Use]:
        return usage.uses_of(self.segment)

    @cached_property
    def steps(self) -> list[history.Step]:
        return history.steps_of(self.segment, since=timezone.now() - CHARTED)

    @property
    def latest_steps(self) -> list[history.Step]:
        return self.steps[: -STEPS_SHOWN - 1 : -1]

    @cached_property
    def chart(self) -> Chart | None:
        """The size at even distances from the first count to now; None before there is one."""
        if not self.steps or self.audience is None:
            return None
        now = timezone.now()
        start = max(self.steps[0].step.at, now - CHARTED)
        figures = [*_sampled(self.steps, start, now), self.audience.page.total]
        return Chart(
            "line",
            _("Size over time"),
            labels(_moments(start, now)),
            [Series(_("users"), "good", figures)],
        )

    def versions(self, number: str | None) -> tuple[Page[Version], list[KeptVersion]]:
        """A page of versions, the newest first, each with which parts it changed."""
        page = Paginator(self.segment.versions.order_by("-number"), VERSIONS_A_PAGE).get_page(
            number
        )
        shown = list(page.object_list)
        before: Mapping[int, Version] = {
            one.number: one
            for one in self.segment.versions.filter(number__in=[one.number - 1 for one in shown])
        }
        kept = [KeptVersion(one, parts_changed(one, before.get(one.number - 1))) for one in shown]
        return page, kept


def _moments(start: datetime, end: datetime) -> list[datetime]:
    return [start + (end - start) * place / (POINTS - 1) for place in range(POINTS)]


def _sampled(steps: Sequence[history.Step], start: datetime, end: datetime) -> list[int | None]:
    """The size at all of the moments but the last."""
    found: list[int | None] = []
    position, size = 0, None
    for moment in _moments(start, end)[:-1]:
        while position < len(steps) and steps[position].step.at <= moment:
            size = steps[position].step.size
            position += 1
        found.append(size)
    return found
