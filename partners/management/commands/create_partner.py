from typing import Any

from django.core.management.base import CommandError, CommandParser

from common.commands import OperatorCommand
from partners import directory


class Command(OperatorCommand):
    help = "Add a technology partner of your own, and print its slug."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", metavar="SLUG", help="stands in the paths of its calls")
        parser.add_argument("--name", default="", help="what people see; the slug if left out")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            partner = directory.add(slug=options["slug"], name=options["name"], by=self.actor)
        except directory.InvalidPartner as error:
            raise CommandError(str(error)) from error
        self.stdout.write(partner.slug)
