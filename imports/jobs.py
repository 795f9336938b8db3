"""Begin jobs, cancel them, and bring them to their end: one audit row each, with the end."""

from collections.abc import Callable, Iterable
from contextlib import suppress

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from imports import files, kinds, pieces
from imports.claims import claim
from imports.kinds import Kind
from imports.models import UNFINISHED, Job, JobState, Role
from imports.sources import Source, Stored
from workspaces import audit
from workspaces.models import Workspace

# Stores what a kind of job has to know beside its file.
OnMade = Callable[[Job], None]


@transaction.atomic
def begin(
    workspace: Workspace,
    kind: Kind,
    *,
    title: str,
    chunks: Iterable[bytes],
    by: audit.Actor,
    on_made: OnMade = lambda job: None,
) -> Job:
    """Keep the file and have it worked off in the background, after those that came before.

    Nothing is asked of Redis: the scheduler finds the job within a second or two. `on_made`
    is that of `make`.

    Raises `InvalidFile` when the file can't be what it should, and keeps nothing.
    """
    job = make(workspace, kind, title=title, by=by, on_made=on_made)
    plain = files.unzip(chunks, most=settings.IMPORT_UNZIPPED_LIMIT)
    job.bytes_total = pieces.write(job.pk, Role.INPUT, plain)
    kind.check(source_of(job))
    job.save(update_fields=["bytes_total"])
    return job


def make(
    workspace: Workspace,
    kind: Kind,
    *,
    title: str,
    by: audit.Actor,
    on_made: OnMade = lambda job: None,
    **fields: object,
) -> Job:
    """A job that waits. `on_made` is called with it before anybody can be at it."""
    job: Job = Job.objects.create(
        workspace=workspace,
        kind=kind.name,
        title=title[:255],
        created_by=str(by),
        language=get_language() or settings.LANGUAGE_CODE,
        **fields,
    )
    on_made(job)
    return job


def source_of(job: Job) -> Source:
    """The file of a job that isn't a command's."""
    return Stored(job.pk, job.bytes_total)


def cancel(job: Job, *, by: audit.Actor) -> None:
    """Stop before the next batch; what is stored stays. Too late for a finished job."""
    requested = Job.objects.filter(pk=job.pk, state__in=UNFINISHED, cancel_requested_at=None)
    if requested.update(cancel_requested_at=Now(), cancelled_by=str(by)) and not job.foreground:
        with claim(job.workspace_id) as mine:
            if mine:  # nobody is at it
                finish(job, JobState.CANCELLED)


@transaction.atomic
def finish(job: Job, state: JobState, *, error: str = "") -> bool:
    """Bring the job to its end, drop its file and note it; False when it had ended before."""
    locked = Job.objects.select_for_update().select_related("workspace").get(pk=job.pk)
    if locked.is_finished:
        return False
    locked.state, locked.error, locked.finished_at = state, error, timezone.now()
    if state == JobState.DONE:
        locked.bytes_done = locked.bytes_total
    locked.save(update_fields=["state", "error", "finished_at", "bytes_done"])
    pieces.delete(job.pk, Role.INPUT)
    with suppress(LookupError):  # a kind of an app that is gone
        audit.record(
            workspace=locked.workspace,
            by=locked.cancelled_by if state == JobState.CANCELLED else locked.created_by,
            action=kinds.find(locked.kind).audited[state],
            object_type="import",
            object_id=str(locked.pk),
            details={**locked.counts, "rejected": locked.rows_rejected},
        )
    return True


def abandon(job: Job) -> None:
    """End a job whose command ended without a word, with its file."""
    finish(
        job,
        JobState.FAILED,
        error=_(
            "The command that ran it ended early. What is stored stays: run it again for the rest."
        ),
    )
