from typing import Any

from django.core.management.base import CommandError, CommandParser

from common.commands import OperatorCommand
from workspaces import tenancy


class Command(OperatorCommand):
    help = "Make a workspace, and print its slug."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", metavar="SLUG", help="short name, in lower case")
        parser.add_argument("--name", default="", help="what people see; the slug if left out")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            workspace = tenancy.create(slug=options["slug"], name=options["name"], by=self.actor)
        except tenancy.InvalidWorkspace as error:
            raise CommandError(str(error)) from error
        self.stdout.write(workspace.slug)
