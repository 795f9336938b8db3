"""What one would write by hand: membership rows, COPY and a join, and SQL that counts them.

It has it easier than Quayside: no HTTP, no keys, no waiting ids, no ledger of what became
of each id, and all ids of a batch at once in a form that needs no parsing.
"""

from collections.abc import Sequence
from time import monotonic

import psycopg
from pyroaring import BitMap64

BATCH_IDS = 100_000

TABLE = """
CREATE SCHEMA bench;
CREATE TABLE bench.membership (
    cohort_id bigint, profile_id bigint, PRIMARY KEY (cohort_id, profile_id));
"""
STAGE = 'CREATE TEMP TABLE stage (value text COLLATE "C") ON COMMIT DELETE ROWS'
JOIN = """
INSERT INTO bench.membership (cohort_id, profile_id)
SELECT %s, identifier.profile_id
  FROM stage JOIN profiles_identifier AS identifier
    ON identifier.value = stage.value AND identifier.kind = 1
   AND identifier.label = '' AND identifier.workspace_id = %s
ON CONFLICT DO NOTHING
"""

# `(c1 or c2) and c3 and c4 and not c5`, twice: as set operators and as EXISTS.
SET_OPERATORS = """
SELECT count(*) FROM (
    (SELECT profile_id FROM bench.membership WHERE cohort_id = %(c1)s
      UNION SELECT profile_id FROM bench.membership WHERE cohort_id = %(c2)s)
    INTERSECT SELECT profile_id FROM bench.membership WHERE cohort_id = %(c3)s
    INTERSECT SELECT profile_id FROM bench.membership WHERE cohort_id = %(c4)s
    EXCEPT SELECT profile_id FROM bench.membership WHERE cohort_id = %(c5)s) AS reached
"""
_IN = "EXISTS (SELECT FROM bench.membership AS m WHERE m.cohort_id = {} AND m.profile_id = {})"
EXISTS = f"""
SELECT count(*) FROM bench.membership AS one
 WHERE one.cohort_id = %(c3)s
   AND ({_IN.format("%(c1)s", "one.profile_id")} OR {_IN.format("%(c2)s", "one.profile_id")})
   AND {_IN.format("%(c4)s", "one.profile_id")}
   AND NOT {_IN.format("%(c5)s", "one.profile_id")}
"""
COUNTS = {"set operators": SET_OPERATORS, "EXISTS": EXISTS}


def prepare(connection: psycopg.Connection) -> None:
    connection.execute(TABLE)
    connection.execute(STAGE)


def encode(external_ids: Sequence[str]) -> list[bytes]:
    """COPY's text, a batch each; what the client has at hand, so it isn't timed."""
    starts = range(0, len(external_ids), BATCH_IDS)
    return ["\n".join(external_ids[at : at + BATCH_IDS]).encode() for at in starts]


def apply(
    connection: psycopg.Connection, workspace_id: int, cohort_id: int, batches: Sequence[bytes]
) -> float:
    """Seconds to COPY and join them, a transaction each."""
    start = monotonic()
    for batch in batches:
        with connection.transaction(), connection.cursor() as cursor:
            with cursor.copy("COPY stage FROM STDIN") as copy:
                copy.write(batch)
            cursor.execute("ANALYZE stage")
            cursor.execute(JOIN, [cohort_id, workspace_id])
            assert cursor.rowcount == batch.count(b"\n") + 1, "Some of them weren't found."
    return monotonic() - start


def write(connection: psycopg.Connection, cohort_id: int, members: BitMap64) -> None:
    """Membership rows of a cohort that isn't measured."""
    with connection.cursor() as cursor, cursor.copy("COPY bench.membership FROM STDIN") as copy:
        copy.write("".join(f"{cohort_id}\t{profile}\n" for profile in members).encode())


def count(connection: psycopg.Connection, form: str, cohorts: dict[str, int]) -> tuple[float, int]:
    """Seconds that the count takes, and what it is."""
    start = monotonic()
    row = connection.execute(COUNTS[form], cohorts).fetchone()
    assert row
    return monotonic() - start, row[0]
