"""Move single bits in the patches beside blocks, without the blocks leaving the database.

A user may be in thousands of cohorts, whose blocks are 8 KiB each. Looking a bit up in place
(`cohorts_holds`) and noting its move costs 20 µs a cohort; reading and writing its block
costs 200. What a patch is, `cohorts.blocks` says.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection
from pyroaring import BitMap64

from cohorts.blocks import Place, holds
from common.bitmaps import BLOCK_BITS, BLOCK_SIZE

# Positions in a patch before it is worked into its block. Every cohort adds some of its own,
# so that thousands of them don't come to that point in one and the same call.
MOST = 32
STAGGERED = 64

# Of every cohort that holds a source: where it goes from, and where to unless its target is
# NULL.
_HELD = f"""
moved AS (
    SELECT source >> {BLOCK_BITS} AS number, (source & {BLOCK_SIZE - 1})::integer AS position,
           target >> {BLOCK_BITS} AS to_number, (target & {BLOCK_SIZE - 1})::integer AS to_position
      FROM unnest(%b::bigint[], %b::bigint[]) AS each (source, target)),
held AS MATERIALIZED (
    SELECT block.cohort_id, moved.*
      FROM moved
      JOIN cohorts_cohort AS cohort ON cohort.workspace_id = %b
      JOIN cohorts_block AS block ON block.cohort_id = cohort.id AND block.number = moved.number
     WHERE {holds("moved.position")}),
change AS (
    SELECT cohort_id, number, NULL AS added, position AS removed FROM held
     UNION ALL
    SELECT cohort_id, to_number, to_position, NULL FROM held WHERE to_number IS NOT NULL)
"""
_GIVEN = """
change AS (
    SELECT * FROM unnest(%b::bigint[], %b::bigint[], %b::integer[], %b::integer[])
        AS each (cohort_id, number, added, removed))
"""
_PATCH = f"""
patched AS (
    INSERT INTO cohorts_block AS block (cohort_id, number, members, added, removed)
    SELECT cohort_id, number, %b, array_agg(added) FILTER (WHERE added IS NOT NULL),
           array_agg(removed) FILTER (WHERE removed IS NOT NULL)
      FROM change GROUP BY cohort_id, number ORDER BY cohort_id, number
    ON CONFLICT (cohort_id, number) DO UPDATE
       SET added = block.added || excluded.added, removed = block.removed || excluded.removed
    RETURNING cohort_id, number,
              coalesce(cardinality(added), 0) + coalesce(cardinality(removed), 0) AS size)
SELECT cohort_id, number FROM patched WHERE size > {MOST} + cohort_id %% {STAGGERED}
"""
_NOBODY = BitMap64().serialize()

# Cohort, block number, and a position that comes or one that goes.
Row = tuple[int, int, int | None, int | None]


def move(workspace_id: int, target_of: Mapping[int, int | None]) -> list[Place]:
    """Cohorts that hold one of those ids hold its target instead, or nobody.

    Returns blocks whose patch has become too large to stay one.
    """
    sources, targets = list(target_of), list(target_of.values())
    return _patch(_HELD, [sources, targets, workspace_id])


def note(rows: Iterable[Row]) -> list[Place]:
    """Note what comes to blocks and goes from them; returns what `move` does."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    return _patch(_GIVEN, columns) if columns else []


def _patch(change: str, parameters: list[Any]) -> list[Place]:
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {change}, {_PATCH}", [*parameters, _NOBODY])
        return [(cohort_id, number) for cohort_id, number in cursor]
