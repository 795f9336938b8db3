"""Load the demo workspace, once.

Every step can be repeated, so a load that was broken off is simply done again; the last
step leaves a row in the audit log, by which the next one sees that there is nothing to do.
"""

import tempfile
from pathlib import Path

from django.utils import timezone

from demo import devices, messages, people, segment, upload, user_files
from demo.upload import BY, Say
from profiles.importing import users
from workspaces import audit, tenancy
from workspaces.models import AuditEntry, Workspace

SLUG = "demo"
LOADED = "demo.loaded"


def is_loaded() -> bool:
    return AuditEntry.objects.filter(workspace__slug=SLUG, action=LOADED).exists()


def load(*, url: str, how_many: int, patience: float, say: Say) -> None:
    """Users, cohorts, a segment and messages to it.

    Returns when uploads are applied, or after `patience` seconds.

    Raises `CallFailed` when the web server refuses an upload.
    """
    now = timezone.now()
    everybody = list(people.generate(how_many, today=now.date()))
    workspace = Workspace.objects.filter(slug=SLUG).first()
    workspace = workspace or tenancy.create(slug=SLUG, name="Demo shop", by=BY)
    _import(workspace, everybody, say)
    upload.upload(workspace, everybody, url=url, now=now, say=say)
    segment.make(workspace, by=BY)
    if not upload.await_applied(workspace, seconds=patience):
        say("The worker is still applying the uploads; it goes on by itself.")
    messages.make(workspace, by=BY)
    audit.record(
        workspace=workspace,
        by=BY,
        action=LOADED,
        object_type="workspace",
        object_id=workspace.slug,
        details={"users": how_many},
    )


def _import(workspace: Workspace, everybody: list[people.Person], say: Say) -> None:
    say(f"Importing {len(everybody):,} users.")
    with tempfile.TemporaryDirectory() as folder:
        for path in user_files.write(everybody, Path(folder)).values():
            users.run(workspace, path, by=BY)
    devices.attach(workspace, everybody, by=BY)
