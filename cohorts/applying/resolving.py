"""Turn the ids of stored requests into profile ids, one query for each kind of id.

The payload is joined to the identity map inside PostgreSQL, so that ids never travel, and
in the map's own order. Ids without a label are found by one walk along its index that
stops at each of them, merged with the ids named; aliases by a probe each.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db import connection
from pyroaring import BitMap64

from cohorts.applying.folding import Batch, Match
from cohorts.partner_api.changes import Column, Run
from profiles import waiting
from profiles.models import IdentifierKind
from profiles.rules import Key

KINDS = {
    Column.EXTERNAL_ID: IdentifierKind.EXTERNAL_ID,
    Column.ALIAS: IdentifierKind.ALIAS,
    Column.DEVICE: IdentifierKind.DEVICE,
}
# How each kind's arrays unfold: the table function, and the label an identifier has.
SOURCES = {
    Column.EXTERNAL_ID: ("unnest(external_ids) WITH ORDINALITY AS id(value, position)", "''"),
    Column.ALIAS: (
        "unnest(alias_names, alias_labels) WITH ORDINALITY AS id(value, label, position)",
        "id.label",
    ),
    Column.DEVICE: ("unnest(device_ids) WITH ORDINALITY AS id(value, position)", "''"),
}

NAMED = """
WITH named AS MATERIALIZED (
    SELECT upload.sequence, id.position, id.value, {label} AS label
      FROM cohorts_upload AS upload CROSS JOIN {source}
     WHERE upload.cohort_id = %(cohort)s AND upload.sequence = ANY(%(sequences)s)
     ORDER BY id.value COLLATE "C"
)
"""
PROBED = """
  FROM named LEFT JOIN profiles_identifier AS known
    ON known.value = named.value AND known.kind = %(kind)s
   AND known.label = named.label AND known.workspace_id = %(workspace)s
"""
WALKED = """
  FROM named LEFT JOIN (
       SELECT value, profile_id, state FROM profiles_identifier
        WHERE value = ANY (ARRAY(SELECT value FROM named)) AND label = ''
          AND kind = %(kind)s AND workspace_id = %(workspace)s
       ) AS known ON known.value = named.value
"""
# The planner can't know how many ids the walk finds. Left to guess, it may compare each id
# named with each id found; a merge is right for any number of them.
MERGE_ONLY = """
SELECT set_config('enable_nestloop', %(others)s, true),
       set_config('enable_hashjoin', %(others)s, true)
"""
# States of an identifier have the numbers of `Match`; no identifier and no id have two more.
RESOLVE = f"""{NAMED}
SELECT named.sequence,
       array_agg(coalesce(known.profile_id, 0) {{order}}),
       array_agg(CASE WHEN named.value IS NULL THEN {int(Match.DELETED)}
                      ELSE coalesce(known.state, {int(Match.UNKNOWN)}) END {{order}})
{{joined}}
 GROUP BY named.sequence
"""
IN_ORDER = "ORDER BY named.position"
UNKNOWN = f"""{NAMED}
SELECT named.sequence, named.position, named.label, named.value
{PROBED}
 WHERE known.profile_id IS NULL AND named.value IS NOT NULL
 ORDER BY named.sequence, named.position
