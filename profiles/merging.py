"""Make one user of two: identify an anonymous one, merge any two.

Every call is one transaction that owns the workspace's identities from its start, and costs
as many queries for fifty items as for one. Its items take effect in their order.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from profiles import identities
from profiles.locks import own_identities
from profiles.results import Result, carry_out
from profiles.rules import Identities, Key, Refused
from workspaces import audit
from workspaces.models import Workspace


@dataclass(frozen=True, slots=True)
class Identification:
    """That the user of the alias is the one with the external id."""

    index: int
    alias: Key
    external_id: Key


@dataclass(frozen=True, slots=True)
class Merge:
    """That two users are one. Each is named by an identifier or by the profile id."""

    index: int
    source: Key | int
    target: Key | int


class CannotMerge(ValueError):
    """Why two users can't be merged, in a sentence for people."""


def identify(workspace: Workspace, items: Sequence[Identification], *, by: audit.Actor) -> Result:
    """Give anonymous users their external ids, or merge them into the users who have those."""

    def decide(found: Identities) -> Result:
        result = carry_out(items, lambda item: found.identify(item.alias, item.external_id))
        result.changed = [(profile_id, {}) for profile_id in found.identified] + _merges(found)
        return result

    if not items:
        return Result()
    keys = [key for item in items for key in (item.alias, item.external_id)]
    return _settle(workspace, keys, [], decide, "user.identified", by)


def merge(workspace: Workspace, items: Sequence[Merge], *, by: audit.Actor) -> Result:
    """End the source of each item; its target is both from then on."""

    def decide(found: Identities) -> Result:
        result = carry_out(
            items,
            lambda item: found.merge(
                _user(found, item.source, "identifier_to_merge"),
                _user(found, item.target, "identifier_to_keep"),
            ),
        )
        result.changed = _merges(found)
        return result

    if not items:
        return Result()
    names = [name for item in items for name in (item.source, item.target)]
    keys = [name for name in names if not isinstance(name, int)]
    profile_ids = [name for name in names if isinstance(name, int)]
    return _settle(workspace, keys, profile_ids, decide, "user.merged", by)


def merge_profiles(
    workspace: Workspace, source_id: int, target_id: int, *, by: audit.Actor
) -> list[Key]:
    """Merge one user into another; the aliases that were left out because of their labels.

    Raises `CannotMerge` for one and the same user, and when one of them is gone.
    """
    if source_id == target_id:
        raise CannotMerge(_("A user can't be merged with themselves."))
    left_out: list[Key] = []

    def decide(found: Identities) -> Result:
        if not {source_id, target_id} <= found.external_ids.keys():
            raise CannotMerge(_("One of these users is gone: look them up again."))
        left_out[:] = found.merge(source_id, target_id)
        return Result(changed=_merges(found))

    _settle(workspace, [], [source_id, target_id], decide, "user.merged", by)
    return left_out


def _settle(
    workspace: Workspace,
    keys: Iterable[Key],
    profile_ids: Iterable[int],
    decide: Callable[[Identities], Result],
    action: str,
    by: audit.Actor,
) -> Result:
    def note(result: Result) -> None:
        audit.record_each(
            workspace=workspace,
            by=by,
            action=action,
            object_type="user",
            objects=[(str(profile_id), details) for profile_id, details in result.changed],
        )

    return identities.settle(
        workspace.pk,
        keys=keys,
        profile_ids=profile_ids,
        whole_users=True,
        lock=own_identities,
        decide=decide,
        finish=note,
    )


def _user(found: Identities, name: Key | int, role: str) -> int:
    profile_id = name if isinstance(name, int) else found.find(name)
    if profile_id is None or profile_id not in found.external_ids:
        raise Refused(f"{role} names nobody")
    return profile_id


def _merges(found: Identities) -> list[tuple[int, dict[str, int]]]:
    """Who was absorbed, and by whom."""
    return [(source, {"into": target}) for source, target in found.absorbed]
