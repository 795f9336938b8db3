"""Carry out the items of a /users/track call: one transaction, a bounded number of queries."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone

from profiles import identities
from profiles.activity import Done, Tally
from profiles.attributes import Patch
from profiles.models import ActivityKind
from profiles.rules import Identities, State
from profiles.users_api.naming import ItemError, Problem
from profiles.users_api.occurrences import Occurrence
from profiles.users_api.track import Item
from workspaces import audit
from workspaces.models import Workspace

_KINDS = {"events": ActivityKind.EVENT.value, "purchases": ActivityKind.PURCHASE.value}


@dataclass
class Result:
    """What became of a call's items; attributes and activity to write, by profile id."""

    patches: dict[int, Patch] = field(default_factory=dict)
    tallies: dict[int, dict[Done, Tally]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    processed: Counter[str] = field(default_factory=Counter)
    created: int = 0

    def put(self, profile_id: int, patch: Patch) -> None:
        self.patches[profile_id] = self.patches.get(profile_id, Patch()).then(patch)

    def count(self, profile_id: int, kind: int, occurrence: Occurrence, now: datetime) -> None:
        """What is said to lie in the future happened now, as in Braze."""
        at = min(occurrence.at, now)
        new = Tally(occurrence.times, at, at)
        done = self.tallies.setdefault(profile_id, {})
        before = done.get((kind, occurrence.name))
        done[kind, occurrence.name] = before.plus(new) if before else new


def apply(workspace: Workspace, items: Sequence[Item], *, by: audit.Actor) -> Result:
    """Create and update the users that `items` name, in their order.

    An item whose user is unknown and must not be created is processed and changes nothing.
    One that would change a value in a way that doesn't fit it leaves that attribute as it is,
    is processed for the rest, and is among the problems.
    """
    now = timezone.now()

    def decide(found: Identities) -> Result:
        return _decide(found, items, now)

    def note(result: Result) -> None:
        counts: Mapping[str, int] = {**result.processed, "created": result.created}
        audit.record(
            workspace=workspace,
            by=by,
            action="users.track",
            object_type="workspace",
            object_id=str(workspace.pk),
            details=dict(counts),
        )

    if not items:
        return Result()
    result = identities.settle(
        workspace.pk,
        keys=[key for item in items for key in item.identifiers()],
        profile_ids=[item.profile_id for item in items if item.profile_id is not None],
        decide=decide,
        finish=note,
    )
    result.problems += _left_out(result, items)
    return result


def _decide(found: Identities, items: Sequence[Item], now: datetime) -> Result:
    result = Result()
    for item in items:
        try:
            profile_id = _user(found, item)
        except ItemError as error:
            result.problems.append(Problem(item.array, item.index, str(error)))
            continue
        result.processed[item.array] += 1
        if profile_id is not None:
            for device in item.devices:
                found.attach(profile_id, device)
            result.put(profile_id, item.patch)
            if item.occurrence is not None:
                result.count(profile_id, _KINDS[item.array], item.occurrence, now)
    result.created = len(found.created)
    return result


def _left_out(result: Result, items: Sequence[Item]) -> list[Problem]:
    """What the items wanted that didn't fit the attributes, which only writing them tells."""
    reasons = {
        step: reason for patch in result.patches.values() for step, reason in patch.left_out.items()
    }
    return [
        Problem(item.array, item.index, f"{name} was left as it is: {reasons[step]}")
        for item in items
        for name, steps in item.patch.steps.items()
        for step in steps
        if step in reasons
    ]


def _user(found: Identities, item: Item) -> int | None:
    """The user whom the item is about, created if need be and allowed."""
    if item.profile_id is not None:
        if item.profile_id not in found.external_ids:
            raise ItemError("braze_id names nobody")
        return item.profile_id
    if item.key is not None:
        profile_id = found.find(item.key)
        if profile_id is None and item.may_create:
            return found.create([item.key, *item.devices])
        return profile_id
    return _anonymous_user(found, item)


def _anonymous_user(found: Identities, item: Item) -> int | None:
    """The owner of the first device that has one; a device of an identified user is an error."""
    entries = [found.after.get(device) for device in item.devices]
    if any(entry is not None and entry.state == State.MUTED for entry in entries):
        raise ItemError("device_id belongs to an identified user")
    for entry in entries:
        if entry is not None and entry.state == State.LIVE:
            return entry.profile_id
    return found.create(item.devices) if item.may_create else None
