"""What the entries of the audit log are about, in names: the apps that know them register.

An entry keeps an id, which stays when all else is gone. A page asks what is still there.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from workspaces.models import AuditEntry, Workspace


@dataclass(frozen=True, slots=True)
class Named:
    """What a person calls it. `path` is its page in the dashboard, where it has one."""

    name: Any
    path: str = ""


# For ids of one workspace, 0 being the installation, those that have a name.
Namer = Callable[[int, Collection[str]], Mapping[str, Named]]

_namers: dict[str, Namer] = {}


def register(object_type: str, namer: Namer) -> None:
    """Have `namer` name objects of that type; for `AppConfig.ready()`."""
    _namers[object_type] = namer


def names(entries: Iterable[AuditEntry]) -> dict[int, Named]:
    """For each entry, by its id, what it is about; its bare id where nobody knows a name."""
    entries = list(entries)
    ids: dict[tuple[str, int], set[str]] = {}
    for entry in entries:
        ids.setdefault(_group(entry), set()).add(entry.object_id)
    found = {
        (what, workspace_id): namer(workspace_id, wanted)
        for (what, workspace_id), wanted in ids.items()
        if (namer := _namers.get(what))
    }
    return {
        entry.pk: found.get(_group(entry), {}).get(entry.object_id) or Named(entry.object_id)
        for entry in entries
    }


def uuids(ids: Collection[str]) -> dict[UUID, str]:
    """What was noted by its key: ids that can be no UUID are nobody's, and are left out."""
    found: dict[UUID, str] = {}
    for each in ids:
        with suppress(ValueError):
            found[UUID(each)] = each
    return found


def numbers(ids: Collection[str]) -> dict[int, str]:
    """What was noted by its number, in the same way."""
    digits = [each for each in ids if each.isascii() and each.isdigit() and len(each) < 19]
    return {int(each): each for each in digits}


def _group(entry: AuditEntry) -> tuple[str, int]:
    return entry.object_type, entry.workspace_id or 0


def workspaces(workspace_id: int, ids: Collection[str]) -> dict[str, Named]:
    """Entries name the workspace that they belong to by its number, or by its slug."""
    workspace = Workspace.objects.filter(pk=workspace_id).first()
    if workspace is None:
        return {}
    own = {str(workspace.pk), workspace.slug}
    return {each: Named(workspace.name) for each in ids if each in own}
