"""When a sync of a cohort has ended: partners send many requests, and none says it is the last.

Pure. Whatever keeps sizes over time (cohorts here, segments above) asks this one function.
"""

from datetime import datetime, timedelta

# Without a request for so long, the sync is over.
QUIET = timedelta(seconds=60)


def ended_at(
    received_at: datetime | None, applied_at: datetime | None, *, pending: int, now: datetime
) -> datetime | None:
    """When the cohort's last sync ended; None while one is under way, or before the first.

    `received_at` and `applied_at` are `CohortHead.last_received_at` and
    `CohortCursor.last_applied_at`, `pending` the requests accepted and not applied yet.
    A sync is over once nothing came for `QUIET` and all that came is applied. It ended when
    its last request had taken effect: a size taken since then has all of it.
    """
    if received_at is None or applied_at is None or pending or now - received_at < QUIET:
        return None
    return max(received_at, applied_at)
