"""What can be picked as the value of a filter, found by whatever somebody types, page by page."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from django.db.models import F, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from cohorts.models import Cohort
from cohorts.search import search
from cohorts.sizes import sizes
from common.snapshots import snapshot
from profiles.facets import catalogue
from segments.filters.base import CohortReference
from segments.models import Segment
from workspaces.models import Workspace

Row = TypeVar("Row", Cohort, Segment)

# Picks that are offered at once, and pages of them.
PAGE = 20
MOST_PAGES = 10_000


@dataclass(frozen=True, slots=True)
class Pick:
    value: str
    name: str
    size: int | None = None
    id: str = ""
    export_file_name: str = ""
    former_names: tuple[str, ...] = ()
    received_at: datetime | None = None
    # In a word, why it is not like the others: "archived".
    state: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    picks: list[Pick]
    next: int | None = None


def find(
    workspace: Workspace, what: str, text: str = "", *, page: int = 1, of: Segment | None = None
) -> Page:
    """What the text finds among those that can be picked, most recent first.

    `of` is the segment being edited: it isn't offered to itself.
    """
    # NUL, which nothing here contains, is nothing that PostgreSQL can be asked for.
    kind, _slash, about = what.replace("\0", "").partition("/")
    page = min(max(page, 1), MOST_PAGES)
    if kind == "cohort":
        return _cohorts(workspace, about, text, page)
    if kind == "attribute":
        return _values(workspace, about, text)
    return _segments(workspace, text, page, of) if kind == "segment" else Page([])


def chosen_cohorts(
    workspace: Workspace, references: Collection[CohortReference]
) -> dict[CohortReference, Pick]:
    """Those of the references that are there, archived ones too, without their sizes."""
    if not references:
        return {}
    found = Cohort.objects.filter(
        workspace=workspace,
        partner__slug__in={one.partner for one in references if "\0" not in one.partner},
        external_id__in={one.external_id for one in references if "\0" not in one.external_id},
    )
    return {
        CohortReference(cohort.partner.slug, cohort.external_id): _cohort_pick(cohort)
        for cohort in found.select_related("partner", "head")
    }


def chosen_segments(workspace: Workspace, values: Collection[str]) -> dict[str, Pick]:
    if not values:
        return {}
    found = Segment.objects.in_workspace(workspace).filter(
        pk__in=[value for value in map(_uuid, values) if value]
    )
    return {str(segment.pk): _segment_pick(segment) for segment in found}


def segments_offered(workspace: Workspace, of: Segment | None) -> QuerySet[Segment]:
    here = Segment.objects.in_workspace(workspace).active()
    return here.exclude(pk=of.pk) if of else here


def _cohorts(workspace: Workspace, partner: str, text: str, page: int) -> Page:
    here = (
        Cohort.objects.filter(workspace=workspace, partner__slug=partner, archived_at=None)
        .select_related("head")
        .prefetch_related("former_names")
        .order_by(F("head__last_received_at").desc(nulls_last=True), "-pk")
    )
    with snapshot():
        found, more = _cut(search(here, text), page)
        counted = sizes(workspace.pk, [cohort.pk for cohort in found])
    picks = [
        _cohort_pick(
            cohort,
            counted[cohort.pk].matched,
            tuple(former.name for former in cohort.former_names.all()),
        )
        for cohort in found
    ]
    return Page(picks, more)


def _segments(workspace: Workspace, text: str, page: int, of: Segment | None) -> Page:
    named = segments_offered(workspace, of).filter(name__icontains=text.replace("\0", "").strip())
    found, more = _cut(named.order_by("-updated_at", "pk"), page)
    return Page([_segment_pick(segment) for segment in found], more)


def _values(workspace: Workspace, attribute: str, text: str) -> Page:
    """Values that users often have: for them any other can be typed, so there is one page."""
    wanted = text.strip().casefold()
    frequent = catalogue.frequent_values(workspace.pk, attribute)
    found = [one for one in frequent if wanted in one.text.casefold()]
    return Page([Pick(one.text, one.text, one.users) for one in found[:PAGE]])


def _cut(rows: QuerySet[Row], page: int) -> tuple[list[Row], int | None]:
    """The page's rows, and the number of the next page if there is one."""
    start = (page - 1) * PAGE
    found = list(rows[start : start + PAGE + 1])
    return found[:PAGE], page + 1 if len(found) > PAGE else None


def _cohort_pick(cohort: Cohort, size: int | None = None, former: tuple[str, ...] = ()) -> Pick:
    return Pick(
        cohort.external_id,
        cohort.display_name,
        size,
        cohort.external_id,
        cohort.export_file_name,
        former,
        cohort.head.last_received_at if hasattr(cohort, "head") else None,
        pgettext("a cohort", "archived") if cohort.archived_at else "",
    )


def _segment_pick(segment: Segment) -> Pick:
    state = _("archived") if segment.archived_at else ""
    return Pick(str(segment.pk), segment.name, received_at=segment.updated_at, state=state)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