"""


@dataclass(frozen=True, slots=True)
class Pending:
    """One stored request: its number, how many ids it names, in which runs, and since when."""

    sequence: int
    ids: int
    runs: tuple[Run, ...]
    received_at: datetime

    def uses(self, column: Column) -> int:
        """How many runs take their ids from that column."""
        return sum(run.column is column for run in self.runs)


@dataclass(slots=True)
class Resolved:
    """The batches of each request by sequence number, and the ids that just began to wait."""

    batches: dict[int, list[Batch]]
    newly_waiting: BitMap64


Answer = tuple[Sequence[int], Sequence[int]]  # profile ids and matches of one kind's ids


def resolve(workspace_id: int, cohort_id: int, requests: Sequence[Pending]) -> Resolved:
    """Resolve the ids of `requests`, and let those wait that are added and match nobody.

    Belongs in a transaction that holds the shared identity lock.
    """
    scopes = [
        _Scope(workspace_id, cohort_id, column, naming)
        for column in Column
        if (naming := [request for request in requests if request.uses(column)])
    ]
    answers = {scope.column: scope.look_up() for scope in scopes}
    newly_waiting = BitMap64()
    unknown = [scope for scope in scopes if scope.adds_unknown(answers[scope.column])]
    if unknown:
        _let_wait(workspace_id, unknown)
    for scope in unknown:
        # Look up again even if nothing was reserved: another transaction may have let all
        # of them wait since the first look, or made them users.
        before, found = answers[scope.column], scope.look_up()
        newly_waiting |= _waiting(found) - _waiting(before)
        answers[scope.column] = found
    batches = {request.sequence: _batches(request, answers) for request in requests}
    return Resolved(batches, newly_waiting)


def _let_wait(workspace_id: int, scopes: Sequence["_Scope"]) -> None:
    """Let the unknown ids that are added wait, as many as there is room for.

    Who comes first is a matter of the requests and not of kinds: each request finds the room
    that it would have found had it been applied alone.
    """
    mentions = heapq.merge(*(scope.unknown() for scope in scopes))
    named = list(dict.fromkeys(mention.key for mention in mentions))
    if len(scopes) > 1:
        named = named[: waiting.room(workspace_id)]
    for scope in scopes:
        kind = KINDS[scope.column]
        pairs = [(key.label, key.value) for key in named if key.kind == kind]
        waiting.reserve(workspace_id, kind, pairs)


class _Mention(NamedTuple):
    """An id where a request adds it. Mentions sort as they were named."""

    sequence: int
    place: int
    key: Key


@dataclass(frozen=True, slots=True)
class _Scope:
    """The ids of one kind in some of a cohort's requests."""

    workspace_id: int
    cohort_id: int
    column: Column
    requests: Sequence[Pending]

    def look_up(self) -> dict[int, Answer]:
        """The answer for each request, in the order named where a request has several runs.

        Within a single run the order tells nothing, and sorting costs a seventh.
        """
        several = any(request.uses(self.column) > 1 for request in self.requests)
        order = IN_ORDER if several else ""
        labelled = self.column is Column.ALIAS
        statement = self._statement(RESOLVE, joined=PROBED if labelled else WALKED, order=order)
        with connection.cursor() as cursor:
            if labelled:
                cursor.execute(statement, self._parameters)
                return _answers(cursor)
            cursor.execute(MERGE_ONLY, {"others": "off"})
            cursor.execute(statement, self._parameters)
            found = _answers(cursor)
            cursor.execute(MERGE_ONLY, {"others": "on"})
        return found

    def adds_unknown(self, found: Mapping[int, Answer]) -> bool:
        """Whether a request adds an id that names nobody, so far as was found."""
        return any(
            _adds_unknown(request, self.column, found[request.sequence])
            for request in self.requests
        )

    def unknown(self) -> Iterator[_Mention]:
        """The unknown ids that the requests add, in the order named."""
        places = {request.sequence: _places(request, self.column) for request in self.requests}
        with connection.cursor() as cursor:
            cursor.execute(self._statement(UNKNOWN), self._parameters)
            for sequence, position, label, value in cursor.fetchall():
                place = places[sequence][position - 1]
                if place is not None:
                    yield _Mention(sequence, place, Key(KINDS[self.column], label, value))

    def _statement(self, template: str, **parts: str) -> str:
        source, label = SOURCES[self.column]
        return template.format(source=source, label=label, **parts)

    @property
    def _parameters(self) -> dict[str, int | list[int]]:
        return {
            "workspace": self.workspace_id,
            "cohort": self.cohort_id,
            "kind": KINDS[self.column].value,
            "sequences": [request.sequence for request in self.requests],
        }


def _answers(rows: Iterable[tuple[int, Sequence[int], Sequence[int]]]) -> dict[int, Answer]:
    return {sequence: (profiles, matches) for sequence, profiles, matches in rows}


def _places(request: Pending, column: Column) -> list[int | None]:
    """For every id in the request's array of that kind, where it is added; None if removed."""
    places: list[int | None] = []
    start = 0
    for run in request.runs:
        if run.column is column:
            places += [None] * run.count if run.remove else range(start, start + run.count)
        start += run.count
    return places


def _adds_unknown(request: Pending, column: Column, answer: Answer) -> bool:
    """Whether the request adds an id of that kind that names nobody."""
    _, matches = answer
    if Match.UNKNOWN not in matches:
        return False
    pairs = zip(_places(request, column), matches, strict=True)
    return any(place is not None and match == Match.UNKNOWN for place, match in pairs)


def _waiting(answers: dict[int, Answer]) -> BitMap64:
    waits = BitMap64()
    for profiles, matches in answers.values():
        if Match.WAITING in matches:
            pairs = zip(profiles, matches, strict=True)
            waits.update(profile for profile, match in pairs if match == Match.WAITING)
    return waits


def _batches(request: Pending, answers: dict[Column, dict[int, Answer]]) -> list[Batch]:
    taken: dict[Column, int] = defaultdict(int)
    batches = []
    for run in request.runs:
        profiles, matches = answers[run.column][request.sequence]
        start = taken[run.column]
        taken[run.column] = end = start + run.count
        batches.append(Batch(run.remove, profiles[start:end], matches[start:end]))
    return batches
