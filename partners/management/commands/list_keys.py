from typing import Any

from django.core.management.base import CommandParser

from common.commands import OperatorCommand
from common.keyring import describe
from partners.keys import keys_of
from workspaces.arguments import add_workspace, workspace


class Command(OperatorCommand):
    help = "List the keys that open a workspace: prefix, kind, state, last use, label."

    def add_arguments(self, parser: CommandParser) -> None:
        add_workspace(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        keys = keys_of(workspace(options["workspace"]))
        for key in keys:
            self.stdout.write(describe(key))
        if not keys:
            self.say("No key opens this workspace yet.")
