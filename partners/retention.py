"""How much of the request log is kept."""

from django.db import connection

LINES_KEPT = 1_000  # of each workspace and partner

# Read off the log's index, which is in this order.
TRIM = """
DELETE FROM partners_loggedcall
 WHERE id IN (SELECT id
                FROM (SELECT id, row_number() OVER (
                             PARTITION BY workspace_id, partner_id ORDER BY id DESC) AS place
                        FROM partners_loggedcall) AS lines
               WHERE place > %s)
"""


def trim() -> None:
    """Drop all but the newest lines. Hourly figures outlive them."""
    with connection.cursor() as cursor:
        cursor.execute(TRIM, [LINES_KEPT])
