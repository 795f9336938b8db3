"""Keep the users that a file names aside, until they replace a cohort's members.

They are held as profile ids, in blocks, and follow their users like a cohort's members:
`merge_bits` and `clear_bits` are registered as a mover of `profiles.memberships`. An id
that nobody has waits from the moment that it was read.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.models import F
from pyroaring import BitMap64

from cohorts.applying.folding import Match
from cohorts.applying.resolving import KINDS
from cohorts.models import CohortImport
from cohorts.partner_api.changes import Changes, Column
from common import bitmaps
from common.arrays import TextArray
from common.bitmaps import BLOCK_BITS
from common.cursors import binary_cursor
from profiles import waiting
from profiles.locks import share_identities
from profiles.rules import Key

Pairs = Sequence[tuple[str, str]]  # label and value

# Probes in the map's own order, whatever the planner makes of an array.
_PLANNING = """
SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_seqscan = off;
SET LOCAL enable_bitmapscan = off; SET LOCAL jit = off; SET LOCAL work_mem = '32MB'
"""
_RESOLVE = f"""
SELECT array_agg(coalesce(known.profile_id, 0) ORDER BY named.position),
       array_agg(coalesce(known.state, {int(Match.UNKNOWN)}) ORDER BY named.position)
  FROM (SELECT * FROM unnest(%s, %s) WITH ORDINALITY AS each (label, value, position)
         ORDER BY value COLLATE "C", label COLLATE "C") AS named
  LEFT JOIN profiles_identifier AS known
    ON known.value = named.value AND known.kind = %s
   AND known.label = named.label AND known.workspace_id = %s
"""
_WRITE = """
INSERT INTO cohorts_stagedblock (file_id, number, members)
SELECT file_id, number, members
  FROM unnest(%s::bigint[], %s::bigint[], %b::bytea[]) AS new (file_id, number, members)
 ORDER BY file_id, number
ON CONFLICT (file_id, number) DO UPDATE SET members = excluded.members
"""
_OF_WORKSPACE = """
SELECT block.file_id, block.number, block.members
  FROM cohorts_stagedblock AS block
  JOIN cohorts_cohortimport AS file ON file.job_id = block.file_id
  JOIN cohorts_cohort AS cohort ON cohort.id = file.cohort_id
 WHERE cohort.workspace_id = %s AND block.number = ANY(%s)
 ORDER BY block.file_id, block.number
"""

Place = tuple[int, int]  # file and block number


def stage(file: CohortImport, changes: Changes) -> None:
    """Add the users of these ids to those kept aside; ids that nobody has begin to wait.

    Belongs in the transaction that moves the import's checkpoint.
    """
    workspace_id = file.cohort.workspace_id
    share_identities(workspace_id)
    with connection.cursor() as cursor:
        cursor.execute(_PLANNING)
    users = BitMap64()
    matches: list[int] = []
    for column, pairs in _pairs(changes).items():
        if pairs:
            profile_ids, found = _resolve(workspace_id, column, pairs)
            users.update(
                profile
                for profile, match in zip(profile_ids, found, strict=True)
                if match in (Match.LIVE, Match.WAITING)
            )
            matches += found
    CohortImport.objects.filter(pk=file.pk).update(
        unknown=F("unknown") + matches.count(Match.UNKNOWN),
        ignored_device=F("ignored_device") + matches.count(Match.MUTED),
    )
    numbers = bitmaps.block_numbers(users)
    kept = of(file, numbers)
    for number in numbers:
        kept[number] = kept.get(number, BitMap64()) | bitmaps.cut(users, number)
    _write({(file.pk, number): members for number, members in kept.items()})


def of(file: CohortImport, numbers: Iterable[int] | None = None) -> dict[int, BitMap64]:
    """The positions kept aside for that file by block number, in all blocks or in some."""
    wanted = None if numbers is None else list(numbers)
    with binary_cursor() as cursor:
        cursor.execute(
            "SELECT number, members FROM cohorts_stagedblock"
            " WHERE file_id = %s AND (%s::bigint[] IS NULL OR number = ANY(%s::bigint[]))",
            [file.pk, wanted, wanted],
        )
        return {number: BitMap64.deserialize(bytes(members)) for number, members in cursor}


def drop(file: CohortImport) -> None:
    file.blocks.all().delete()


def merge_bits(workspace_id: int, pairs: Sequence[tuple[int, int]]) -> None:
    """Whatever is kept aside follows users who are merged, pair after pair."""
    target_of: dict[int, int | None] = {}
    for source, target in reversed(pairs):
        target_of[source] = target_of.get(target, target)
    _move(workspace_id, target_of)


def clear_bits(workspace_id: int, profile_ids: Sequence[int]) -> None:
    """Nothing that is kept aside holds these ids any more; the files count them as deleted."""
    for file_id, cleared in _move(workspace_id, dict.fromkeys(profile_ids)).items():
        CohortImport.objects.filter(pk=file_id).update(deleted=F("deleted") + cleared)


def clear_ids(workspace_id: int, keys: Sequence[Key]) -> None:
    """Nothing to do: what is kept aside isn't kept by its name."""


