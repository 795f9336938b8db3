from typing import Any

from django.core.management.base import CommandParser

from common.commands import OperatorCommand
from workspaces.accounts import lockouts
from workspaces.arguments import add_person, person


class Command(OperatorCommand):
    help = "Let somebody who was locked out try to sign in again at once."

    def add_arguments(self, parser: CommandParser) -> None:
        add_person(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        lockouts.unlock(person(options["username"]), by=self.actor)
