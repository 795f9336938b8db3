"""What opens something is nowhere but where it was shown: a search through everything there is."""

import io
import logging
import sys

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from common.redaction import WithoutKeys
from tests import pages
from tests.commands import manage
from tests.factories import bearer, make_operator
from tests.furnishing import furnish
from workspaces import audit
from workspaces.accounts import codes, factors
from workspaces.tests.phone import Phone

pytestmark = pytest.mark.django_db


@pytest.fixture
def log():
    """All that is logged, at the most talkative level, formatted as the console's lines are."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(WithoutKeys("%(levelname)s %(name)s %(message)s"))
    root, before = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield written
    root.removeHandler(handler)
    root.setLevel(before)


def everything_stored():
    """Every row of every table as text, and what is in the sessions."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT stored::text FROM "{table}" AS stored')
            yield from (row for (row,) in cursor.fetchall())
    for session in Session.objects.all():
        yield str(session.get_decoded())


def forms_of(secret):
    """How a secret might lie about: as it is, without its prefix, as PostgreSQL shows bytes."""
    bare = secret.rsplit("_", 1)[-1]
    return {secret, bare, bare[:40], bare.encode().hex(), secret.replace(" ", "")}


def turn_on_second_factor(client, person):
    """As the person does it in the dashboard; the secret in all its forms, and recovery codes."""
    client.post(reverse("account-second-factor-begin"))
    secret = factors.secret_to_learn(factors.begun(person))
    shown = client.get(reverse("account-second-factor"))
    assert codes.as_text(secret) in shown.content.decode()
    client.post(reverse("account-second-factor"), {"code": Phone(secret).code()})
    once = client.get(reverse("account-recovery-codes"))
    made = once.context["codes"]
    assert len(made) == codes.RECOVERY_CODES
    return {codes.as_text(secret), secret.hex()}, set(made)


def misuse(client, secrets):
    """Calls that put a secret where none belongs, and are refused in various ways."""
    partner_key, client_secret, rest_key, invitation = secrets
    calls = "/partners/tinyclues/cohorts/users"
    keys = {"partner_api_key": partner_key, "client_secret": client_secret}
    yield client.post(calls, {**keys, "cohort_id": client_secret, "cohort_changes": "none"})
    yield client.post(calls, f'{{"client_secret": "{client_secret}"', content_type="text/plain")
    yield client.post(calls, {"partner_api_key": client_secret, "client_secret": partner_key})
    yield client.get(f"/cohorts/{rest_key}")
    yield client.get("/cohorts/list", {"partner": rest_key}, **bearer(client_secret))
    yield client.get("/cohorts/list", **bearer(rest_key))
    yield client.get(f"/admin/{rest_key}/")
    yield client.get(f"/join/{invitation[:-1]}/")


def test_no_page_log_table_metric_or_error_holds_a_secret(client, log, capsys):
    acme, olga = furnish(), make_operator()
    client.force_login(olga)
    typed, recovery_codes = turn_on_second_factor(client, olga)
    shown = [
        client.get(page.address(acme)).getvalue().decode()
        for page in pages.discover()
        if page.is_to_look_at
    ]
    assert len(shown) > 40
    stranger = Client()
    shown += [answer.content.decode() for answer in misuse(stranger, acme.secrets)]
    # Its form shows again what was typed as a name.
    stranger.post(
        reverse("admin:login"), {"username": acme.secrets[0], "password": acme.secrets[1]}
    )
    followed = stranger.get(reverse("follow-invitation", args=[acme.secrets[-1]]), follow=True)
    assert b"Choose a password" in followed.content
    shown += [followed.content.decode(), client.get("/metrics").content.decode()]
    listed = manage("list_keys", "--workspace", "acme")
    call_command("check")
    audit.record(workspace=acme, by=olga, action="looked", object_type="x", object_id="x")

    logged = log.getvalue()
    haystack = [*shown, listed.out, listed.err, logged, *capsys.readouterr(), *everything_stored()]

    assert len(acme.secrets) == 4
    for secret in {*acme.secrets, *typed, *recovery_codes}:
        for form in forms_of(secret):
            found = [straw for straw in haystack if form in straw or form.lower() in straw]
            assert not found, f"{secret[:12]}… is in {found[0][:200]}"


def test_a_traceback_in_the_log_shows_no_more_of_a_key_than_its_prefix():
    key = "qs_inv_9z6L5rxi7j7w_zBg2B6hDxHlbwCz8Y8SXijMzLnnMckA0oUtvZydI1XWba6"
    try:
        raise ValueError(f"no such path: /join/{key}/")
    except ValueError:
        record = logging.LogRecord(
            "x", logging.ERROR, "x.py", 1, "Failed: %s", (key,), sys.exc_info()
        )

    line = WithoutKeys("%(message)s").format(record)

    assert "qs_inv_9z6L5rxi7j7w…" in line
    assert "Traceback" in line
    assert key not in line
