"""Every change to a segment, with who made it noted in the same transaction."""

from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from common.advisory import Namespace, hold
from segments import usage
from segments.models import Segment
from segments.resolving import resolve
from segments.tree import Tree
from workspaces import audit
from workspaces.models import Workspace


class InvalidSegment(ValueError):
    """Why a change can't be made, in one sentence."""


class NameTaken(InvalidSegment):
    def __init__(self, name: str) -> None:
        super().__init__(f"name is already used by another segment: {name}")


class SegmentInUse(InvalidSegment):
    """It can't be archived. `uses` says what uses it."""

    def __init__(self, segment: Segment, uses: list[usage.Use]) -> None:
        self.uses = uses
        names = ", ".join(f"{use.kind} {use.name}" for use in uses)
        super().__init__(f"{segment.name} is used by {names}")


@transaction.atomic
def create(
    workspace: Workspace,
    *,
    name: str,
    filters: Tree,
    description: str = "",
    tags: Iterable[str] = (),
    by: audit.Actor,
) -> Segment:
    """A new segment.

    Raises `InvalidTree` for filters on what isn't the workspace's, and `NameTaken`.
    """
    _lock_nesting(workspace.pk)
    segment = Segment(workspace=workspace)
    _set(segment, name=name, filters=filters, description=description, tags=tags)
    _save(segment, by=by, action="created", details={"name": segment.name})
    return segment


@transaction.atomic
def update(
    segment: Segment,
    *,
    name: str | None = None,
    filters: Tree | None = None,
    description: str | None = None,
    tags: Iterable[str] | None = None,
    by: audit.Actor,
) -> None:
    """Change what is given and leave the rest; a change of nothing leaves no trace.

    Raises as `create` does.
    """
    _lock_nesting(segment.workspace_id)
    segment.refresh_from_db()
    before = _values(segment)
    _set(segment, name=name, filters=filters, description=description, tags=tags)
    changed = {key: value for key, value in _values(segment).items() if value != before[key]}
    if changed:
        details = {key: {"from": before[key], "to": value} for key, value in changed.items()}
        _save(segment, by=by, action="changed", details=details)


def rename(segment: Segment, *, name: str, by: audit.Actor) -> None:
    update(segment, name=name, by=by)


@transaction.atomic
def archive(segment: Segment, *, by: audit.Actor) -> None:
    """Put it away; its name is free again. Nothing happens to one that is archived already.

    Raises `SegmentInUse`.
    """
    _lock_nesting(segment.workspace_id)
    segment.refresh_from_db()
    if segment.archived_at is not None:
        return
    if uses := usage.uses_of(segment):
        raise SegmentInUse(segment, uses)
    segment.archived_at = timezone.now()
    _save(segment, by=by, action="archived", details={"name": segment.name})


@transaction.atomic
def restore(segment: Segment, *, by: audit.Actor) -> None:
    """Bring an archived one back. Raises `NameTaken`."""
    segment.refresh_from_db()
    if segment.archived_at is not None:
        segment.archived_at = None
        _save(segment, by=by, action="restored", details={"name": segment.name})


def _lock_nesting(workspace_id: int) -> None:
    """One change at a time, so that two can't close a circle or archive what is being used."""
    hold(Namespace.SEGMENTS, workspace_id)


def _set(
    segment: Segment,
    *,
    name: str | None,
    filters: Tree | None,
    description: str | None,
    tags: Iterable[str] | None,
) -> None:
    if name is not None:
        segment.name = name.strip()
        if not segment.name:
            raise InvalidSegment("name must be a non-empty string")
    if filters is not None:
        resolve(segment.workspace_id, [filters], of=segment.pk)
        segment.filters = filters.to_json()
    if description is not None:
        segment.description = description
    if tags is not None:
        segment.tags = list(dict.fromkeys(tags))


def _values(segment: Segment) -> dict[str, Any]:
    return {key: getattr(segment, key) for key in ("name", "description", "tags", "filters")}


def _save(segment: Segment, *, by: audit.Actor, action: str, details: dict[str, Any]) -> None:
    segment.updated_by = str(by)
    try:
        with transaction.atomic():
            segment.save()
    except IntegrityError as error:
        raise NameTaken(segment.name) from error
    audit.record(
        workspace=segment.workspace,
        by=by,
        action=f"segment.{action}",
        object_type="segment",
        object_id=str(segment.pk),
        details=details,
    )
