"""The ids by which profile ids are known, as a CSV file that is written while it is read.

Its columns are those of a file of a cohort's members, so it can be imported as it is.
"""

from collections.abc import Iterator

from django.db import connection
from pyroaring import BitMap64

from common.spreadsheets import write_csv
from profiles.rules import Kind

COLUMNS = ("external_id", "alias_label", "alias_name", "device_id", "named_at")

# Profile ids that are looked up in one query.
AT_ONCE = 5_000

# Of a user with several ids, the one that names them best: kinds stand in that order.
_IDS = """
SELECT DISTINCT ON (profile_id) profile_id, kind, label, value, last_named_at
  FROM profiles_identifier WHERE workspace_id = %s AND profile_id = ANY(%s)
 ORDER BY profile_id, kind, label, value
"""


def rows(workspace_id: int, profile_ids: BitMap64) -> Iterator[bytes]:
    """A header, then a line for each profile id, in their order; a part at a time.

    Whoever is gone by the time that their part is read is left out. `named_at` is when a
    partner last named an id that waits.
    """
    yield write_csv([COLUMNS])
    for start in range(0, len(profile_ids), AT_ONCE):
        some = list(profile_ids[start : start + AT_ONCE])
        with connection.cursor() as cursor:
            cursor.execute(_IDS, [workspace_id, some])
            found = cursor.fetchall()
        yield write_csv(
            [*_cells(kind, label, value), at.isoformat(timespec="seconds") if at else ""]
            for _profile_id, kind, label, value, at in found
        )


def _cells(kind: int, label: str, value: str) -> tuple[str, str, str, str]:
    if kind == Kind.EXTERNAL_ID:
        return value, "", "", ""
    return ("", label, value, "") if kind == Kind.ALIAS else ("", "", "", value)
