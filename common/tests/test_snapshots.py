import pytest
from django.db import connection, transaction

from common.snapshots import snapshot

pytestmark = pytest.mark.django_db(transaction=True)


def settings():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('transaction_isolation'),"
            " current_setting('transaction_read_only')"
        )
        return cursor.fetchone()


def test_what_is_read_inside_is_of_one_moment_and_nothing_is_written():
    with snapshot():
        assert settings() == ("repeatable read", "on")


def test_what_comes_after_is_as_ever():
    with snapshot():
        settings()
    with transaction.atomic():
        assert settings() == ("read committed", "off")


def test_an_error_inside_changes_nothing_for_what_comes_after():
    with pytest.raises(ZeroDivisionError), snapshot():
        settings()
        raise ZeroDivisionError
    with transaction.atomic():
        assert settings() == ("read committed", "off")


def test_a_connection_that_breaks_inside_leaves_a_fresh_one():
    with snapshot():
        settings()
        connection.close()
    with transaction.atomic():
        assert settings() == ("read committed", "off")
