import time
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from common.commands import OperatorCommand
from imports import pieces
from imports.files import InvalidFile
from imports.models import Job, Role
from imports.progress import Progress
from profiles.importing import users
from workspaces import arguments

TELL_EVERY_SECONDS = 1.0


class Command(OperatorCommand):
    help = "Create and update users from a file, CSV or one JSON object a line, gzipped or not."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        arguments.add_workspace(parser)
        parser.add_argument(
            "--rejects", metavar="FILE", type=Path, help="write rejected rows, with their reasons"
        )

    def handle(
        self, *args: Any, file: Path, workspace: str, rejects: Path | None, **options: Any
    ) -> None:
        """Print what became of the rows once every one of them is stored or rejected."""
        into = arguments.workspace(workspace)
        self._told_at = time.monotonic()
        try:
            job = users.run(
                into, file, by=self.actor, on_wait=self._say_that_it_waits, on_batch=self._progress
            )
            self._show_rejects(job, rejects)
        except InvalidFile as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{error.filename or file}: {error.strerror or error}.") from error
        except KeyboardInterrupt:
            raise CommandError(
                "Stopped. What was stored stays; run it again for the rest.", returncode=130
            ) from None
        for name in ("created", "updated"):
            self.stdout.write(f"{name} {job.counts.get(name, 0)}")
        self.stdout.write(f"rejected {job.rows_rejected}")

    def _say_that_it_waits(self) -> None:
        self.say("Waiting for the imports of this workspace that came before.")

    def _progress(self, job: Job) -> None:
        now = time.monotonic()
        if now - self._told_at >= TELL_EVERY_SECONDS:
            self._told_at = now
            self.say(Progress(job).sentence)

    def _show_rejects(self, job: Job, into: Path | None) -> None:
        if into is not None:
            with into.open("wb") as file:
                file.writelines(pieces.read(job.pk, Role.REJECTS))
        for reject in job.first_rejects:
            self.say(f"line {reject['line']}: {'; '.join(reject['reasons'])}")
        if job.rows_rejected:
            self.say(f"{job.rows_rejected:,} rows were rejected.")
