"""Prove that people, the identity map, the waiting room and `known` agree.

Belongs in one snapshot. Each check is a query that finds what must not be.
"""

from collections.abc import Iterator
from typing import Any

from django.db import connection
from pyroaring import BitMap64

from common.bitmaps import BLOCK_SIZE, join
from profiles import known, waiting
from profiles.facets import integrity as facets
from profiles.models import Identifier, IdentifierKind, IdentifierState, KnownBlock, Profile

# Ids that are fetched at a time, and faults of one kind that are told one by one.
CHUNK = 50_000
MOST_EXAMPLES = 5

_LIVE, _RESERVED, _MUTED = (state.value for state in IdentifierState)
_EXTERNAL_ID, _DEVICE = IdentifierKind.EXTERNAL_ID.value, IdentifierKind.DEVICE.value

# What must not be, and the identifiers or profiles of a workspace for which it is so.
_FAULTS = {
    "identifier stands for a user who doesn't exist": f"""
        SELECT i.profile_id FROM profiles_identifier AS i
        LEFT JOIN profiles_profile AS p ON p.id = i.profile_id AND p.workspace_id = i.workspace_id
        WHERE i.workspace_id = %s AND i.state <> {_RESERVED} AND p.id IS NULL
    """,
    "waiting id has a user": f"""
        SELECT i.profile_id FROM profiles_identifier AS i
        JOIN profiles_profile AS p ON p.id = i.profile_id
        WHERE i.workspace_id = %s AND i.state = {_RESERVED}
    """,
    "profile id is reserved for two waiting ids": f"""
        SELECT profile_id FROM profiles_identifier
        WHERE workspace_id = %s AND state = {_RESERVED} GROUP BY profile_id HAVING count(*) > 1
    """,
    "user isn't found by the external id": f"""
        SELECT p.id FROM profiles_profile AS p
        LEFT JOIN profiles_identifier AS i
          ON i.value = p.external_id AND i.kind = {_EXTERNAL_ID} AND i.label = ''
         AND i.workspace_id = p.workspace_id AND i.profile_id = p.id AND i.state = {_LIVE}
        WHERE p.workspace_id = %s AND p.external_id IS NOT NULL AND i.value IS NULL
    """,
    "device of an identified user takes part in matching": f"""
        SELECT p.id FROM profiles_identifier AS i JOIN profiles_profile AS p ON p.id = i.profile_id
        WHERE i.workspace_id = %s AND i.kind = {_DEVICE} AND i.state = {_LIVE}
          AND p.external_id IS NOT NULL
    """,
    "identifier other than a device of an identified user is ignored": f"""
        SELECT i.profile_id FROM profiles_identifier AS i
        LEFT JOIN profiles_profile AS p ON p.id = i.profile_id
        WHERE i.workspace_id = %s AND i.state = {_MUTED}
          AND (i.kind <> {_DEVICE} OR p.external_id IS NULL)
    """,
    "anonymous user has an external id": f"""
        SELECT p.id FROM profiles_identifier AS i JOIN profiles_profile AS p ON p.id = i.profile_id
        WHERE i.workspace_id = %s AND i.kind = {_EXTERNAL_ID} AND i.state = {_LIVE}
          AND p.external_id IS NULL
    """,
    "something was done by a user who doesn't exist": """
        SELECT DISTINCT a.profile_id FROM profiles_activity AS a
        LEFT JOIN profiles_profile AS p ON p.id = a.profile_id AND p.workspace_id = a.workspace_id
        WHERE a.workspace_id = %s AND p.id IS NULL
    """,
    "profile id is yet to be given out": """
        SELECT profile_id FROM profiles_identifier WHERE workspace_id = %s
           AND profile_id > (SELECT last_value FROM profiles_profile_id_seq)
    """,
}


def problems(workspace_id: int) -> Iterator[str]:
    """One sentence for each thing that is wrong among the workspace's users."""
    for description, query in _FAULTS.items():
        with connection.cursor() as cursor:
            cursor.execute(query, [workspace_id])
            found = [profile_id for (profile_id,) in cursor.fetchall()]
        yield from described(description, found)
    existing, now_known = existing_ids(workspace_id), known_ids(workspace_id)
    yield from described("user isn't known", existing - now_known)
    yield from described("known user doesn't exist", now_known - existing)
    reserved, counted = len(reserved_ids(workspace_id)), waiting.count(workspace_id)
    if reserved != counted:
        yield f"{reserved} ids wait, but their changes add up to {counted}"
    yield from facets.problems(workspace_id)
    for block in KnownBlock.objects.filter(workspace_id=workspace_id).iterator():
        if not fits(block.members):
            yield f"known block {block.number} reaches past its end"


def described(description: str, profile_ids: Any) -> Iterator[str]:
    """The fault for each of the first few ids, and how many more have it."""
    for profile_id in profile_ids[:MOST_EXAMPLES]:
        yield f"{description}: profile {profile_id}"
    if len(profile_ids) > MOST_EXAMPLES:
        yield f"{description}: {len(profile_ids) - MOST_EXAMPLES} more"


def fits(positions: BitMap64) -> bool:
    """Whether these are positions inside one block."""
    return not positions or positions.max() < BLOCK_SIZE


def existing_ids(workspace_id: int) -> BitMap64:
    profiles = Profile.objects.filter(workspace_id=workspace_id)
    return BitMap64(profiles.values_list("pk", flat=True).iterator(CHUNK))


def reserved_ids(workspace_id: int) -> BitMap64:
    """Profile ids of the ids that wait."""
    identifiers = Identifier.objects.filter(
        workspace_id=workspace_id, state=IdentifierState.RESERVED
    )
    return BitMap64(identifiers.values_list("profile_id", flat=True).iterator(CHUNK))


def known_ids(workspace_id: int) -> BitMap64:
    return join(known.read_known(workspace_id))
