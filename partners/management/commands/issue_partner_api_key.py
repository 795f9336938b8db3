from typing import Any

from django.core.management.base import CommandParser

from common.commands import OperatorCommand
from partners import arguments
from partners.keys import issue_partner_api_key


class Command(OperatorCommand):
    help = "Issue a partner's API key, and print it: it can't be shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        arguments.add_partner(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        issued = issue_partner_api_key(arguments.partner(options["partner"]), by=self.actor)
        self.stdout.write(issued.text)
        self.say(f"Keep it safe: it can't be shown again. Its prefix is {issued.row.prefix}.")
