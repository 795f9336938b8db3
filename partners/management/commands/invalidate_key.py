from typing import Any

from django.core.management.base import CommandError, CommandParser

from common import keyring
from common.commands import OperatorCommand
from workspaces.keys import invalidate


class Command(OperatorCommand):
    help = "Stop a key, of whatever kind, from opening anything; it can't be undone."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("prefix", metavar="PREFIX", help="as list_keys shows it")

    def handle(self, *args: Any, **options: Any) -> None:
        key = keyring.find(options["prefix"])
        if key is None:
            # What was typed isn't repeated: it may be a whole key.
            raise CommandError("There is no key with that prefix; list_keys shows which there are.")
        if not invalidate(key, by=self.actor):
            self.say("It was invalidated already.")
        self.stdout.write(keyring.describe(key))
