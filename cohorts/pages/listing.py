"""The list of cohorts: exact sizes of the page that is shown, sorted by those counted last."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Coalesce, Collate, NullIf
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from unfold.views import ChangeList

from cohorts import usage
from cohorts.sizes import sizes
from common.snapshots import snapshot

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)

# What columns are sorted by. Counting thousands of cohorts for each list would take seconds.
BY_NAME = Coalesce(
    NullIf(F("own_name"), Value("")),
    NullIf(F("name"), Value("")),
    Collate(F("external_id"), "default"),
)
BY_SIZE = Coalesce(F("count__size"), Value(0))
BY_WAITING = Coalesce(F("count__waiting"), Value(0))
BY_UPDATE = Coalesce(F("head__last_received_at"), Value(_NEVER))

_EXACTLY = {"matched": "matched", "waiting": "waiting"}


class CohortList(ChangeList):  # type: ignore[misc]
    """Counts the cohorts of the page that is shown, and no others."""

    def get_results(self, request: HttpRequest) -> None:
        with snapshot():
            super().get_results(request)
            self.result_list: list[Any] = list(self.result_list)
            attach(self.result_list)
        self._sort_exactly(request)

    def _sort_exactly(self, request: HttpRequest) -> None:
        """A page that is sorted by size is so by the sizes that it shows."""
        for index, direction in self.get_ordering_field_columns().items():
            column = _EXACTLY.get(str(self.list_display[index]))
            if column:
                self.result_list.sort(
                    key=lambda cohort, name=column: getattr(cohort.size, name),  # type: ignore[misc]
                    reverse=direction == "desc",
                )
            return


def attach(cohorts: list[Any]) -> None:
    """Give each cohort, all of one workspace, its `size` and what `uses` it."""
    if cohorts:
        workspace_id = cohorts[0].workspace_id
        counted = sizes(workspace_id, [cohort.pk for cohort in cohorts])
        used = usage.uses(workspace_id, cohorts)
        for cohort in cohorts:
            cohort.size, cohort.uses = counted[cohort.pk], used[cohort.pk]


class _Choice(admin.SimpleListFilter):
    """One of a few, with a word of its own for what is shown when nothing is chosen."""

    otherwise: Any = _("All")

    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice in super().choices(changelist):
            everything = choice["query_string"] == changelist.get_query_string(
                remove=[self.parameter_name]
            )
            yield {**choice, "display": self.otherwise} if everything else choice


class FreshnessFilter(_Choice):
    title = _("freshness")
    parameter_name = "updated"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("day", _("Updated within a day")),
            ("week", _("Updated within a week")),
            ("silent", _("Silent for a week")),
            ("month", _("Silent for a month")),
            ("never", _("Nothing received yet")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        now = timezone.now()
        at = "head__last_received_at"
        wanted = {
            "day": Q(**{f"{at}__gte": now - timedelta(days=1)}),
            "week": Q(**{f"{at}__gte": now - timedelta(days=7)}),
            "silent": Q(**{f"{at}__lt": now - timedelta(days=7)}),
            "month": Q(**{f"{at}__lt": now - timedelta(days=30)}),
            "never": Q(**{at: None}),
        }
        return queryset.filter(wanted.get(self.value() or "", Q()))


class StateFilter(_Choice):
    """Archived cohorts are shown only where they are asked for."""

    title = _("state")
    parameter_name = "state"
    otherwise = _("In use")

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("parked", _("Parked")),
            ("unnamed", _("Unnamed")),
            ("archived", pgettext_lazy("cohorts", "Archived")),
            ("all", _("All")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted = {
            "parked": Q(cursor__parked_at__isnull=False),
            "unnamed": Q(name="", own_name="", archived_at=None),
            "archived": Q(archived_at__isnull=False),
            "all": Q(),
        }
        return queryset.filter(wanted.get(self.value() or "", Q(archived_at=None)))
