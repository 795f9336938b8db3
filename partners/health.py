"""How a partner's calls to a workspace have been going, hour by hour."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from django.db import connection
from django.db.models import IntegerChoices
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

HOUR = timedelta(hours=1)

# An accepted call is counted by the hour's limit, or with the figures when it stores nothing.
HOURS = """
SELECT hour, sum(accepted)::bigint, sum(refused)::bigint, sum(failed)::bigint,
       sum(ids)::bigint, sum(added)::bigint, sum(matched)::bigint,
       max(last_good_at), max(last_error_at)
  FROM (SELECT hour, accepted, 0 AS refused, 0 AS failed, ids, 0 AS added, 0 AS matched,
               last_accepted_at AS last_good_at, NULL::timestamptz AS last_error_at
          FROM partners_requestcount
         WHERE workspace_id = %(workspace)s AND partner_id = %(partner)s AND hour >= %(since)s
        UNION ALL
        SELECT hour, unstored, refused, failed, 0, ids_added, ids_matched,
               last_unstored_at, last_error_at
          FROM partners_hourlyfigures
         WHERE workspace_id = %(workspace)s AND partner_id = %(partner)s AND hour >= %(since)s
       ) AS figures
 GROUP BY hour
"""


class Span(IntegerChoices):
    """How far to look back, in hours."""

    TWO_DAYS = 48, _("48 hours")
    A_WEEK = 168, _("7 days")


@dataclass(frozen=True, slots=True)
class Hour:
    """Calls by their answer, and ids. `added` counts those that applied uploads asked to add."""

    at: datetime
    accepted: int = 0
    refused: int = 0  # answered 4xx
    failed: int = 0  # answered 5xx
    ids: int = 0
    added: int = 0
    matched: int = 0
    last_good_at: datetime | None = None
    last_error_at: datetime | None = None

    @property
    def errors(self) -> int:
        return self.refused + self.failed

    @property
    def requests(self) -> int:
        return self.accepted + self.errors

    @property
    def match_rate(self) -> float | None:
        """Of the ids that were to be added, the percentage that named a user; None without any."""
        return 100 * self.matched / self.added if self.added else None

    @property
    def is_quiet(self) -> bool:
        return not (self.requests or self.added)


@dataclass(frozen=True)
class Health:
    """All hours of a span, the oldest first and the current one last."""

    span: Span
    hours: Sequence[Hour]

    @cached_property
    def total(self) -> Hour:
        """The whole span as if it were one hour."""
        hours = self.hours
        return Hour(
            hours[0].at,
            accepted=sum(hour.accepted for hour in hours),
            refused=sum(hour.refused for hour in hours),
            failed=sum(hour.failed for hour in hours),
            ids=sum(hour.ids for hour in hours),
            added=sum(hour.added for hour in hours),
            matched=sum(hour.matched for hour in hours),
            last_good_at=_latest(hour.last_good_at for hour in hours),
            last_error_at=_latest(hour.last_error_at for hour in hours),
        )

    @property
    def busy(self) -> list[Hour]:
        """The hours in which something happened, the newest first."""
        return [hour for hour in reversed(self.hours) if not hour.is_quiet]


def read(workspace_id: int, partner_id: int, span: Span = Span.TWO_DAYS) -> Health:
    """One query, of some hundred rows at most whatever the traffic."""
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    since = now - (span - 1) * HOUR
    with connection.cursor() as cursor:
        cursor.execute(HOURS, {"workspace": workspace_id, "partner": partner_id, "since": since})
        found = {at: Hour(at, *figures) for at, *figures in cursor}
    hours = (since + passed * HOUR for passed in range(span))
    return Health(span, [found.get(at) or Hour(at) for at in hours])


def _latest(moments: Iterable[datetime | None]) -> datetime | None:
    return max((at for at in moments if at), default=None)
