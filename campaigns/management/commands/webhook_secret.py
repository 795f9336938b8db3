from typing import Any

from django.core.management.base import CommandParser

from campaigns.channels import webhook
from common.commands import OperatorCommand
from workspaces import arguments


class Command(OperatorCommand):
    help = "Print what receivers verify a workspace's webhooks with."

    def add_arguments(self, parser: CommandParser) -> None:
        arguments.add_workspace(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        newest, *older = webhook.secrets(arguments.workspace(options["workspace"]).pk)
        self.stdout.write(webhook.written(newest))
        self.say("Hand it to the receiver over a way that nobody reads along.")
        if older:
            self.say("Webhooks are signed under older peppers too, until they are taken out.")
