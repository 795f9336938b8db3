"""The numbers under which subjects are stored."""

from collections.abc import Collection

from django.db import connection

from profiles.facets.asks import Origin, Subject

_FIND = """
SELECT origin, name, id FROM profiles_facetsubject
WHERE workspace_id = %s
  AND (origin, name) IN (SELECT * FROM unnest(%s::smallint[], %s::text[]))
"""
_ALL = "SELECT origin, name, id FROM profiles_facetsubject WHERE workspace_id = %s"
_MAKE = """
INSERT INTO profiles_facetsubject (workspace_id, origin, name)
SELECT %s, * FROM unnest(%s::smallint[], %s::text[]) AS new (origin, name)
ON CONFLICT DO NOTHING
"""


def find(workspace_id: int, subjects: Collection[Subject] | None = None) -> dict[Subject, int]:
    """All subjects, or those of them that have ever had a value folded."""
    with connection.cursor() as cursor:
        if subjects is None:
            cursor.execute(_ALL, [workspace_id])
        else:
            cursor.execute(_FIND, [workspace_id, *_columns(subjects)])
        return {Subject(Origin(origin), name): number for origin, name, number in cursor}


def make(workspace_id: int, subjects: Collection[Subject]) -> dict[Subject, int]:
    """The number of each, new ones made."""
    with connection.cursor() as cursor:
        cursor.execute(_MAKE, [workspace_id, *_columns(sorted(subjects))])
    return find(workspace_id, subjects)


def _columns(subjects: Collection[Subject]) -> list[list[object]]:
    return [[int(one.origin) for one in subjects], [one.name for one in subjects]]
