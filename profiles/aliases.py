"""Give users further names, and other ones."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from profiles import identities
from profiles.locks import Lock, own_identities, share_identities_for_aliases
from profiles.results import Numbered, Result, carry_out
from profiles.rules import Identities, Key, Refused
from workspaces import audit
from workspaces.models import Workspace

I = TypeVar("I", bound=Numbered)  # noqa: E741


@dataclass(frozen=True, slots=True)
class NewAlias:
    """An alias for the user with that external id, or without one for a user of its own."""

    index: int
    alias: Key
    external_id: Key | None


@dataclass(frozen=True, slots=True)
class Renaming:
    """Another alias name under the same label."""

    index: int
    old: Key
    new: Key


def add(workspace: Workspace, items: Sequence[NewAlias], *, by: audit.Actor) -> Result:
    """Add aliases to users, and create users who have nothing but their alias.

    An alias that somebody has already creates nobody. Only a waiting alias that comes to a
    user who exists needs the identities for itself.
    """

    def act(found: Identities, item: NewAlias) -> None:
        if item.external_id is None:
            if found.find(item.alias) is None:
                found.create([item.alias])
            return
        profile_id = found.find(item.external_id)
        if profile_id is None:
            raise Refused("external_id names nobody")
        found.add_alias(profile_id, item.alias)

    keys = [key for item in items for key in (item.alias, item.external_id) if key is not None]
    return _settle(workspace, items, keys, act, share_identities_for_aliases, "users.alias.new", by)


def rename(workspace: Workspace, items: Sequence[Renaming], *, by: audit.Actor) -> Result:
    """Let users have another name under a label; the old one is free then."""
    keys = [key for item in items for key in (item.old, item.new)]
    return _settle(
        workspace,
        items,
        keys,
        lambda found, item: found.rename_alias(item.old, item.new),
        own_identities,
        "users.alias.update",
        by,
    )


def _settle(
    workspace: Workspace,
    items: Sequence[I],
    keys: Iterable[Key],
    act: Callable[[Identities, I], None],
    lock: Lock,
    action: str,
    by: audit.Actor,
) -> Result:
    created = 0
    if not items:
        return Result()

    def decide(found: Identities) -> Result:
        nonlocal created
        result = carry_out(items, lambda item: act(found, item))
        created = len(found.created)
        return result

    def note(result: Result) -> None:
        audit.record(
            workspace=workspace,
            by=by,
            action=action,
            object_type="workspace",
            object_id=str(workspace.pk),
            details={"aliases": result.processed, "created": created},
        )

    return identities.settle(
        workspace.pk, keys=keys, whole_users=True, lock=lock, decide=decide, finish=note
    )
