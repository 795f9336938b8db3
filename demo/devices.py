"""Devices of identified users. A CSV names each user by one id, so they come as updates."""

from collections.abc import Iterator, Sequence

from demo.people import KnownBy, Person
from profiles import rules
from profiles.attributes import Patch
from profiles.users_api import updates
from profiles.users_api.track import Item
from workspaces import audit
from workspaces.models import Workspace

BATCH_USERS = 1_000


def attach(workspace: Workspace, people: Sequence[Person], *, by: audit.Actor) -> None:
    """Give identified users the devices that they have; matching ignores those from then on."""
    items = list(_items(people))
    for start in range(0, len(items), BATCH_USERS):
        updates.apply(workspace, items[start : start + BATCH_USERS], by=by)


def _items(people: Sequence[Person]) -> Iterator[Item]:
    for index, person in enumerate(people):
        if person.known_by is KnownBy.EXTERNAL_ID and person.devices:
            yield Item(
                array="attributes",
                index=index,
                key=rules.external_id(person.external_id),
                profile_id=None,
                devices=tuple(rules.device(device) for device in person.devices),
                may_create=False,
                patch=Patch(),
                occurrence=None,
            )
