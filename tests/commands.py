"""Run a management command as a test sees it."""

from dataclasses import dataclass
from io import StringIO

from django.core.management import call_command


@dataclass
class Outcome:
    out: str
    err: str

    @property
    def lines(self):
        return self.out.splitlines()


def manage(name, *args):
    """What the command printed. A `CommandError` comes through: it is the command's sentence."""
    out, err = StringIO(), StringIO()
    call_command(name, *args, stdout=out, stderr=err)
    return Outcome(out.getvalue(), err.getvalue())
