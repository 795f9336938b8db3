"""Store users by the batch: a COPY and a handful of statements, whatever the batch's size.

Every row names its user by one id, so a waiting id is taken by the new user as it is, and
no bit ever moves: the shared identity lock will do. New profiles go straight into the
blocks of `known`, once a batch.
"""

from dataclasses import dataclass

from django.db import connection, transaction
from pyroaring import BitMap64

from profiles import known, waiting
from profiles.identities import Outrun
from profiles.importing.batches import Batch
from profiles.locks import share_identities
from profiles.rules import Kind, State

# Temporary tables live as long as the connection and are emptied with each transaction.
_TABLES = """
CREATE TEMPORARY TABLE IF NOT EXISTS user_import
    (line bigint, label text COLLATE "C", value text COLLATE "C", attributes jsonb)
    ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE IF NOT EXISTS user_import_found
    (line bigint, label text COLLATE "C", value text COLLATE "C", attributes jsonb,
     profile_id bigint, state smallint)
    ON COMMIT DELETE ROWS;
"""

# Probing the map in its own order beats every other plan, whatever the planner makes of
# tables without statistics: left to itself it read the whole map again for every row.
# Commits needn't reach the disk one by one: the last one does, and takes all others along.
_LOCAL_SETTINGS = """
SET LOCAL enable_hashjoin = off;
SET LOCAL enable_mergejoin = off;
SET LOCAL enable_seqscan = off;
SET LOCAL enable_bitmapscan = off;
SET LOCAL enable_material = off;
SET LOCAL jit = off;
SET LOCAL lock_timeout = 0;
SET LOCAL synchronous_commit = off;
"""

_COPY = "COPY user_import (line, label, value, attributes) FROM STDIN (FORMAT binary)"

_FIND = f"""
INSERT INTO user_import_found
SELECT named.line, named.label, named.value, named.attributes,
       coalesce(i.profile_id, {waiting.NEXT_PROFILE_ID}), i.state
FROM (SELECT * FROM user_import ORDER BY label, value) AS named
LEFT JOIN profiles_identifier AS i
  ON i.value = named.value AND i.kind = %(kind)s AND i.label = named.label
 AND i.workspace_id = %(workspace)s
"""

_COUNT = f"""
SELECT array_agg(profile_id) FILTER (WHERE state IS NULL),
       array_agg(profile_id) FILTER (WHERE state = {State.RESERVED}),
       count(*) FILTER (WHERE state = {State.LIVE}),
       array_agg(line) FILTER (WHERE state = {State.MUTED})
FROM user_import_found
"""

_ADD = """
INSERT INTO profiles_identifier (workspace_id, kind, label, value, profile_id, state)
SELECT %(workspace)s, %(kind)s, label, value, profile_id, %(state)s
FROM user_import_found WHERE state IS NULL ORDER BY label, value
ON CONFLICT DO NOTHING
"""

_LOCK = f"""
SELECT FROM user_import_found AS found JOIN profiles_identifier AS i
  ON i.value = found.value AND i.kind = %(kind)s AND i.label = found.label
 AND i.workspace_id = %(workspace)s
WHERE found.state = {State.RESERVED} ORDER BY found.label, found.value FOR NO KEY UPDATE OF i
"""

# The predicate reads the row itself and nothing else, so it is checked again after waiting.
# It doesn't say `= RESERVED`: while statistics know of few who wait, the planner would read
# their whole index for each row, and 100,000 claims took more than a minute.
_CLAIM = f"""
UPDATE profiles_identifier AS i SET state = %(state)s, last_named_at = NULL
FROM user_import_found AS found
WHERE found.state = {State.RESERVED}
  AND i.value = found.value AND i.kind = %(kind)s AND i.label = found.label
  AND i.workspace_id = %(workspace)s
  AND i.profile_id = found.profile_id AND i.state NOT IN ({State.LIVE}, {State.MUTED})
"""

_CREATE = f"""
INSERT INTO profiles_profile (id, workspace_id, external_id, attributes)
SELECT profile_id, %(workspace)s, CASE WHEN %(identified)s THEN value END,
       CASE WHEN %(removes)s THEN jsonb_strip_nulls(attributes) ELSE attributes END
FROM user_import_found WHERE state IS NULL OR state = {State.RESERVED} ORDER BY profile_id
"""

# A row that says nothing new is left alone: importing the same file again writes nothing.
# What a null removes isn't contained in any user, so such rows are always written.
_LOCK_PROFILES = f"""
SELECT FROM user_import_found AS found JOIN profiles_profile AS p ON p.id = found.profile_id
WHERE found.state = {State.LIVE} AND NOT p.attributes @> found.attributes
ORDER BY p.id FOR NO KEY UPDATE OF p
"""
_UPDATE = f"""
UPDATE profiles_profile AS p
SET attributes = CASE WHEN %(removes)s THEN jsonb_strip_nulls(p.attributes || merged.attributes)
                      ELSE p.attributes || merged.attributes END,
    updated_at = now()
FROM (
    SELECT profile_id, jsonb_object_agg(each.name, each.cell ORDER BY line) AS attributes
    FROM user_import_found CROSS JOIN jsonb_each(attributes) AS each (name, cell)
    WHERE state = {State.LIVE} GROUP BY profile_id
) AS merged
WHERE p.id = merged.profile_id AND p.workspace_id = %(workspace)s
  AND NOT p.attributes @> merged.attributes
"""


@dataclass(slots=True)
class Stored:
    """What became of a batch's users; `muted` are the lines of devices that aren't free."""

    created: int
    updated: int
    muted: list[int]


def store(workspace_id: int, batch: Batch) -> Stored:
    """Create and update the batch's users, all or none of them, in the caller's transaction.

    Begins anew when another transaction won one of the ids meanwhile.
    """
    share_identities(workspace_id)
    while True:
        try:
            with transaction.atomic():
                return _store(workspace_id, batch)
        except Outrun:
            continue


def _store(workspace_id: int, batch: Batch) -> Stored:
    parameters = {
        "workspace": workspace_id,
        "kind": batch.kind.value,
        "state": State.LIVE.value,
        "identified": batch.kind == Kind.EXTERNAL_ID,
        "removes": batch.removes,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        cursor.execute(_LOCAL_SETTINGS)
        with cursor.copy(_COPY) as copy:
            copy.write(batch.payload)
        cursor.execute(_FIND, parameters)
        cursor.execute(_COUNT)
        added, reserved, existing, muted = cursor.fetchone()
        if added:
            cursor.execute(_ADD, parameters)
            if cursor.rowcount != len(added):
                raise Outrun
        if reserved:
            cursor.execute(_LOCK, parameters)
            cursor.execute(_CLAIM, parameters)
            if cursor.rowcount != len(reserved):
                raise Outrun
            waiting.record(workspace_id, -len(reserved))
        created = BitMap64((added or []) + (reserved or []))
        if created:
            cursor.execute(_CREATE, parameters)
        if existing:
            cursor.execute(_LOCK_PROFILES, parameters)
            cursor.execute(_UPDATE, parameters)
    known.write_blocks(workspace_id, created)
    return Stored(len(created), existing, sorted(muted or []))


def tend(*, seconds: int) -> None:
    """Leave the map as fast to probe as it gets; outside any transaction. 0 seconds: no limit.

    Index-only probes need the visibility map that VACUUM writes.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SET statement_timeout = '{seconds:d}s'")
        try:
            cursor.execute("VACUUM (ANALYZE) profiles_identifier")
            cursor.execute("ANALYZE profiles_profile")
        finally:
            cursor.execute("RESET statement_timeout")
