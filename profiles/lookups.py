"""Find users by whatever a call names them by, many at once."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from profiles import search
from profiles.models import Identifier, IdentifierState, Profile
from profiles.rules import Key


@dataclass(frozen=True, slots=True)
class Email:
    text: str


@dataclass(frozen=True, slots=True)
class Phone:
    text: str


# An identifier, a profile id, or an attribute that several users may have.
Name = Key | int | Email | Phone


def find(workspace_id: int, names: Sequence[Name]) -> dict[Name, list[int]]:
    """Profile ids of the users whom each name finds; whoever finds nobody isn't there.

    A device finds its user, also an identified one: nothing is matched here. An address or a
    number finds up to 50 users, identified ones first, those who changed last before others.
    One query for all identifiers, one for all profile ids, one for each address and number.
    """
    found = _by_key(workspace_id, [name for name in names if isinstance(name, Key)])
    own_ids = [name for name in names if isinstance(name, int)]
    if own_ids:
        users = Profile.objects.filter(workspace_id=workspace_id, pk__in=own_ids)
        found |= {pk: [pk] for pk in users.values_list("pk", flat=True)}
    for name in names:
        if isinstance(name, Email):
            found[name] = _hits(search.by_email(workspace_id, name.text))
        elif isinstance(name, Phone):
            found[name] = _hits(search.by_phone(workspace_id, name.text))
    return {name: profile_ids for name, profile_ids in found.items() if profile_ids}


def owners(workspace_id: int, keys: Sequence[Key]) -> dict[Key, int]:
    """Profile ids by identifier, of those that are somebody's. A device is whoever's it is."""
    if not keys:
        return {}
    rows = Identifier.objects.filter(
        pk__in=[(key.value, key.kind, key.label, workspace_id) for key in keys]
    ).exclude(state=IdentifierState.RESERVED)
    return {Key(row.kind, row.label, row.value): row.profile_id for row in rows}


def _by_key(workspace_id: int, keys: Sequence[Key]) -> dict[Name, list[int]]:
    return {key: [profile_id] for key, profile_id in owners(workspace_id, keys).items()}


def _hits(users: QuerySet[Profile]) -> list[int]:
    """The search gives those that changed last first; sorting keeps that order."""
    hits = users.values_list("pk", "external_id")[: search.MOST_HITS]
    return [pk for pk, _ in sorted(hits, key=lambda hit: hit[1] is None)]
