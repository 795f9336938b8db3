"""What a batch says about its users: every attribute that an import writes goes through here."""

from collections.abc import Sequence

import msgspec
from django.db import connection

from profiles.importing import copying
from profiles.importing.batches import Numbered

# A temporary table lives as long as the connection and is emptied with each transaction.
_TABLE = """
CREATE TEMPORARY TABLE IF NOT EXISTS user_import
    (profile_id bigint, line bigint, attributes jsonb) ON COMMIT DELETE ROWS
"""

# A row that says nothing new is left alone: importing the same file again writes nothing.
# What a null removes isn't contained in any user, so such rows are always written.
_LOCK = """
SELECT FROM user_import AS said JOIN profiles_profile AS p ON p.id = said.profile_id
WHERE NOT p.attributes @> said.attributes ORDER BY p.id FOR NO KEY UPDATE OF p
"""
_SAID_ONCE = "user_import"
_SAID_BY_SEVERAL_LINES = """(
    SELECT profile_id, jsonb_object_agg(each.name, each.cell ORDER BY line) AS attributes
    FROM user_import CROSS JOIN jsonb_each(attributes) AS each (name, cell) GROUP BY profile_id
)"""
_MERGE = """
UPDATE profiles_profile AS p
SET attributes = CASE WHEN %(removes)s THEN jsonb_strip_nulls(p.attributes || said.attributes)
                      ELSE p.attributes || said.attributes END,
    updated_at = now()
FROM {said} AS said
WHERE p.id = said.profile_id AND p.workspace_id = %(workspace)s
  AND NOT p.attributes @> said.attributes
RETURNING p.id
"""


def create(
    workspace_id: int, users: Sequence[Numbered], *, identified: bool, removes: bool
) -> None:
    """Add profiles, in the order of their ids, with what their lines say.

    With `removes`, that may be null, and a new user has nothing to be removed.
    """
    users = sorted(users)
    if removes:
        users = [
            (profile_id, (label, value, line, _without_nulls(document)))
            for profile_id, (label, value, line, document) in users
        ]
    add = copying.identified if identified else copying.anonymous
    add(workspace_id, users)


def merge(workspace_id: int, users: Sequence[Numbered], *, removes: bool) -> list[int]:
    """Change profiles by what lines say of them, and return the ids of those that changed.

    Of several values for one attribute the last line's stays. With `removes`, a null takes
    the attribute away.
    """
    once = len({profile_id for profile_id, _user in users}) == len(users)
    statement = _MERGE.format(said=_SAID_ONCE if once else _SAID_BY_SEVERAL_LINES)
    with connection.cursor() as cursor:
        cursor.execute(_TABLE)
        copying.changes(users)
        cursor.execute(_LOCK)
        cursor.execute(statement, {"workspace": workspace_id, "removes": removes})
        return [profile_id for (profile_id,) in cursor]


def _without_nulls(document: bytes) -> bytes:
    attributes = msgspec.json.decode(document)
    return msgspec.json.encode(
        {name: value for name, value in attributes.items() if value is not None}
    )
