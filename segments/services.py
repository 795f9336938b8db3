"""Every change to a segment: who made it is noted, and the version kept, in its transaction."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from common.advisory import Namespace, hold
from segments import history, usage
from segments.models import Segment, Version
from segments.resolving import resolve
from segments.tree import Tree, parse
from workspaces import audit
from workspaces.models import Workspace


class InvalidSegment(ValueError):
    """Why a change can't be made, in one sentence."""


class NameTaken(InvalidSegment):
    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"name is already used by another segment: {name}")


class SegmentInUse(InvalidSegment):
    """It can't be archived. `uses` says what uses it."""

    def __init__(self, segment: Segment, uses: list[usage.Use]) -> None:
        self.segment, self.uses = segment, uses
        names = ", ".join(f"{use.kind} {use.name}" for use in uses)
        super().__init__(f"{segment.name} is used by {names}")


class EditedMeanwhile(InvalidSegment):
    """Somebody saved the segment since it was read. `version` is theirs; nothing is lost."""

    def __init__(self, segment: Segment) -> None:
        self.version = segment.versions.get(number=segment.version)
        super().__init__(f"{segment.name} was changed by {self.version.by} meanwhile")


class NoSuchVersion(InvalidSegment):
    pass


@transaction.atomic
def create(
    workspace: Workspace,
    *,
    name: str,
    filters: Tree,
    description: str = "",
    tags: Iterable[str] = (),
    copied_from: Segment | None = None,
    by: audit.Actor,
) -> Segment:
    """A new segment. `copied_from` is noted, and does nothing else.

    Raises `InvalidTree` for filters on what isn't the workspace's, and `NameTaken`.
    """
    _lock_nesting(workspace.pk)
    segment = Segment(workspace=workspace)
    _set(segment, name=name, filters=filters, description=description, tags=tags)
    details = {"name": segment.name}
    if copied_from is not None:
        details["copied_from"] = str(copied_from.pk)
    _save(segment, by=by, action="created", details=details)
    _keep_version(segment, has_new_filters=True, by=by)
    return segment


@transaction.atomic
def update(
    segment: Segment,
    *,
    name: str | None = None,
    filters: Tree | None = None,
    description: str | None = None,
    tags: Iterable[str] | None = None,
    based_on: int | None = None,
    restores: Version | None = None,
    by: audit.Actor,
) -> None:
    """Change what is given and leave the rest; a change of nothing leaves no trace.

    `based_on` is the number of the version that whoever changes it had before them.

    Raises as `create` does, and `EditedMeanwhile` when that isn't the newest one any more.
    """
    _lock_nesting(segment.workspace_id)
    segment.refresh_from_db()
    if based_on is not None and based_on != segment.version:
        raise EditedMeanwhile(segment)
    before = _values(segment)
    _set(segment, name=name, filters=filters, description=description, tags=tags)
    changed = {key: value for key, value in _values(segment).items() if value != before[key]}
    if changed:
        details = {key: {"from": before[key], "to": value} for key, value in changed.items()}
        if restores is not None:
            details["restored_version"] = {"from": segment.version, "to": restores.number}
        segment.version += 1
        _save(segment, by=by, action="changed", details=details)
        _keep_version(segment, has_new_filters="filters" in changed, restores=restores, by=by)


def bring_back(segment: Segment, number: int, *, by: audit.Actor) -> None:
    """Make an earlier version the newest again. What it replaces stays a version, as all do.

    Raises `NoSuchVersion`, `NameTaken`, and `InvalidTree` when its filters can't be used now.
    """
    version = segment.versions.filter(number=number).first()
    if version is None:
        raise NoSuchVersion(f"{segment.name} has no version {number}")
    update(
        segment,
        name=version.name,
        filters=parse(version.filters),
        description=version.description,
        tags=version.tags,
        restores=version,
        by=by,
    )


@transaction.atomic
def duplicate(segment: Segment, *, name: str, by: audit.Actor) -> Segment:
    """A segment like it, under that name; where it is taken, with the next free number."""
    _lock_nesting(segment.workspace_id)
    names = Segment.objects.in_workspace(segment.workspace).active()
    taken = set(names.filter(name__startswith=name[:200]).values_list("name", flat=True))
    free, number = name[:255], 1
    while free in taken:
        number += 1
        free = f"{name[:240]} {number}"
    return create(
        segment.workspace,
        name=free,
        filters=parse(segment.filters),
        description=segment.description,
        tags=segment.tags,
        copied_from=segment,
        by=by,
    )


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
    _lock_nesting(segment.workspace_id)
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


def _keep_version(
    segment: Segment, *, has_new_filters: bool, restores: Version | None = None, by: audit.Actor
) -> None:
    Version.objects.create(
        segment=segment,
        number=segment.version,
        by=str(by),
        has_new_filters=has_new_filters,
        restores=restores.number if restores else None,
        **_values(segment),
    )
    if has_new_filters:
        transaction.on_commit(partial(history.note_edit, segment.pk), robust=True)
