from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser

from common import durations, keyring
from common.commands import OperatorCommand, argument, duration
from workspaces.keys import KeyNotLive, rotate


def read_grace(text: str) -> timedelta | None:
    """None for `now`, else a duration. Raises `ValueError`."""
    return None if text == "now" else durations.parse(text)


class Command(OperatorCommand):
    help = "Replace a key, of whatever kind: print its successor, and let the old one run out."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("prefix", metavar="PREFIX", help="as list_keys shows it")
        parser.add_argument(
            "--grace",
            metavar="24h",
            type=argument(read_grace),
            default=timedelta(days=1),
            help="how long the old key goes on working, as in 1h, 24h or 7d, or now; else 24h",
        )
        parser.add_argument(
            "--expires-in",
            metavar="90d",
            type=duration,
            help="when the new one expires, as in 12h, 90d or 4w; else never",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        key = keyring.find(options["prefix"])
        if key is None:
            # What was typed isn't repeated: it may be a whole key.
            raise CommandError("There is no key with that prefix; list_keys shows which there are.")
        try:
            issued = rotate(
                key, grace=options["grace"], by=self.actor, expires_in=options["expires_in"]
            )
        except KeyNotLive as error:
            raise CommandError(
                "That key opens nothing any more, so nothing can take its place: issue a new one."
            ) from error
        self.stdout.write(issued.text)
        self.say(f"Keep it safe: it can't be shown again. Its prefix is {issued.row.prefix}.")
        until = key.expires_at.isoformat(timespec="seconds") if key.expires_at else ""
        self.say(
            "The old key opens nothing any more."
            if options["grace"] is None
            else f"The old key works until {until}."
        )
