from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from cohorts import integrity as cohorts
from common.snapshots import snapshot
from profiles import integrity as profiles
from workspaces.models import Workspace


class Command(BaseCommand):
    help = "Prove that users, waiting ids, cohorts and the ledger agree."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--workspace", metavar="SLUG", help="check this workspace only")

    def handle(self, *args: Any, workspace: str | None, **options: Any) -> None:
        """Print a line for each problem, and fail if there is any."""
        chosen = Workspace.objects.filter(slug=workspace) if workspace else Workspace.objects.all()
        found = 0
        with snapshot():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout = 0")
            workspaces = list(chosen)
            if workspace and not workspaces:
                raise CommandError(f"There is no workspace {workspace}.")
            for one in workspaces:
                for check in (profiles.problems, cohorts.problems):
                    for problem in check(one.pk):
                        self.stdout.write(f"{one.slug}: {problem}")
                        found += 1
        if found:
            raise CommandError(f"{found} problems.")
        self.stdout.write(f"Everything agrees in {len(workspaces)} workspaces.")
