from pathlib import Path
from typing import Any

from imports.command import ImportCommand
from profiles.importing import users
from workspaces import arguments


class Command(ImportCommand):
    help = "Create and update users from a file, CSV or one JSON object a line, gzipped or not."

    def handle(
        self, *args: Any, file: Path, workspace: str, rejects: Path | None, **options: Any
    ) -> None:
        """Print what became of the rows once every one of them is stored or rejected."""
        into = arguments.workspace(workspace)
        with self.reading(file):
            job = users.run(
                into,
                file,
                by=self.actor,
                on_wait=self.say_that_it_waits,
                on_batch=self.say_how_far,
            )
            self.show_rejects(job, rejects)
        for name in ("created", "updated"):
            self.stdout.write(f"{name} {job.counts.get(name, 0)}")
        self.stdout.write(f"rejected {job.rows_rejected}")
