"""Which campaigns and Canvases segments and cohorts are in, for their pages and for archiving.

A draft counts: archiving what it rests on would leave it unable to launch.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from django.db import connection

from campaigns.audited import address_of
from campaigns.models import UNDER_WAY, Kind, State
from cohorts.models import Cohort
from cohorts.usage import Use as UseOfCohort
from segments.cohort_usage import resting_on
from segments.usage import Use

_COUNTED = (State.DRAFT, *UNDER_WAY)

_OF_SEGMENTS = """
SELECT DISTINCT used.id::uuid, campaign.name, campaign.id, campaign.kind, campaign.state
  FROM campaigns_campaign AS campaign,
       LATERAL (SELECT jsonb_array_elements_text(audience -> 'segments') AS id
                 UNION ALL
                SELECT named #>> '{}'
                  FROM jsonb_path_query(
                       audience -> 'filters',
                       '$.*[*].filters[*] ? (@.kind == "segment").segment') AS named) AS used
 WHERE campaign.workspace_id = %s AND campaign.archived_at IS NULL
   AND campaign.state = ANY(%s) AND used.id = ANY(%s)
 ORDER BY campaign.name, campaign.id
"""
_OF_COHORTS = """
SELECT DISTINCT found #>> '{partner}', cohort, campaign.name, campaign.id, campaign.kind
  FROM campaigns_campaign AS campaign,
       LATERAL jsonb_path_query(
           audience -> 'filters', '$.*[*].filters[*] ? (@.kind == "cohort")') AS found,
       LATERAL jsonb_array_elements_text(found -> 'cohorts') AS cohort
 WHERE campaign.workspace_id = %s AND campaign.archived_at IS NULL
   AND campaign.state = ANY(%s) AND cohort = ANY(%s)
 ORDER BY campaign.name, campaign.id
"""


def of_segments(workspace_id: int, segment_ids: Collection[UUID]) -> Mapping[UUID, Iterable[Use]]:
    """Those that name each segment, as target or in an additional filter."""
    found: dict[UUID, list[Use]] = {}
    wanted = [str(segment_id) for segment_id in segment_ids]
    for used, name, key, kind, state in _rows(_OF_SEGMENTS, workspace_id, wanted):
        use = Use(str(Kind(kind).label), name, address_of(kind, key), state=str(State(state).label))
        found.setdefault(used, []).append(use)
    return found


def of_cohorts(workspace_id: int, cohorts: Collection[Cohort]) -> Mapping[int, list[UseOfCohort]]:
    """Those that reach each cohort, by its primary key: by a filter of their own, or through
    segments that they name.
    """
    named = {(cohort.partner.slug, cohort.external_id): cohort.pk for cohort in cohorts}
    found: dict[int, list[UseOfCohort]] = {}
    wanted = [external_id for _partner, external_id in named]
    for partner, cohort, name, key, kind in _rows(_OF_COHORTS, workspace_id, wanted):
        if pk := named.get((partner, cohort)):
            use = UseOfCohort(str(Kind(kind).label), name, address_of(kind, key))
            found.setdefault(pk, []).append(use)
    for pk, use in _through_segments(workspace_id, cohorts):
        uses = found.setdefault(pk, [])
        if all(use.url != direct.url for direct in uses):
            uses.append(use)
    return found


def _through_segments(
    workspace_id: int, cohorts: Collection[Cohort]
) -> Iterator[tuple[int, UseOfCohort]]:
    """Each campaign once for a cohort, with all the segments that bring it there."""
    resting = resting_on(workspace_id, cohorts)
    used = of_segments(workspace_id, {key for names in resting.values() for key in names})
    for pk, names in resting.items():
        uses = [(use, name) for key, name in names.items() for use in used.get(key, ())]
        through: dict[tuple[str, str, str], list[str]] = {}
        for use, name in uses:
            through.setdefault((use.kind, use.name, use.url), []).append(name)
        for use_of, segments in sorted(through.items(), key=lambda each: each[0][1]):
            yield pk, UseOfCohort(*use_of, tuple(segments))


def _rows(statement: str, workspace_id: int, wanted: list[str]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [workspace_id, list(_COUNTED), wanted])
        return list(cursor.fetchall())
