"""Delete users for good, so that nothing of them is left and their ids are free."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from profiles import identities, memberships, tombstones
from profiles.activity import Tallies
from profiles.attributes import Patch
from profiles.locks import own_identities
from profiles.rules import Identities, Key
from workspaces import audit
from workspaces.models import Workspace


@dataclass
class Deletion:
    """Who goes: users by profile id, ids that waited by theirs, and every id that is free then."""

    users: list[int]
    waiting_ids: list[int]
    keys: list[Key]
    patches: Mapping[int, Patch] = field(default_factory=dict)
    tallies: Tallies = field(default_factory=dict)


def delete(
    workspace: Workspace,
    *,
    keys: Iterable[Key] = (),
    profile_ids: Iterable[int] = (),
    by: audit.Actor,
) -> int:
    """Delete the users with these identifiers and profile ids; how many there were.

    Any id of a user deletes the whole person: profile, identifiers, activity and every
    membership. An id that waits leaves the waiting room and every cohort, but was no user
    and isn't counted. Whatever `keys` name, and be it nobody, is taken out of requests that
    were accepted before: what remains doesn't depend on how far applying has come.
    """
    named, numbers = set(keys), set(profile_ids)
    if not named and not numbers:
        return 0

    def decide(found: Identities) -> Deletion:
        for key in sorted(named):
            found.delete(key)
        for profile_id in sorted(numbers):
            found.delete_profile(profile_id)
        waiting_ids = sorted(set(found.left) - set(found.deleted))
        return Deletion(found.deleted, waiting_ids, sorted(named.union(found.removed())))

    def finish(deletion: Deletion) -> None:
        _note(workspace, deletion, by)
        memberships.clear_ids(workspace.pk, deletion.keys)
        tombstones.record(workspace.pk, deletion.keys)

    deletion = identities.settle(
        workspace.pk,
        keys=named,
        profile_ids=numbers,
        whole_users=True,
        lock=own_identities,
        decide=decide,
        finish=finish,
    )
    return len(deletion.users)


def _note(workspace: Workspace, deletion: Deletion, by: audit.Actor) -> None:
    """One audit row each, under the number that stays when all else is gone."""
    for what, profile_ids in (("user", deletion.users), ("waiting_id", deletion.waiting_ids)):
        audit.record_each(
            workspace=workspace,
            by=by,
            action=f"{what}.deleted",
            object_type=what,
            objects=[(str(profile_id), {}) for profile_id in profile_ids],
        )
