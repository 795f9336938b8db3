"""The identity lock, which keeps bits and identities in step.

Seen without it: apply resolves a user to id 1, identify merges 1 into 2 and clears bit 1,
apply writes bit 1: a ghost that waits for ever and a survivor without its membership.

Take it as the first statement of the transaction, decided beforehand and never upgraded,
in READ COMMITTED so that later statements see what it waited for. The order of all locks:
identity lock, cohort cursors by id, identifiers in byte order of (kind, label, value),
blocks by (cohort, number).
"""

from collections.abc import Callable

from common.advisory import Namespace, hold, try_hold

# Takes the lock of a workspace for the rest of the transaction.
Lock = Callable[[int], None]


def share_identities(workspace_id: int) -> None:
    """For turning ids into bits, creating a user, or claiming a waiting id."""
    hold(Namespace.IDENTITIES, workspace_id, shared=True)


def own_identities(workspace_id: int) -> None:
    """For changing what an id means or clearing bits: merge, delete, purge, late claims."""
    hold(Namespace.IDENTITIES, workspace_id)


def share_identities_for_aliases(workspace_id: int) -> None:
    """For giving users who exist another alias: shared, but one such call at a time.

    Two at once could each see that the user has none of a label, and leave two.
    """
    share_identities(workspace_id)
    hold(Namespace.ALIASES, workspace_id)


def try_fold_lock(workspace_id: int) -> bool:
    """Claim the workspace's logs for folding until the transaction ends; False if taken."""
    return try_hold(Namespace.FOLDING, workspace_id)


def try_facet_lock() -> bool:
    """The same for folding users' values, everywhere: at most one such fold is in memory."""
    return try_hold(Namespace.FACETS, 0)
