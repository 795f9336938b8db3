"""Issue, rotate and invalidate keys, each with its audit row.

Partners' keys are issued in `partners.keys`; rotating and invalidating is the same for
every kind.
"""

import ipaddress
from collections.abc import Iterable
from datetime import timedelta
from typing import TypeVar

from django.db import transaction
from django.db.models.functions import Least, Now

from common import keyring
from common.keyring import IssuedKey
from common.models import ApiKey
from workspaces import audit
from workspaces.models import RestApiKey, Workspace
from workspaces.permissions import expand

Row = TypeVar("Row", bound=ApiKey)


class KeyNotLive(ValueError):
    """A key that opens nothing any more has no successor: that would let somebody in again."""


class InvalidNetwork(ValueError):
    """A text that names no network, and why."""


@transaction.atomic
def issue_rest_api_key(
    workspace: Workspace,
    *,
    permissions: Iterable[str],
    by: audit.Actor,
    label: str = "",
    allowed_networks: Iterable[str] = (),
    expires_in: timedelta | None = None,
) -> IssuedKey[RestApiKey]:
    """A key for one workspace, with exactly those permissions. `all` stands for every one.

    With networks (`203.0.113.0/24`, or single addresses) it works from nowhere else.

    Raises `UnknownPermission` and `InvalidNetwork`.
    """
    issued = keyring.mint(
        RestApiKey,
        created_by=str(by),
        expires_in=expires_in,
        label=label,
        workspace=workspace,
        permissions=expand(permissions),
        allowed_networks=[_network(text) for text in allowed_networks],
    )
    note(
        issued.row,
        "issued",
        by=by,
        permissions=issued.row.permissions,
        allowed_networks=issued.row.allowed_networks,
    )
    return issued


def _network(text: str) -> str:
    try:
        return network(text)
    except ValueError as error:
        raise InvalidNetwork(f"That is no network: {error}.") from error


def network(text: str) -> str:
    """The network or single address that `text` names, as it is stored. Raises `ValueError`."""
    if "%" in text:
        raise ValueError("a zone of this machine names no caller")
    return str(ipaddress.ip_network(text))


@transaction.atomic
def rotate(
    key: Row, *, grace: timedelta | None, by: audit.Actor, expires_in: timedelta | None = None
) -> IssuedKey[Row]:
    """A successor that opens the same, while `key` itself goes on working for `grace`.

    The grace is the old key's expiry, and never later than one that it has. Without any, it
    is invalidated. No moment lies between: both are live, or one of them is.

    Raises `KeyNotLive`.
    """
    found = type(key)._default_manager.select_for_update().filter(keyring.LIVE, pk=key.pk)
    if found.first() is None:
        raise KeyNotLive(key.prefix)
    issued = keyring.mint_successor(key, created_by=str(by), expires_in=expires_in)
    note(issued.row, "issued", by=by, rotated_from=key.prefix)
    if grace is None:
        invalidate(key, by=by)
        return issued
    # LEAST passes over a NULL: a key without an expiry gets this one.
    found.update(expires_at=Least("expires_at", Now() + grace))
    key.refresh_from_db(fields=["expires_at"])
    assert key.expires_at
    note(key, "rotated", by=by, successor=issued.row.prefix, until=key.expires_at.isoformat())
    return issued


@transaction.atomic
def invalidate(key: ApiKey, *, by: audit.Actor) -> bool:
    """Stop `key` from opening anything, from the next request on. False if it was so already."""
    model = type(key)
    stopped = model._default_manager.filter(pk=key.pk, invalidated_at=None)
    if not stopped.update(invalidated_at=Now()):
        return False
    key.refresh_from_db(fields=["invalidated_at"])
    note(key, "invalidated", by=by)
    return True


def note(key: ApiKey, done: str, *, by: audit.Actor, **details: object) -> None:
    """The audit row of something done to a key, which it names by its prefix."""
    kind = keyring.kind_name(key)
    audit.record(
        workspace=getattr(key, "workspace", None),
        by=by,
        action=f"{kind}.{done}",
        object_type=kind,
        object_id=key.prefix,
        details={"label": key.label, **details},
    )