def _move(workspace_id: int, target_of: Mapping[int, int | None]) -> dict[int, int]:
    """Move and clear bits; how many each file lost. One query where nothing is kept aside."""
    sources = BitMap64(target_of)
    numbers = bitmaps.block_numbers(sources)
    with binary_cursor() as cursor:
        cursor.execute(_OF_WORKSPACE, [workspace_id, numbers])
        blocks: dict[Place, BitMap64] = {
            (file_id, number): BitMap64.deserialize(bytes(members))
            for file_id, number, members in cursor
        }
    lost: dict[int, int] = {}
    gained: dict[int, BitMap64] = {}
    changed: dict[Place, BitMap64] = {}
    for (file_id, number), members in blocks.items():
        held = members & bitmaps.cut(sources, number)
        if not held:
            continue
        changed[file_id, number] = members - held
        lost[file_id] = lost.get(file_id, 0) + len(held)
        moved_to = (target_of[(number << BLOCK_BITS) + position] for position in held)
        gained.setdefault(file_id, BitMap64()).update(id for id in moved_to if id is not None)
    for file_id, targets in gained.items():
        _gain(file_id, targets, changed)
    if changed:
        _write(changed)
    return lost


def _gain(file_id: int, targets: BitMap64, changed: dict[Place, BitMap64]) -> None:
    numbers = bitmaps.block_numbers(targets)
    stored = of(CohortImport(pk=file_id), numbers)
    for number in numbers:
        place = file_id, number
        members = changed.get(place, stored.get(number, BitMap64()))
        changed[place] = members | bitmaps.cut(targets, number)


def _pairs(changes: Changes) -> dict[Column, Pairs]:
    return {
        Column.EXTERNAL_ID: [("", value) for value in changes.external_ids],
        Column.ALIAS: list(zip(changes.alias_labels, changes.alias_names, strict=True)),
        Column.DEVICE: [("", value) for value in changes.device_ids],
    }


def _resolve(workspace_id: int, column: Column, pairs: Pairs) -> tuple[list[int], list[int]]:
    """The profile id and match of each id, once those that nobody has wait."""
    profile_ids, matches = _look_up(workspace_id, column, pairs)
    if Match.WAITING in matches:  # their retention counts from the last naming
        found = zip(profile_ids, matches, strict=True)
        waiting.touch(workspace_id, [one for one, match in found if match == Match.WAITING])
    unknown = [at for at, match in enumerate(matches) if match == Match.UNKNOWN]
    if unknown:
        missing = [pairs[at] for at in unknown]
        waiting.reserve(workspace_id, KINDS[column], missing)
        again = _look_up(workspace_id, column, missing)
        for at, profile_id, match in zip(unknown, *again, strict=True):
            profile_ids[at], matches[at] = profile_id, match
    return profile_ids, matches


def _look_up(workspace_id: int, column: Column, pairs: Pairs) -> tuple[list[int], list[int]]:
    labels, values = zip(*pairs, strict=True)
    parameters: list[Any] = [TextArray(labels), TextArray(values), KINDS[column], workspace_id]
    with connection.cursor() as cursor:
        cursor.execute(_RESOLVE, parameters)
        profile_ids, matches = cursor.fetchone()
    return profile_ids, matches


def _write(blocks: Mapping[Place, BitMap64]) -> None:
    for members in blocks.values():
        members.run_optimize()
    places = list(blocks)
    with connection.cursor() as cursor:
        cursor.execute(
            _WRITE,
            [
                [file_id for file_id, _ in places],
                [number for _, number in places],
                [members.serialize() for members in blocks.values()],
            ],
        )
