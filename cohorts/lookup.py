"""Which cohorts hold some users: bits looked up in place, no block leaves the database."""

from collections import defaultdict
from collections.abc import Sequence

from django.db import connection
from pyroaring import BitMap64

from cohorts.blocks import holds
from common.bitmaps import BLOCK_BITS, BLOCK_SIZE

_HELD = f"""
SELECT block.cohort_id, asked.id
  FROM (SELECT id, id >> {BLOCK_BITS} AS number, (id & {BLOCK_SIZE - 1})::integer AS position
          FROM unnest(%s::bigint[]) AS each (id)) AS asked
  JOIN cohorts_cohort AS cohort ON cohort.workspace_id = %s
  JOIN cohorts_block AS block ON block.cohort_id = cohort.id AND block.number = asked.number
 WHERE {holds("asked.position")}
"""


def held(workspace_id: int, profile_ids: Sequence[int]) -> dict[int, BitMap64]:
    """Those of the ids that each cohort holds, existing or waiting; cohorts of none are left out.

    One query for the few ids that a call or a page names, however many cohorts there are.
    """
    found: defaultdict[int, BitMap64] = defaultdict(BitMap64)
    with connection.cursor() as cursor:
        cursor.execute(_HELD, [list(profile_ids), workspace_id])
        for cohort_id, profile_id in cursor:
            found[cohort_id].add(profile_id)
    return dict(found)
