from typing import Any

from django.core.management.base import CommandParser

from common.commands import OperatorCommand, duration
from partners import arguments
from partners.keys import issue_data_import_key
from workspaces.arguments import add_workspace, workspace


class Command(OperatorCommand):
    help = "Issue the client_secret of a partner in a workspace, and print it once."

    def add_arguments(self, parser: CommandParser) -> None:
        arguments.add_partner(parser)
        add_workspace(parser)
        parser.add_argument("--label", default="", help="what it is for")
        parser.add_argument(
            "--expires-in", metavar="90d", type=duration, help="as in 12h, 90d or 4w; else never"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        issued = issue_data_import_key(
            arguments.partner(options["partner"]),
            workspace(options["workspace"]),
            by=self.actor,
            label=options["label"],
            expires_in=options["expires_in"],
        )
        self.stdout.write(issued.text)
        self.say(f"Keep it safe: it can't be shown again. Its prefix is {issued.row.prefix}.")
