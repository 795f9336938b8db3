"""How segments' sizes developed: a step whenever one was counted and why.

An edit is counted right after it. A sync is counted once it has ended, for the segments that
it can have changed, and leaves a step where it did. And whatever happens, each day begins
with a count. So a chart names the cause of every step, and of what no step names (users who
came, merged or went) the day's count tells the sum.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db.models import Exists, Max, OuterRef, QuerySet
from django.utils import timezone

from cohorts.models import Cohort
from common.snapshots import snapshot
from segments.models import Cause, Segment, SizeStep, Version
from segments.sizes import sizes


class Noted(NamedTuple):
    """What the history of a segment ends with."""

    at: datetime
    size: int


def note_edit(segment_id: UUID) -> None:
    """Count a segment that was saved. Where this is missed, `segments.watching` makes up."""
    segment = Segment.objects.filter(pk=segment_id).first()
    if segment is not None:
        note_edits(segment.workspace_id, [segment])


def note_edits(workspace_id: int, segments: Sequence[Segment]) -> None:
    """Count segments whose newest filters aren't in their history yet."""
    newest = dict(
        Version.objects.filter(segment__in=segments, has_new_filters=True)
        .values("segment")
        .annotate(newest=Max("number"))
        .values_list("segment", "newest")
    )
    steps = _steps(workspace_id, segments, Cause.EDIT)
    for step in steps:
        step.version = newest.get(step.segment_id)
    SizeStep.objects.bulk_create(steps, ignore_conflicts=True)


def not_noted(segments: QuerySet[Segment]) -> QuerySet[Segment]:
    """Those with filters that weren't counted when they were saved."""
    steps = SizeStep.objects.filter(segment=OuterRef(OuterRef("pk")))
    later = steps.filter(version__gte=OuterRef("number"))
    versions = Version.objects.filter(segment=OuterRef("pk"), has_new_filters=True)
    return segments.filter(Exists(versions.filter(~Exists(later))))


def note_day(workspace_id: int, segments: Sequence[Segment]) -> None:
    SizeStep.objects.bulk_create(_steps(workspace_id, segments, Cause.DAY))


def note_syncs(
    workspace_id: int, segments: Sequence[Segment], ended: Mapping[UUID, Iterable[int]]
) -> None:
    """Count segments after syncs of the cohorts named beside them, and keep what changed."""
    before = last_sizes(segments)
    changed = []
    for step in _steps(workspace_id, segments, Cause.SYNC):
        last = before.get(step.segment_id)
        if last is None or last.size != step.size:
            step.cohort_ids = sorted(ended[step.segment_id])
            changed.append(step)
    SizeStep.objects.bulk_create(changed)


def last_sizes(segments: Iterable[Segment]) -> dict[UUID, Noted]:
    """What each one's history ends with, where it has begun, in one query."""
    ids = [segment.pk for segment in segments]
    steps = SizeStep.objects.filter(segment__in=ids).order_by("segment", "-at", "-pk")
    return {
        segment_id: Noted(at, size)
        for segment_id, at, size in steps.distinct("segment").values_list(
            "segment_id", "at", "size"
        )
    }


class Step(NamedTuple):
    """A step with the names of what caused it: the version's author, or the cohorts."""

    step: SizeStep
    change: int | None
    by: str
    cohorts: list[str]


def steps_of(segment: Segment, *, since: datetime) -> list[Step]:
    """The steps of that time with what caused them, the oldest first. Three queries."""
    steps = list(segment.size_steps.filter(at__gte=since).order_by("at", "pk"))
    earlier = segment.size_steps.filter(at__lt=since).order_by("-at", "-pk").first()
    if earlier is not None:
        steps.insert(0, earlier)
    named = {cohort_id for step in steps for cohort_id in step.cohort_ids}
    cohorts = Cohort.objects.filter(workspace_id=segment.workspace_id).in_bulk(named)
    numbers = [step.version for step in steps if step.version]
    authors = dict(segment.versions.filter(number__in=numbers).values_list("number", "by"))
    found = []
    before: int | None = None
    for step in steps:
        names = [cohorts[pk].display_name for pk in step.cohort_ids if pk in cohorts]
        change = None if before is None else step.size - before
        found.append(Step(step, change, authors.get(step.version or 0, ""), names))
        before = step.size
    return found


def series(segment: Segment, *, length: int, ending_at: datetime) -> list[tuple[datetime, int]]:
    """The size at `ending_at` and at the same time of the days before, `length` in all.

    The oldest first; days before the segment's first count are left out.
    """
    moments = [ending_at - timedelta(days=days) for days in range(length - 1, -1, -1)]
    first = segment.size_steps.filter(at__lte=moments[0]).order_by("-at", "-pk").first()
    later = segment.size_steps.filter(at__gt=moments[0], at__lte=ending_at)
    steps = ([first] if first else []) + list(later.order_by("at", "pk"))
    found: list[tuple[datetime, int]] = []
    position, size = 0, None
    for moment in moments:
        while position < len(steps) and steps[position].at <= moment:
            size = steps[position].size
            position += 1
        if size is not None:
            found.append((moment, size))
    return found


def _steps(workspace_id: int, segments: Sequence[Segment], cause: Cause) -> list[SizeStep]:
    """A step for each that can be evaluated, of now; still to be stored."""
    with snapshot():
        at = timezone.now()
        counted = sizes(workspace_id, segments)
    return [
        SizeStep(segment_id=segment_id, at=at, size=size, cause=cause)
        for segment_id, size in counted.items()
        if size is not None
    ]
