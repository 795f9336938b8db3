"""What the operator's commands have in common."""

import argparse
from collections.abc import Callable
from typing import Any, TypeVar

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, DataError, OperationalError, ProgrammingError

from common import durations

Value = TypeVar("Value")


class OperatorCommand(BaseCommand):
    """Prints what a script wants on standard output, and ends with one sentence when it can't.

    Subclasses raise `CommandError` with that sentence; trouble with the database gets one
    here, which says what to do about it.
    """

    @property
    def actor(self) -> str:
        """Who the audit log says did it."""
        return f"manage.py {type(self).__module__.rpartition('.')[2]}"

    def say(self, text: str) -> None:
        """Tell the person, not the script."""
        self.stderr.write(text, self.style.NOTICE)

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except DataError as error:
            raise CommandError(f"PostgreSQL can't store that: {_first_line(error)}.") from error
        except OperationalError as error:
            raise CommandError(
                "PostgreSQL can't be reached: start the local instance with make run, "
                f"or see to DATABASE_URL. ({_first_line(error)})"
            ) from error
        except ProgrammingError as error:
            raise CommandError(
                f"The database isn't up to date: run manage.py migrate. ({_first_line(error)})"
            ) from error


def argument(read: Callable[[str], Value]) -> Callable[[str], Value]:
    """`read` as the type of an argument: argparse shows what its `ValueError` says."""

    def checked(text: str) -> Value:
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return checked


duration = argument(durations.parse)


def _first_line(error: DatabaseError) -> str:
    return str(error).partition("\n")[0]
