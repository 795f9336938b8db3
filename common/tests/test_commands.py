"""A command that can't says so in one sentence, and never in a traceback."""

import os
import socket
import subprocess
import sys

import pytest
from django.conf import settings
from django.core.management import CommandError
from django.db import DataError, ProgrammingError

from common.commands import OperatorCommand


class Failing(OperatorCommand):
    requires_system_checks = []

    def handle(self, *args, error, **options):
        raise error


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ProgrammingError('relation "x" does not exist\nLINE 1: …'), "run manage.py migrate"),
        (DataError("value too long\nmore"), "PostgreSQL can't store that: value too long."),
    ],
)
def test_trouble_with_the_database_becomes_one_sentence(error, sentence):
    with pytest.raises(CommandError) as raised:
        Failing().execute(
            error=error,
            no_color=True,
            force_color=False,
            skip_checks=True,
            stdout=None,
            stderr=None,
        )

    assert sentence in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_database_that_is_away_ends_the_process_with_one_sentence():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    outcome = subprocess.run(
        [sys.executable, "manage.py", "list_keys", "--workspace", "acme"],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": f"postgres://quayside@127.0.0.1:{port}/quayside"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert outcome.returncode == 1
    assert outcome.stdout == ""
    assert outcome.stderr.startswith("CommandError: PostgreSQL can't be reached: ")
    assert len(outcome.stderr.splitlines()) == 1


def test_the_audit_log_names_the_command():
    assert Failing().actor == "manage.py test_commands"
