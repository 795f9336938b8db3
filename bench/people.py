"""The users: made in one go by PostgreSQL, and known to the client without asking.

External ids look like those of real back ends, UUIDs in no order, so that looking them up
hits pages all over the index.
"""

import hashlib
import random
import uuid

import psycopg
from pyroaring import BitMap64

from common import bitmaps

PROFILES = """
INSERT INTO profiles_profile (id, workspace_id, external_id, attributes)
SELECT n, %(workspace)s, md5('user ' || n)::uuid, '{}' FROM generate_series(1, %(users)s) AS n
"""
# In the order of the key, as an import sorts its batches too.
IDENTIFIERS = """
INSERT INTO profiles_identifier (workspace_id, kind, label, value, profile_id, state)
SELECT workspace_id, 1, '', external_id, id, 1 FROM profiles_profile
 WHERE workspace_id = %(workspace)s ORDER BY external_id
"""
KNOWN = """
INSERT INTO profiles_knownblock (workspace_id, number, members)
SELECT %s, * FROM unnest(%s::bigint[], %s::bytea[])
"""
PAST = "SELECT setval(pg_get_serial_sequence('profiles_profile', 'id'), %(users)s)"


def external_id(number: int) -> str:
    """What `PROFILES` computes for that profile id."""
    digest = hashlib.md5(f"user {number}".encode(), usedforsecurity=False).hexdigest()
    return str(uuid.UUID(digest))


def load(connection: psycopg.Connection, workspace_id: int, users: int) -> None:
    """Make users 1 to `users` of an empty database, as a bulk import would leave them."""
    parameters = {"workspace": workspace_id, "users": users}
    blocks = bitmaps.split(BitMap64(range(1, users + 1)))
    for members in blocks.values():
        members.run_optimize()
    with connection.transaction():
        connection.execute("SET LOCAL maintenance_work_mem = '512MB'")
        connection.execute("SET LOCAL work_mem = '256MB'")
        connection.execute(PROFILES, parameters)
        connection.execute(IDENTIFIERS, parameters)
        numbers = list(blocks)
        members = [positions.serialize() for positions in blocks.values()]
        connection.execute(KNOWN, [workspace_id, numbers, members])
        connection.execute(PAST, parameters)
    for table in ("profiles_profile", "profiles_identifier", "profiles_knownblock"):
        connection.execute(f"VACUUM (ANALYZE) {table}")
    connection.execute("CHECKPOINT")


def draw(users: int, count: int) -> list[int]:
    """That many profile ids in no order."""
    return random.sample(range(1, users + 1), count)
