"""Check a run by its ledger, request by request.

The final membership alone can't tell: a wrong apply may end in the right set. So every
row is compared with a plain replay in sequence order, and the blocks with its end.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from pyroaring import BitMap64

from cohorts import blocks
from config.local.instance import Instance
from tests.chaos.driver import Sent

ROWS = """
SELECT cohort.external_id, upload.*
  FROM cohorts_upload AS upload JOIN cohorts_cohort AS cohort ON cohort.id = upload.cohort_id
 ORDER BY upload.cohort_id, upload.sequence
"""
IDENTIFIERS = "SELECT value, profile_id, state FROM profiles_identifier WHERE kind = 1"
BLOCKS = """
SELECT cohort.external_id, block.number, block.members, block.added, block.removed
  FROM cohorts_block AS block JOIN cohorts_cohort AS cohort ON cohort.id = block.cohort_id
"""
OUTCOMES = ("added", "already_in", "waiting", "removed", "not_in", "repeated")
RESERVED = 2


def check(instance: Instance, sent: Iterable[Sent], cohorts: Iterable[str]) -> int:
    """Nothing acknowledged is lost, doubled or reordered; how many requests were checked."""
    profiles, states = _identifiers(instance)
    by_marker = {
        profiles[request.marker]: request for request in sent if request.marker in profiles
    }
    members: dict[str, set[int]] = defaultdict(set)
    seen: dict[str, list[Sent]] = defaultdict(list)
    wanted = set(cohorts)
    for row in (row for row in _rows(instance, ROWS) if row["external_id"] in wanted):
        cohort = row["external_id"]
        assert row["sequence"] == len(seen[cohort]) + 1, f"a gap before {row['sequence']}"
        assert row["applied_at"] and row["external_ids"] is None
        added = set(BitMap64.deserialize(row["members_added"]))
        removed = set(BitMap64.deserialize(row["members_removed"]))
        (marker,) = added & by_marker.keys()
        request = by_marker[marker]
        assert request.cohort == cohort
        expected, added_now, removed_now = _replay(request, profiles, states, members[cohort])
        assert (added, removed) == (added_now, removed_now), request.marker
        assert {name: row[name] for name in OUTCOMES} == expected, request.marker
        seen[cohort].append(request)
    _check_accounts(sent, seen)
    _check_blocks(instance, wanted, members)
    return sum(map(len, seen.values()))


def _check_accounts(sent: Iterable[Sent], seen: dict[str, list[Sent]]) -> None:
    stored = [request.marker for requests in seen.values() for request in requests]
    assert len(stored) == len(set(stored)), "a request is in the ledger twice"
    lost = {request.marker for request in sent if request.acknowledged} - set(stored)
    assert not lost, f"{len(lost)} acknowledged requests are lost"
    # A 503 says nothing either way: PostgreSQL may have committed and died before it said so.
    refused = {request.marker for request in sent if request.status not in (None, 201, 503)}
    assert not refused & set(stored), "a refused request was stored"
    position = {request.marker: number for number, request in enumerate(sent)}
    for requests in seen.values():
        by_client: dict[int, list[int]] = defaultdict(list)
        for request in requests:
            by_client[request.client].append(position[request.marker])
        for numbers in by_client.values():
            assert numbers == sorted(numbers), "one client's requests changed places"


def _replay(
    request: Sent, profiles: dict[str, int], states: dict[str, int], members: set[int]
) -> tuple[dict[str, int], set[int], set[int]]:
    """The slow, obvious apply: the last word on each id, then plain sets."""
    last_word = {profiles[name]: remove for remove, names in request.objects for name in names}
    waits = {
        profiles[name] for _, names in request.objects for name in names if states[name] == RESERVED
    }
    named = sum(len(names) for _, names in request.objects)
    adds = {profile for profile, remove in last_word.items() if not remove}
    removes = last_word.keys() - adds
    added, removed = adds - members, removes & members
    members |= added
    members -= removed
    outcome = {
        "added": len(added - waits),
        "already_in": len(adds - added),
        "waiting": len(added & waits),
        "removed": len(removed),
        "not_in": len(removes - removed),
        "repeated": named - len(last_word),
    }
    return outcome, added, removed


def _check_blocks(instance: Instance, wanted: set[str], members: dict[str, set[int]]) -> None:
    stored: dict[str, set[int]] = defaultdict(set)
    for row in _rows(instance, BLOCKS):
        positions = blocks.read(row["members"], row["added"], row["removed"])
        stored[row["external_id"]] |= {(row["number"] << 16) + place for place in positions}
    for cohort in wanted:
        assert stored[cohort] == members[cohort], f"{cohort} holds something else than its ledger"


def _identifiers(instance: Instance) -> tuple[dict[str, int], dict[str, int]]:
    rows = list(_rows(instance, IDENTIFIERS))
    return (
        {row["value"]: row["profile_id"] for row in rows},
        {row["value"]: row["state"] for row in rows},
    )


def _rows(instance: Instance, statement: str) -> Iterable[dict[str, Any]]:
    with instance.connect() as connection:
        cursor = connection.execute(statement)
        assert cursor.description
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
