"""Find users by whatever somebody has at hand: any id, an email address, a phone number.

Ids are looked up in the identity map, byte for byte, with nothing said about their kind.
Email and phone are attributes: migration 0005 has the indexes for the expressions below.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import BigIntegerField, Expression, F, Func, QuerySet, TextField, Value

from profiles.models import Identifier, IdentifierState, Profile
from profiles.rules import Key, alias, device, external_id

# Hits that are looked for in each way: nobody reads more.
MOST_HITS = 50
LONGEST = 512
LARGEST_ID = 2**63 - 1

# What people put between the digits of a phone number; a plus says what 00 says.
PHONE_SIGNS = " -.()/+"
_WITHOUT_SIGNS = str.maketrans("", "", PHONE_SIGNS)


class Email(Func):
    """The email address without case. The name is no parameter, so that the index is used."""

    template = "lower(%(expressions)s ->> 'email')"
    output_field = TextField()


class Phone(Func):
    """The phone number without what stands between its digits, and without leading zeros."""

    template = f"ltrim(translate(%(expressions)s ->> 'phone', '{PHONE_SIGNS}', ''), '0')"
    output_field = TextField()


class Digest(Func):
    """What the indexes hold of a text: eight bytes, of which PostgreSQL's own hashes are made."""

    template = "hashtextextended(%(expressions)s, 0)"
    output_field = BigIntegerField()


@dataclass(frozen=True, slots=True)
class Found:
    """Users, those that an id names first, and ids that wait for theirs."""

    profiles: list[Profile]
    waiting: list[Identifier]


def find(workspace_id: int, text: str) -> Found:
    """Everybody whom `text` may mean: an id of any kind, a `braze_id`, an address, a number.

    Ids are compared as they stand; blanks around them are taken off too, for they come
    along when people copy.
    """
    texts = [part for part in dict.fromkeys((text, text.strip())) if _can_be_meant(part)]
    if not texts:
        return Found([], [])
    keys = {key: None for part in texts for key in meanings(part)}
    named = _identifiers(workspace_id, keys)
    waiting = [one for one in named if one.state == IdentifierState.RESERVED]
    profile_ids = [one.profile_id for one in named if one.state != IdentifierState.RESERVED]
    profile_ids += [int(part) for part in texts if _is_own_id(part)]
    found = _profiles(workspace_id, profile_ids) | {
        profile.pk: profile for profile in _by_attribute(workspace_id, texts[-1])
    }
    return Found(list(found.values()), waiting)


def meanings(text: str) -> Iterator[Key]:
    """The ids that `text` can stand for. An alias is `label:name`, and any colon may be that."""
    yield external_id(text)
    for place, sign in enumerate(text):
        if sign == ":" and 0 < place < len(text) - 1:
            yield alias(text[:place], text[place + 1 :])
    yield device(text)


def by_email(workspace_id: int, text: str) -> QuerySet[Profile]:
    """Users with that email address, whatever its case; those updated last come first."""
    wanted = Func(Value(text), function="lower", output_field=TextField())
    return _having(workspace_id, Email(F("attributes")), wanted)


def by_phone(workspace_id: int, text: str) -> QuerySet[Profile]:
    """Users with that phone number, however it is written: +33 6… is 0033-6… is 336…."""
    digits = text.translate(_WITHOUT_SIGNS).lstrip("0")
    return _having(workspace_id, Phone(F("attributes")), Value(digits))


def _having(workspace_id: int, value: Func, wanted: Expression) -> QuerySet[Profile]:
    """Users with that value. The index has its digest, because texts may be long, and the
    order, so that a value that a million users share costs no more than another.
    """
    users = Profile.objects.filter(workspace_id=workspace_id)
    users = users.alias(value=value, digest=Digest(value))
    found = users.filter(digest=Digest(wanted), value=wanted)
    return found.order_by("-updated_at")


def _can_be_meant(text: str) -> bool:
    return 0 < len(text) <= LONGEST and "\0" not in text


def _is_own_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and int(text) <= LARGEST_ID


def _identifiers(workspace_id: int, keys: Iterable[Key]) -> list[Identifier]:
    """Those of the keys that are in the map, in the order of `keys`."""
    order = {(key.value, key.kind, key.label, workspace_id): rank for rank, key in enumerate(keys)}
    found = Identifier.objects.filter(pk__in=list(order))
    return sorted(found, key=lambda identifier: order[identifier.pk])


def _profiles(workspace_id: int, profile_ids: list[int]) -> dict[int, Profile]:
    """The users of those ids, in their order; an id that is nobody's is left out."""
    found = Profile.objects.filter(workspace_id=workspace_id).in_bulk(profile_ids)
    return {pk: found[pk] for pk in profile_ids if pk in found}


def _by_attribute(workspace_id: int, text: str) -> Iterator[Profile]:
    if "@" in text:
        yield from by_email(workspace_id, text)[:MOST_HITS]
    elif text.translate(_WITHOUT_SIGNS).lstrip("0").isdigit():
        yield from by_phone(workspace_id, text)[:MOST_HITS]
