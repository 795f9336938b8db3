"""Where bits move when identities do. Cohorts know their bits, and register a mover here.

Every call belongs in a transaction that owns the workspace's identities.
"""

from collections.abc import Sequence
from typing import Protocol

from profiles.rules import Key


class Mover(Protocol):
    """Someone who stores memberships by profile id."""

    def merge_bits(self, workspace_id: int, pairs: Sequence[tuple[int, int]]) -> None:
        """Whatever holds the first id of a pair gains the second instead."""

    def clear_bits(self, workspace_id: int, profile_ids: Sequence[int]) -> None:
        """Nothing holds these ids any more."""

    def clear_ids(self, workspace_id: int, keys: Sequence[Key]) -> None:
        """No request that is still to be applied names these ids any more."""


_movers: list[Mover] = []


def register(mover: Mover) -> None:
    """Have `mover` take part from now on; for `AppConfig.ready()`."""
    if mover not in _movers:
        _movers.append(mover)


def merge_bits(workspace_id: int, pairs: Sequence[tuple[int, int]]) -> None:
    """Move every membership of each pair's first id to its second."""
    for mover in _movers if pairs else ():
        mover.merge_bits(workspace_id, pairs)


def clear_bits(workspace_id: int, profile_ids: Sequence[int]) -> None:
    """End every membership of these ids, for good: profile ids are never reused."""
    for mover in _movers if profile_ids else ():
        mover.clear_bits(workspace_id, profile_ids)


def clear_ids(workspace_id: int, keys: Sequence[Key]) -> None:
    """Take the ids of deleted users out of what partners sent and nobody has applied yet."""
    for mover in _movers if keys else ():
        mover.clear_ids(workspace_id, keys)
