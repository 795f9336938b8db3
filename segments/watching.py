"""Keep the history of segments' sizes: what `segments.tasks` calls every few seconds.

What has to be counted is found by what is stored, so that a ring that was missed, doubled
or killed makes no difference. One watcher a workspace, so that nothing is counted twice. Most
rings find nothing, and cost a few short queries.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from cohorts import syncs
from cohorts.models import CohortCursor
from common.advisory import Namespace, claim
from segments import history
from segments.filters.base import CohortReference, SegmentReference
from segments.models import Segment, SizeStep, SizeWatch
from segments.reading import InvalidTree
from segments.tree import parse

# Segments that are counted and stored in one go.
AT_ONCE = 200

# Segments, each with the cohorts that it may have changed with.
_Affected = dict[UUID, set[int]]


def watch(*, seconds: float) -> None:
    """Count whatever is due, in every workspace, until that is done or time is up."""
    until = time.monotonic() + seconds
    workspaces = Segment.objects.active().values_list("workspace_id", flat=True)
    for workspace_id in list(workspaces.distinct()):
        with claim(Namespace.SIZES, workspace_id) as mine:
            for count in _due(workspace_id, timezone.now()) if mine else ():
                count()
                if time.monotonic() >= until:
                    return


def _due(workspace_id: int, now: datetime) -> Iterator[Callable[[], None]]:
    segments = Segment.objects.active().filter(workspace_id=workspace_id).order_by("pk")
    steps = SizeStep.objects.filter(segment=OuterRef("pk"))
    for part in _parts(list(history.not_noted(segments))):
        yield partial(history.note_edits, workspace_id, part)
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    for part in _parts(list(segments.filter(~Exists(steps.filter(at__gte=today))))):
        yield partial(history.note_day, workspace_id, part)
    yield partial(note_syncs, workspace_id, now)


def note_syncs(workspace_id: int, now: datetime) -> None:
    """Count the segments that syncs can have changed which ended since the last look."""
    watched, is_new = SizeWatch.objects.get_or_create(
        workspace_id=workspace_id, defaults={"looked_at": now}
    )
    ended = {} if is_new else _ended(workspace_id, watched.looked_at, now)
    affected = _affected(workspace_id, ended) if ended else {}
    segments = Segment.objects.active().filter(pk__in=affected).order_by("pk")
    for part in _parts(list(segments)):
        history.note_syncs(workspace_id, part, affected)
    if ended:
        SizeWatch.objects.filter(pk=workspace_id).update(looked_at=now)


def _ended(workspace_id: int, since: datetime, now: datetime) -> dict[CohortReference, int]:
    """Cohorts with a sync that could be told to have ended after `since`, and not before."""
    cursors = CohortCursor.objects.filter(
        Q(cohort__head__last_received_at__gt=since - syncs.QUIET) | Q(last_applied_at__gt=since),
        cohort__workspace_id=workspace_id,
    )
    found = {}
    for cursor in cursors.select_related("cohort__head", "cohort__partner"):
        head = cursor.cohort.head
        # A parked cohort waits for an operator: that is no sync under way.
        pending = 0 if cursor.parked_at else head.sequence - cursor.sequence
        if syncs.ended_at(head.last_received_at, cursor.last_applied_at, pending=pending, now=now):
            named = CohortReference(cursor.cohort.partner.slug, cursor.cohort.external_id)
            found[named] = cursor.cohort_id
    return found


def _affected(workspace_id: int, ended: Mapping[CohortReference, int]) -> _Affected:
    """The segments that are made of those cohorts, at whatever depth."""
    found: _Affected = {}
    used_by: dict[UUID, set[UUID]] = {}
    rows = Segment.objects.filter(workspace_id=workspace_id).values_list("pk", "filters")
    for segment_id, filters in rows:
        try:
            tree = parse(filters)
        except InvalidTree:
            continue
        for _path, condition in tree.filters():
            for _key, named in condition.references():
                if isinstance(named, SegmentReference):
                    used_by.setdefault(named.segment, set()).add(segment_id)
                elif isinstance(named, CohortReference) and named in ended:
                    found.setdefault(segment_id, set()).add(ended[named])
    left = list(found)
    while left:
        used = left.pop()
        for user in used_by.get(used, ()):
            before = len(found.setdefault(user, set()))
            found[user] |= found[used]
            if len(found[user]) > before:
                left.append(user)
    return found


def _parts(segments: Sequence[Segment]) -> Iterator[Sequence[Segment]]:
    for start in range(0, len(segments), AT_ONCE):
        yield segments[start : start + AT_ONCE]
