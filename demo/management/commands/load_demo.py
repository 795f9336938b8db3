from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from demo import accounts, loading
from demo.calls import CallFailed, answers
from demo.people import HOW_MANY
from demo.upload import BY


class Command(BaseCommand):
    help = "Fill the workspace `demo` with users, cohorts and messages, unless that is done."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--url", default=settings.QUAYSIDE_URL, help="where the web server answers"
        )
        parser.add_argument("--users", type=int, default=HOW_MANY, help=f"how many ({HOW_MANY:,})")
        parser.add_argument(
            "--patience", type=float, default=60, metavar="SECONDS", help="to wait for the worker"
        )
        parser.add_argument("--force", action="store_true", help="also in production")

    def handle(
        self, *args: Any, url: str, users: int, patience: float, force: bool, **options: Any
    ) -> None:
        """Print how to log in, where that is no secret."""
        if settings.PRODUCTION and not force:
            raise CommandError("This is production: --force loads invented users into it.")
        accounts.ensure(by=BY)
        if not loading.is_loaded():
            self._load(url, users, patience)
        if login := accounts.describe():
            self.stdout.write(login)

    def _load(self, url: str, users: int, patience: float) -> None:
        if not answers(url):
            raise CommandError(f"No web server answers at {url}: start it, or name it with --url.")
        try:
            loading.load(url=url, how_many=users, patience=patience, say=self.stderr.write)
        except CallFailed as error:
            raise CommandError(str(error)) from error
