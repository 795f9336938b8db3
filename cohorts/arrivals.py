"""By which upload users came into the cohorts that hold them, looked up in the ledger."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from psycopg.pq import Format
from pyroaring import BitMap64

# Uploads that one call looks at, the latest ones of each cohort: reading as many full ones
# takes 0.4 s.
MOST_UPLOADS = 10_000

# Uploads that are in memory at once: 2 to 4 KiB for each.
AT_ONCE = 500

_LATEST = """
SELECT upload.cohort_id, upload.sequence, upload.applied_at,
       upload.members_added, upload.members_removed
  FROM unnest(%s::bigint[]) AS asked (cohort_id)
 CROSS JOIN LATERAL (
       SELECT * FROM cohorts_upload AS each WHERE each.cohort_id = asked.cohort_id
        ORDER BY each.sequence DESC LIMIT %s) AS upload
 WHERE upload.members_added IS NOT NULL AND upload.added + upload.waiting + upload.removed > 0
 ORDER BY upload.cohort_id, upload.sequence DESC
"""


@dataclass(frozen=True, slots=True)
class Arrival:
    """The upload that added a member, and when it was applied."""

    sequence: int
    applied_at: datetime


def find(held: Mapping[int, BitMap64]) -> dict[tuple[int, int], Arrival]:
    """The arrival of members by cohort and profile id, given those that each cohort holds.

    It is missing when the ledger doesn't keep what that upload added any more, or reaches
    back further than a call looks, and for whoever came in by a merge. The caller is in a
    transaction.
    """
    arrivals: dict[tuple[int, int], Arrival] = {}
    if not held:
        return arrivals
    left = {cohort_id: BitMap64(members) for cohort_id, members in held.items()}
    with connection.chunked_cursor() as cursor:
        cursor.cursor.format = Format.BINARY
        cursor.execute(_LATEST, [list(held), max(1, MOST_UPLOADS // len(held))])
        while rows := cursor.fetchmany(AT_ONCE):
            for cohort_id, sequence, applied_at, added, removed in rows:
                members = left[cohort_id]
                if not members:
                    continue
                for profile_id in members & BitMap64.deserialize(bytes(added)):
                    arrivals[cohort_id, profile_id] = Arrival(sequence, applied_at)
                    members.discard(profile_id)
                # Whoever was removed after the last add is in again by a merge.
                members -= BitMap64.deserialize(bytes(removed))
    return arrivals
