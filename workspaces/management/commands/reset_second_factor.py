from typing import Any

from django.core.management.base import CommandError, CommandParser

from common.commands import OperatorCommand
from workspaces.accounts import factors
from workspaces.arguments import add_person, person


class Command(OperatorCommand):
    help = "Have somebody who lost their phone sign in with the password alone."

    def add_arguments(self, parser: CommandParser) -> None:
        add_person(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        if not factors.remove(person(options["username"]), by=self.actor):
            raise CommandError(f"{options['username']} has no second factor.")
