"""How many of the ids that partners add name a user: figures by the hour of the request."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import connection

from cohorts.applying.folding import Batch, Match
from cohorts.applying.resolving import Pending

# Cohorts that are applied at the same time shall not queue for one row.
SLOTS = 16

# Slot 0 is where calls are counted.
COUNT = """
INSERT INTO partners_hourlyfigures AS figures
       (workspace_id, partner_id, hour, slot, ids_added, ids_matched)
SELECT cohort.workspace_id, cohort.partner_id, hours.hour, 1 + cohort.id %% %s,
       hours.added, hours.matched
  FROM cohorts_cohort AS cohort,
       unnest(%s::timestamptz[], %s::bigint[], %s::bigint[]) AS hours (hour, added, matched)
 WHERE cohort.id = %s
 ORDER BY hours.hour
ON CONFLICT (workspace_id, partner_id, hour, slot) DO UPDATE
   SET ids_added = figures.ids_added + excluded.ids_added,
       ids_matched = figures.ids_matched + excluded.ids_matched
"""


def count(
    cohort_id: int, requests: Sequence[Pending], batches: Mapping[int, Iterable[Batch]]
) -> None:
    """Add the requests' ids to their hours. Last in a transaction: cohorts share these rows."""
    hours: dict[datetime, list[int]] = {}
    for request in requests:
        hour = request.received_at.replace(minute=0, second=0, microsecond=0)
        for batch in batches[request.sequence]:
            if not batch.remove:
                counts = hours.setdefault(hour, [0, 0])
                counts[0] += len(batch.matches)
                counts[1] += batch.matches.count(Match.LIVE)
    if hours:
        added, matched = (list(column) for column in zip(*hours.values(), strict=True))
        with connection.cursor() as cursor:
            cursor.execute(COUNT, [SLOTS, list(hours), added, matched, cohort_id])
