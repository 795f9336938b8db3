"""How old the data is that a tree rests on: the uploads of the cohorts that it leads to."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.urls import reverse

from cohorts.models import Cohort
from segments.filters.base import CohortReference
from segments.resolving import Plan

# A partner's sync has ended when nothing came for that long.
SYNC_ENDS = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class CohortState:
    """Where a cohort stands. `pending` uploads were accepted and are not applied yet."""

    name: str
    path: str
    pending: int
    received_at: datetime | None
    applied_at: datetime | None
    is_archived: bool = False
    is_parked: bool = False

    @property
    def is_receiving(self) -> bool:
        if self.is_parked:
            return False
        is_recent = self.received_at and datetime.now(UTC) - self.received_at < SYNC_ENDS
        return bool(self.pending or is_recent)


@dataclass(frozen=True, slots=True)
class Freshness:
    cohorts: dict[CohortReference, CohortState]

    @property
    def oldest(self) -> CohortState | None:
        """The cohort whose last upload lies furthest back."""
        applied = [state for state in self.cohorts.values() if state.applied_at]
        return min(applied, key=lambda state: state.applied_at or datetime.now(UTC), default=None)

    @property
    def newest(self) -> CohortState | None:
        applied = [state for state in self.cohorts.values() if state.applied_at]
        return max(applied, key=lambda state: state.applied_at or datetime.now(UTC), default=None)

    @property
    def pending(self) -> int:
        """Uploads that will still change the numbers."""
        return sum(state.pending for state in self.cohorts.values())


def of(plan: Plan) -> Freshness:
    """One query, however many cohorts the plan names."""
    references = {found.id: reference for reference, found in plan.cohorts.items()}
    if not references:
        return Freshness({})
    rows = Cohort.objects.filter(pk__in=references).select_related("head", "cursor")
    return Freshness({references[cohort.pk]: _state(cohort) for cohort in rows.order_by("pk")})


def named(freshness: Freshness, references: Collection[object]) -> list[CohortState]:
    """The states of those of the references that are cohorts."""
    return [state for reference, state in freshness.cohorts.items() if reference in references]


def _state(cohort: Cohort) -> CohortState:
    head, cursor = getattr(cohort, "head", None), getattr(cohort, "cursor", None)
    return CohortState(
        name=cohort.display_name,
        path=reverse("admin:cohorts_cohort_change", args=[cohort.pk]),
        pending=head.sequence - cursor.sequence if head and cursor else 0,
        received_at=head.last_received_at if head else None,
        applied_at=cursor.last_applied_at if cursor else None,
        is_archived=cohort.archived_at is not None,
        is_parked=bool(cursor and cursor.parked_at),
    )
