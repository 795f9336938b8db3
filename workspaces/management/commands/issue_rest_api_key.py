from typing import Any

from django.core.management.base import CommandError, CommandParser

from common.commands import OperatorCommand, duration
from workspaces import arguments
from workspaces.keys import InvalidNetwork, issue_rest_api_key
from workspaces.permissions import UnknownPermission


class Command(OperatorCommand):
    help = "Issue a REST API key of a workspace, and print it: it can't be shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        arguments.add_workspace(parser)
        parser.add_argument(
            "--permissions",
            metavar="NAMES",
            required=True,
            help="names with commas between, as in users.track,cohorts.list; or all",
        )
        parser.add_argument("--label", default="", help="what it is for")
        parser.add_argument(
            "--allow-network",
            metavar="CIDR",
            action="append",
            default=[],
            help="address or network that it works from; repeat for several",
        )
        parser.add_argument(
            "--expires-in", metavar="90d", type=duration, help="as in 12h, 90d or 4w; else never"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            issued = issue_rest_api_key(
                arguments.workspace(options["workspace"]),
                permissions=options["permissions"].split(","),
                by=self.actor,
                label=options["label"],
                allowed_networks=options["allow_network"],
                expires_in=options["expires_in"],
            )
        except (UnknownPermission, InvalidNetwork) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(issued.text)
        self.say(f"Keep it safe: it can't be shown again. Its prefix is {issued.row.prefix}.")
