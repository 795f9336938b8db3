"""What commands that import a file have in common."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.management.base import CommandError, CommandParser

from common.commands import OperatorCommand
from imports import pieces
from imports.files import InvalidFile
from imports.models import Job, Role
from imports.progress import Progress
from workspaces import arguments

TELL_EVERY_SECONDS = 1.0


class ImportCommand(OperatorCommand):
    """Reads a file where it lies, and tells a person how far it is and what it rejected."""

    _told_at = 0.0

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        arguments.add_workspace(parser)
        parser.add_argument(
            "--rejects", metavar="FILE", type=Path, help="write rejected rows, with their reasons"
        )

    @contextmanager
    def reading(self, file: Path) -> Iterator[None]:
        """Whatever ends an import early becomes the command's one sentence."""
        self._told_at = time.monotonic()
        try:
            yield
        except InvalidFile as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{error.filename or file}: {error.strerror or error}.") from error
        except KeyboardInterrupt:
            raise CommandError(
                "Stopped. What was stored stays; run it again for the rest.", returncode=130
            ) from None

    def say_that_it_waits(self) -> None:
        self.say("Waiting for the imports of this workspace that came before.")

    def say_how_far(self, job: Job) -> None:
        now = time.monotonic()
        if now - self._told_at >= TELL_EVERY_SECONDS:
            self._told_at = now
            self.say(Progress(job).sentence)

    def show_rejects(self, job: Job, into: Path | None) -> None:
        """The first ones to the person, all of them into the file, if there is one."""
        if into is not None:
            with into.open("wb") as file:
                file.writelines(pieces.read(job.pk, Role.REJECTS))
        for reject in job.first_rejects:
            self.say(f"line {reject['line']}: {'; '.join(reject['reasons'])}")
        if job.rows_rejected:
            self.say(f"{job.rows_rejected:,} rows were rejected.")
