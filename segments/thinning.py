"""How much of the history of sizes is kept: less, the longer ago it is."""

from datetime import timedelta

from django.db import connection
from django.utils import timezone

# Everything for as long, then the last step of each day, later of each week. Edits stay.
WHOLE = timedelta(days=30)
DAILY = timedelta(days=400)

_THIN = """
DELETE FROM segments_sizestep WHERE id IN (
    SELECT id FROM (
        SELECT id, version,
               row_number() OVER (PARTITION BY segment_id, date_trunc(%(unit)s, at, 'UTC')
                                  ORDER BY at DESC, id DESC) AS place
          FROM segments_sizestep
         WHERE at < %(before)s) AS step
     WHERE place > 1 AND version IS NULL)
"""


def thin() -> int:
    """Drop the steps that have outlived their keeping; how many they were."""
    now = timezone.now()
    dropped = 0
    with connection.cursor() as cursor:
        for unit, age in (("day", WHOLE), ("week", DAILY)):
            cursor.execute(_THIN, {"unit": unit, "before": now - age})
            dropped += cursor.rowcount
    return dropped
