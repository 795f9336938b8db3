"""The waiting room: ids that a partner named before we knew their users.

Such an id is an identifier in state `RESERVED` with a fresh profile id and no profile
behind it. Cohorts hold that profile id like any other, so when the user appears and takes
it, there is nothing to replay.
"""

from collections.abc import Iterable
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Sum

from common.arrays import TextArray
from profiles.locks import try_fold_lock
from profiles.models import IdentifierKind, IdentifierState, WaitingChange
from workspaces.models import Workspace

# A waiting id that is named again is noted at most this often, to spare writes.
TOUCH_EVERY = "1 day"

# One sequence numbers profiles and waiting ids alike, so no number is ever used twice.
NEXT_PROFILE_ID = "nextval((SELECT pg_get_serial_sequence('profiles_profile', 'id')::regclass))"

_RESERVE = f"""
INSERT INTO profiles_identifier
    (workspace_id, kind, label, value, profile_id, state, last_named_at)
SELECT %s, %s, label, value, {NEXT_PROFILE_ID}, {IdentifierState.RESERVED.value}, now()
FROM (
    SELECT label, value FROM unnest(%s, %s) AS named (label, value)
    ORDER BY label COLLATE "C", value COLLATE "C"
) AS sorted
ON CONFLICT DO NOTHING
"""

_TOUCH = f"""
UPDATE profiles_identifier SET last_named_at = now()
WHERE (workspace_id, kind, label, value) IN (
    SELECT workspace_id, kind, label, value FROM profiles_identifier
    WHERE workspace_id = %s AND profile_id = ANY(%s::bigint[])
      AND state = {IdentifierState.RESERVED.value}
      AND last_named_at < now() - interval '{TOUCH_EVERY}'
    FOR NO KEY UPDATE SKIP LOCKED
)
"""

_FOLD = """
WITH taken AS (
    DELETE FROM profiles_waitingchange WHERE workspace_id = %(workspace)s RETURNING change
)
INSERT INTO profiles_waitingchange (workspace_id, change)
SELECT %(workspace)s, sum(change) FROM taken HAVING sum(change) <> 0
"""


def reserve(workspace_id: int, kind: IdentifierKind, pairs: Iterable[tuple[str, str]]) -> int:
    """Let the unknown ids in `pairs`, each (label, value), wait; how many came in new.

    Runs inside the caller's transaction, which holds the shared identity lock; several
    kinds come in the order of their numbers. Read the map afresh afterwards: an id may
    have been won by another transaction, and then it isn't among those counted here.

    Nothing waits where the workspace keeps no waiting room. Past its cap the ids named
    last stay out; transactions at the cap at the same moment may each fill what they see,
    so it is exceeded by a batch at most.
    """
    named = list(dict.fromkeys(pairs))[: room(workspace_id)]
    if not named:
        return 0
    with connection.cursor() as cursor:
        labels, values = [list(column) for column in zip(*named, strict=True)]
        parameters: list[Any] = [workspace_id, kind, TextArray(labels), TextArray(values)]
        cursor.execute(_RESERVE, parameters)
        reserved: int = cursor.rowcount
    if reserved:
        record(workspace_id, reserved)
    return reserved


def room(workspace_id: int) -> int:
    """How many more ids may wait in the workspace."""
    workspace = Workspace.objects.only("waiting_cap", "waiting_retention_days").get(pk=workspace_id)
    if not workspace.waiting_retention_days:
        return 0
    return max(0, workspace.waiting_cap - count(workspace_id))


def count(workspace_id: int) -> int:
    """How many ids wait in the workspace."""
    changes = WaitingChange.objects.filter(workspace_id=workspace_id)
    return changes.aggregate(sum=Sum("change"))["sum"] or 0


def record(workspace_id: int, change: int) -> None:
    """Note that so many ids came (positive) or were claimed, left or were purged."""
    WaitingChange.objects.create(workspace_id=workspace_id, change=change)


def touch(workspace_id: int, profile_ids: Iterable[int]) -> int:
    """Note that these waiting ids were named again, for retention counts from the last naming.

    Rows that another transaction holds are left: it is noting the same, or claiming them.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TOUCH, [workspace_id, list(profile_ids)])
        touched: int = cursor.rowcount
    return touched


def fold_all() -> None:
    """Replace each workspace's changes by their sum, where there are several."""
    several = (
        WaitingChange.objects.values_list("workspace_id", flat=True)
        .annotate(changes=Count("pk"))
        .filter(changes__gt=1)
    )
    for workspace_id in list(several):
        with transaction.atomic(), connection.cursor() as cursor:
            if try_fold_lock(workspace_id):
                cursor.execute(_FOLD, {"workspace": workspace_id})
