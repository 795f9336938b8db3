"""What a row of the builder can be about, and how it is asked for."""

from collections.abc import Collection
from dataclasses import dataclass
from itertools import groupby

from django.db.models import F, Max
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from partners.models import Partner
from profiles.facets import catalogue
from profiles.facets.values import ValueKind
from segments import wording
from segments.builder.picks import segments_offered
from segments.models import Segment
from segments.wording import partner_cohorts
from workspaces.models import Workspace

# How the values of these kinds are given; those of others as their operator takes them.
_PICKED = {"cohort": "picks", "segment": "pick"}


@dataclass(frozen=True, slots=True)
class Operator:
    """`input` names the template that asks for the values, `note` says what blanks come to."""

    value: str
    label: str
    input: str
    note: str = ""

    @property
    def template(self) -> str:
        return f"segments/inputs/{self.input}.html"


@dataclass(frozen=True, slots=True)
class What:
    value: str
    label: str
    heading: str
    # Of an attribute, the kinds of value that it has been seen with; none are all.
    kinds: frozenset[ValueKind] = frozenset()

    @property
    def operators(self) -> list[Operator]:
        kind = self.value.partition("/")[0]
        return [
            Operator(
                one.value,
                one.label,
                _PICKED.get(kind, one.takes.value.replace(" ", "_")),
                one.blanks,
            )
            for one in wording.operators(self.value, self.kinds or list(ValueKind))
        ]


def whats(workspace: Workspace, *, of: Segment | None = None) -> list[What]:
    """All that there is to filter by, under the headings of the list that offers it.

    A filter for each partner that has cohorts here comes first, the one last heard of before
    the others. `of` is the segment being edited.
    """
    users = _users(workspace)
    return [*_cohorts(workspace), *_segments(workspace, of), *users, *_attributes(workspace)]


def missing(value: str) -> What:
    """For a row about something that isn't offered here any more."""
    return What(value, capfirst(wording.subject(value)), _("Not here any more"))


def under_headings(whats: Collection[What]) -> list[tuple[str, list[What]]]:
    """In their order, those of one heading together."""
    return [(heading, list(those)) for heading, those in groupby(whats, lambda one: one.heading)]


def _cohorts(workspace: Workspace) -> list[What]:
    partners = (
        Partner.objects.filter(cohorts__workspace=workspace)
        .annotate(heard_at=Max("cohorts__head__last_received_at"))
        .order_by(F("heard_at").desc(nulls_last=True), "name")
    )
    heading = _("Partner cohorts")
    return [What(f"cohort/{one.slug}", partner_cohorts(one.name), heading) for one in partners]


def _segments(workspace: Workspace, of: Segment | None) -> list[What]:
    if not segments_offered(workspace, of).exists():
        return []
    return [What("segment", _("Segment membership"), _("Segments"))]


def _users(workspace: Workspace) -> list[What]:
    # What stands first must take a value, or a row that was just added would filter already.
    kinds = ["created_at", "random_bucket", "identity", "identifier/external_id"]
    kinds += [f"identifier/alias/{label}" for label in catalogue.alias_labels(workspace.pk)]
    kinds += ["identifier/device"]
    return [What(kind, capfirst(wording.subject(kind)), _("Users")) for kind in kinds]


def _attributes(workspace: Workspace) -> list[What]:
    """Standard fields, whether anybody has them or not, then whatever users have."""
    found = []
    for one in catalogue.known_attributes(workspace.pk):
        value = f"attribute/{one.name}"
        heading = _("User attributes") if one.is_standard else _("Custom attributes")
        found.append(What(value, wording.subject(value), heading, frozenset(one.kinds)))
    return found
