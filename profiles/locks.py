"""The identity lock, which keeps bits and identities in step.

Seen without it: apply resolves a user to id 1, identify merges 1 into 2 and clears bit 1,
apply writes bit 1: a ghost that waits for ever and a survivor without its membership.

Take it as the first statement of the transaction, decided beforehand and never upgraded,
in READ COMMITTED so that later statements see what it waited for. The order of all locks:
identity lock, cohort cursors by id, identifiers in byte order of (kind, label, value),
blocks by (cohort, number).
"""

from collections.abc import Callable

from django.db import connection

_NAMESPACE = 0x5153  # "QS": keeps our advisory locks apart from anybody else's
_FOLDING = 0x5154
_NAMING = 0x5155

# Takes the lock of a workspace for the rest of the transaction.
Lock = Callable[[int], None]


def share_identities(workspace_id: int) -> None:
    """For turning ids into bits, creating a user, or claiming a waiting id."""
    _lock("pg_advisory_xact_lock_shared", workspace_id)


def own_identities(workspace_id: int) -> None:
    """For changing what an id means or clearing bits: merge, delete, purge, late claims."""
    _lock("pg_advisory_xact_lock", workspace_id)


def share_identities_for_aliases(workspace_id: int) -> None:
    """For giving users who exist another alias: shared, but one such call at a time.

    Two at once could each see that the user has none of a label, and leave two.
    """
    _lock("pg_advisory_xact_lock_shared", workspace_id)
    _lock("pg_advisory_xact_lock", workspace_id, namespace=_NAMING)


def try_fold_lock(workspace_id: int) -> bool:
    """Claim the workspace's logs for folding until the transaction ends; False if taken."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [_FOLDING, workspace_id])
        return bool(cursor.fetchone()[0])


def _lock(function: str, workspace_id: int, *, namespace: int = _NAMESPACE) -> None:
    if not connection.in_atomic_block:
        raise RuntimeError("The identity lock lives as long as its transaction: open one first.")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s, %s)", [namespace, workspace_id])
