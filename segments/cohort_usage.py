"""Segments that are made of cohorts: the segments' part of `cohorts.usage`."""

from collections.abc import Collection

from django.db import connection
from django.utils.translation import gettext as _

from cohorts.models import Cohort
from cohorts.usage import Use
from segments.paths import page_of

# One pass over the trees of the active segments, whatever the number of cohorts asked for.
_NAMED = """
SELECT cohort.id, segment.id, segment.name
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
 ORDER BY segment.name, segment.id
"""


def uses(workspace_id: int, cohorts: Collection[Cohort]) -> dict[int, list[Use]]:
    """Active segments with a filter on each of the cohorts, by name; one query."""
    found: dict[int, list[Use]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_NAMED, [workspace_id, [cohort.pk for cohort in cohorts]])
        for cohort_id, segment_id, name in cursor:
            found.setdefault(cohort_id, []).append(Use(_("segment"), name, page_of(segment_id)))
    return found
