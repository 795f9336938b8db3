"""The account of every upload: what became of each id, and how far apply has come."""

from collections.abc import Sequence

from django.db import connection

from cohorts.applying.folding import COUNTS, Outcome

# The payload gives way to the bitmaps of what the request added and removed.
CLOSE = f"""
UPDATE cohorts_upload AS upload
   SET applied_at = clock_timestamp(), runs = NULL, external_ids = NULL, device_ids = NULL,
       alias_labels = NULL, alias_names = NULL,
       {", ".join(f"{count} = outcome.{count}" for count in COUNTS)},
       members_added = outcome.members_added, members_removed = outcome.members_removed
  FROM unnest(%s::bigint[], {", ".join("%s::integer[]" for _ in COUNTS)},
              %s::bytea[], %s::bytea[])
    AS outcome (sequence, {", ".join(COUNTS)}, members_added, members_removed)
 WHERE upload.cohort_id = %s AND upload.sequence = outcome.sequence
"""
ADVANCE = """
UPDATE cohorts_cohortcursor
   SET sequence = %s, ids_applied = ids_applied + %s, last_applied_at = clock_timestamp(),
       attempts = 0, failures = 0, error = '', retry_at = NULL
 WHERE cohort_id = %s
"""


def close(cohort_id: int, outcomes: Sequence[tuple[int, Outcome]], *, ids: int) -> None:
    """Write each request's outcome and move the cursor past the last of them."""
    sequences = [sequence for sequence, _ in outcomes]
    counts = [[getattr(outcome, count) for _, outcome in outcomes] for count in COUNTS]
    added = [outcome.members_added.serialize() for _, outcome in outcomes]
    removed = [outcome.members_removed.serialize() for _, outcome in outcomes]
    with connection.cursor() as cursor:
        cursor.execute(CLOSE, [sequences, *counts, added, removed, cohort_id])
        cursor.execute(ADVANCE, [sequences[-1], ids, cohort_id])
