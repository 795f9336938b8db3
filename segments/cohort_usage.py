"""Segments that are made of cohorts: the segments' part of `cohorts.usage`."""

from collections.abc import Collection
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from cohorts.models import Cohort
from cohorts.usage import Use
from segments.paths import page_of

# One pass over the trees of the active segments, whatever the number of cohorts asked for.
_NAMING = """
SELECT cohort.id AS cohort_id, segment.id, segment.name
  FROM segments_segment AS segment
 CROSS JOIN LATERAL (
       SELECT DISTINCT part ->> 'partner' AS partner, named.external_id
         FROM jsonb_path_query(segment.filters,
              '$.*[*].filters[*] ? (@.kind == "cohort")') AS part,
              jsonb_array_elements_text(part -> 'cohorts') AS named (external_id)) AS used
  JOIN partners_partner AS partner ON partner.slug = used.partner
  JOIN cohorts_cohort AS cohort
    ON cohort.workspace_id = segment.workspace_id AND cohort.partner_id = partner.id
   AND cohort.external_id = used.external_id COLLATE "C"
 WHERE segment.workspace_id = %s AND segment.archived_at IS NULL AND cohort.id = ANY(%s)
"""
_IN_ORDER = "SELECT cohort_id, id, name FROM found ORDER BY name, id"
_NAMED = f"WITH found AS ({_NAMING}) {_IN_ORDER}"

# Those, and the active segments that they are in, however deep.
_RESTING = f"""
WITH RECURSIVE found AS (
     {_NAMING}
       UNION
      SELECT found.cohort_id, outer_.id, outer_.name
        FROM found
        JOIN segments_segment AS outer_
          ON outer_.workspace_id = %s AND outer_.archived_at IS NULL
         AND jsonb_path_exists(
             outer_.filters,
             '$.*[*].filters[*] ? (@.kind == "segment" && @.segment == $inner)',
             jsonb_build_object('inner', found.id::text)))
{_IN_ORDER}
"""


def uses(workspace_id: int, cohorts: Collection[Cohort]) -> dict[int, list[Use]]:
    """Active segments with a filter on each of the cohorts, by name; one query."""
    found: dict[int, list[Use]] = {}
    for cohort_id, segment_id, name in _rows(_NAMED, workspace_id, cohorts):
        found.setdefault(cohort_id, []).append(Use(_("segment"), name, page_of(segment_id)))
    return found


def resting_on(workspace_id: int, cohorts: Collection[Cohort]) -> dict[int, dict[UUID, str]]:
    """Active segments that reach each of the cohorts, themselves or by segments inside.

    Names by key, in their order, by the cohort's primary key; one query.
    """
    found: dict[int, dict[UUID, str]] = {}
    for cohort_id, segment_id, name in _rows(_RESTING, workspace_id, cohorts, workspace_id):
        found.setdefault(cohort_id, {})[segment_id] = name
    return found


def _rows(
    statement: str, workspace_id: int, cohorts: Collection[Cohort], *more: int
) -> list[tuple[int, UUID, str]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [workspace_id, [cohort.pk for cohort in cohorts], *more])
        return list(cursor.fetchall())
