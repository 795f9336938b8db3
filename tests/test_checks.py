"""`manage.py check`: a half-configured system fails with a hint, a whole one is clean."""

import os
import subprocess
import sys

import pytest
from django.conf import settings as configured
from django.core.exceptions import ImproperlyConfigured

from config import checks
from config.environment import demand, read_peppers
from tests.factories import make_nobody, make_rest_key, make_workspace
from workspaces.accounts import factors
from workspaces.keys import invalidate
from workspaces.models import RestApiKey

GOOD = bytes(range(32))

PRODUCTION = {
    "QUAYSIDE_ENV": "production",
    "SECRET_KEY": "".join(chr(33 + number) for number in range(60)),
    "PEPPERS": f"1:{GOOD.hex()}",
    "DATABASE_URL": "postgres://quayside@127.0.0.1:1/quayside",
    "REDIS_URL": "rediss://redis.example/0",
    "ALLOWED_HOSTS": "quayside.example",
    "METRICS_TOKEN": "a token",
    "QUAYSIDE_URL": "https://quayside.example",
}


def ids(found):
    return [message.id for message in found]


def manage_py(*arguments, **environment):
    """Run `manage.py` with that environment and nothing else of Quayside's."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=configured.BASE_DIR,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_complete_production_is_clean(tmp_path):
    outcome = manage_py(
        *("check", "--deploy", "--fail-level", "WARNING"),
        **PRODUCTION,
        QUAYSIDE_HOME=str(tmp_path / "home"),
    )

    assert outcome.returncode == 0, outcome.stderr
    assert not (tmp_path / "home").exists(), "production makes no local secrets"


@pytest.mark.parametrize(
    "name", ["SECRET_KEY", "PEPPERS", "DATABASE_URL", "REDIS_URL", "ALLOWED_HOSTS"]
)
def test_production_without_one_of_its_variables_says_which(name):
    outcome = manage_py("check", **{key: PRODUCTION[key] for key in PRODUCTION if key != name})

    assert outcome.returncode != 0
    assert f"Set {name}: QUAYSIDE_ENV=production needs it." in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_production_without_anything_names_all_that_it_needs():
    outcome = manage_py("check", QUAYSIDE_ENV="production")

    assert outcome.returncode != 0
    assert "Set SECRET_KEY, PEPPERS, DATABASE_URL, REDIS_URL, ALLOWED_HOSTS" in outcome.stderr


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"QUAYSIDE_ENV": "prod"}, "quayside.E001"),
        ({"DEBUG": "1"}, "quayside.E002"),
        ({"ALLOWED_HOSTS": "*"}, "quayside.E003"),
        ({"PEPPERS": "1:abcd"}, "quayside.E005"),
        ({"PEPPERS": f"1:{'00' * 32}"}, "quayside.E005"),
        ({"REDIS_URL": "amqp://rabbit.example"}, "quayside.E009"),
        ({"TRUSTED_PROXIES": "10.0.0.0/8,proxy"}, "quayside.E010"),
        ({"PARTNER_REQUESTS_PER_HOUR": "0"}, "quayside.E011"),
        ({"SENDING_TASKS": "0"}, "quayside.E011"),
        ({"WORKER_PROCESSES": "0"}, "quayside.E011"),
        ({"QUAYSIDE_URL": ""}, "quayside.E013"),
        ({"QUAYSIDE_URL": "http://quayside.example"}, "quayside.E013"),
        ({"QUAYSIDE_URL": "quayside.example"}, "quayside.E013"),
    ],
)
def test_a_wrong_setting_fails_the_check_with_a_hint(tmp_path, changes, message):
    outcome = manage_py(
        "check", **{**PRODUCTION, **changes, "QUAYSIDE_HOME": str(tmp_path / "home")}
    )

    assert outcome.returncode != 0
    assert message in outcome.stderr
    assert "HINT: " in outcome.stderr


@pytest.mark.parametrize(
    ("sending", "processes", "found"),
    [(1, 2, []), (3, 4, []), (1, 1, ["quayside.W003"]), (4, 4, ["quayside.W003"])],
)
def test_campaigns_that_would_take_every_process_from_uploads_are_warned_of(
    settings, sending, processes, found
):
    settings.SENDING_TASKS, settings.WORKER_PROCESSES = sending, processes

    assert ids(checks.check_room_for_uploads(None)) == found


def test_metrics_open_to_all_is_a_warning_of_a_deployment(settings):
    settings.METRICS_TOKEN = ""
    assert ids(checks.check_metrics_are_closed(None)) == ["quayside.W001"]

    settings.METRICS_TOKEN = "a token"
    assert ids(checks.check_metrics_are_closed(None)) == []


@pytest.mark.django_db
def test_a_live_key_whose_pepper_is_gone_is_an_error(settings):
    make_rest_key(make_workspace())
    assert ids(checks.check_live_keys(None)) == []

    settings.PEPPERS = {9: GOOD}
    (error,) = checks.check_live_keys(None)
    assert error.id == "quayside.E006"
    assert "pepper 1" in error.msg
    assert "Put it back" in error.hint

    invalidate(RestApiKey.objects.get(), by="a test")
    assert ids(checks.check_live_keys(None)) == []


@pytest.mark.django_db
def test_a_second_factor_whose_pepper_is_gone_is_an_error(settings):
    factors.begin(make_nobody())
    assert ids(checks.check_second_factors(None)) == []

    settings.PEPPERS = {9: GOOD}

    (error,) = checks.check_second_factors(None)
    assert error.id == "quayside.E012"
    assert "reset_second_factor" in error.hint


def test_mail_from_nobody_is_a_warning(settings):
    assert ids(checks.check_mail(None)) == []

    settings.EMAIL_URL = "smtp://mail.example.com"

    assert ids(checks.check_mail(None)) == ["quayside.W002"]


@pytest.mark.django_db
def test_the_database_is_new_enough():
    assert ids(checks.check_postgresql(None, databases=["default"])) == []


def test_peppers_are_read_by_number():
    assert read_peppers(f" 1:{GOOD.hex()}, 12:ab,") == {1: GOOD, 12: b"\xab"}
    assert read_peppers("") == {}


@pytest.mark.parametrize(
    "text", ["ab", "1:", "1:xy", "0:ab", "-1:ab", "one:ab", "1:ab,1:cd", "32768:ab", "1:abc"]
)
def test_peppers_that_cannot_be_read_are_not_shown(text):
    with pytest.raises(ImproperlyConfigured) as error:
        read_peppers(text)

    assert "PEPPERS must read" in str(error.value)
    assert "xy" not in str(error.value)


def test_what_is_empty_is_missing():
    demand({"ONE": "1"}, ["ONE"])
    with pytest.raises(ImproperlyConfigured, match="^Set TWO, THREE: .* needs them"):
        demand({"ONE": "1", "TWO": ""}, ["ONE", "TWO", "THREE"])
