"""Getting in with a password: how often one may guess, and how long a session lasts."""

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.conf import settings as configured
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.commands import manage
from tests.factories import make_member, make_operator, make_workspace
from workspaces.models import AuditEntry, Membership, User
from workspaces.roles import Role
from workspaces.tasks import forget_sessions
from workspaces.tests.signing_in import PASSWORD, Browser, fail

pytestmark = pytest.mark.django_db

ELSEWHERE = "198.51.100.7"


@pytest.fixture(autouse=True)
def quick_hashes(settings):
    """These tests type many passwords, and a real hash takes half a second."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def acme():
    return make_workspace()


@pytest.fixture
def marta(acme):
    return make_member(acme, Role.MARKETER, password=PASSWORD)


def age_failures(by):
    """As if they had happened earlier."""
    AccessAttempt.objects.update(attempt_time=timezone.now() - by)


def entries(action):
    return AuditEntry.objects.filter(action=action)


# --- Guessing --------------------------------------------------------------------------


def test_five_wrong_passwords_lock_somebody_out_and_say_until_when(marta):
    browser = Browser()
    assert fail(browser, "marta", 4).status_code == 200

    answer = browser.log_in("marta", "wrong again")

    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 15 * 60
    assert b"locked until <strong>" in answer.content
    assert browser.log_in("marta").status_code == 429
    assert not browser.is_in


def test_another_address_is_not_locked_by_five_failures_here(marta):
    fail(Browser(), "marta", 6)

    elsewhere = Browser(ELSEWHERE)
    assert elsewhere.log_in("marta").status_code == 302
    assert elsewhere.is_in


def test_fifty_failures_from_anywhere_lock_the_account(marta):
    for number in range(10):
        assert fail(Browser(f"203.0.113.{number}"), "marta", 5).status_code == 429

    assert Browser(ELSEWHERE).log_in("marta").status_code == 429


def test_fifty_failures_of_an_address_lock_it_for_every_account(acme, marta):
    browser = Browser()
    for number in range(13):
        fail(browser, f"guess-{number}", 4)

    assert browser.log_in("marta").status_code == 429
    assert Browser(ELSEWHERE).log_in("marta").status_code == 302


def test_the_address_is_what_a_trusted_proxy_says_and_nobody_else(marta, settings):
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    fail(Browser("10.0.0.1", X_FORWARDED_FOR="192.0.2.1"), "marta", 5)

    other_client = Browser("10.0.0.1", X_FORWARDED_FOR=ELSEWHERE)
    pretender = Browser("192.0.2.1", X_FORWARDED_FOR=ELSEWHERE)

    assert pretender.log_in("marta").status_code == 429
    assert other_client.log_in("marta").status_code == 302


def test_a_lock_out_ends_by_itself_and_trying_does_not_prolong_it(marta):
    browser = Browser()
    fail(browser, "marta", 5)
    age_failures(timedelta(minutes=14))
    assert browser.log_in("marta").status_code == 429

    age_failures(timedelta(minutes=15, seconds=1))

    assert browser.log_in("marta").status_code == 302


def test_signing_in_forgets_one_s_own_failures_and_nobody_else_s(acme, marta):
    vera = make_member(acme, Role.VIEWER, password=PASSWORD)
    fail(Browser(), "marta", 4)
    fail(Browser(), vera.username, 4)

    assert Browser().log_in("marta").status_code == 302

    assert fail(Browser(), "marta", 1).status_code == 200
    assert fail(Browser(), vera.username, 1).status_code == 429


def test_an_unknown_name_is_answered_as_a_known_one_and_not_kept(marta):
    known, unknown = fail(Browser(), "marta", 5), fail(Browser(ELSEWHERE), "hunter2", 5)

    assert known.status_code == unknown.status_code == 429
    assert "hunter2" not in str(list(AccessAttempt.objects.values()))
    assert "hunter2" not in str(list(AuditEntry.objects.values()))


def test_a_lock_out_is_noted_once_in_the_workspace_and_for_the_installation(acme, marta):
    fail(Browser(), "marta", 8)

    noted = entries("user.locked_out")
    assert {entry.workspace for entry in noted} == {acme, None}
    assert noted.count() == 2
    assert {entry.object_id for entry in noted} == {"marta"}


def test_an_administrator_unlocks_somebody_of_the_team(acme, marta):
    browser = Browser()
    fail(browser, "marta", 5)
    ada = Client()
    ada.force_login(make_member(acme, Role.ADMINISTRATOR))
    page = reverse(
        "admin:workspaces_membership_signin", args=[Membership.objects.get(user=marta).pk]
    )
    assert b"is locked out" in ada.get(page).content
    team = reverse("admin:workspaces_membership_changelist")
    assert b"locked out" in ada.get(team).content

    ada.post(page, {"deed": "unlock"})

    assert b"locked out" not in ada.get(team).content
    assert browser.log_in("marta").status_code == 302
    assert entries("user.unlocked").get(workspace=acme).actor == "ada"


def test_a_command_unlocks_whoever_runs_the_installation(db):
    make_operator(password=PASSWORD)
    browser = Browser()
    fail(browser, "olga", 5)

    manage("unlock_account", "olga")

    assert browser.log_in("olga").status_code == 302
    assert entries("user.unlocked").get().object_id == "olga"


# --- Sessions --------------------------------------------------------------------------


def test_signing_in_changes_the_session_s_name(marta):
    browser = Browser()
    browser.client.get(reverse("admin:login"))
    session = browser.client.session
    session["planted"] = True
    session.save()
    browser.client.cookies["sessionid"] = session.session_key

    browser.log_in("marta")

    assert browser.is_in
    assert browser.client.cookies["sessionid"].value != session.session_key


def test_the_session_s_cookie_is_out_of_reach_for_scripts_and_other_sites(marta):
    cookie = Browser().log_in("marta").cookies["sessionid"]

    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] == 12 * 3600


def test_a_new_password_ends_every_other_session(marta):
    here, elsewhere = Browser(), Browser(ELSEWHERE)
    here.log_in("marta")
    elsewhere.log_in("marta")

    new = "harbours and piers"
    answer = here.client.post(
        reverse("admin:password_change"),
        {"old_password": PASSWORD, "new_password1": new, "new_password2": new},
    )

    assert answer.status_code == 302
    assert here.is_in
    assert not elsewhere.is_in
    noted = entries("user.password_changed").first()
    assert (noted.actor, noted.object_id) == ("marta", "marta")


def test_somebody_signs_out_everywhere_else(marta):
    here, elsewhere = Browser(), Browser(ELSEWHERE)
    here.log_in("marta")
    elsewhere.log_in("marta")

    here.client.post(reverse("account-sessions-end"))

    assert here.is_in
    assert not elsewhere.is_in


def test_sessions_that_have_ended_are_forgotten(marta):
    for _number in range(2):
        Browser().log_in("marta")
    ended, open_still = Session.objects.all()
    ended.expire_date = timezone.now() - timedelta(seconds=1)
    ended.save()

    forget_sessions()

    assert Session.objects.get() == open_still


def test_a_next_page_of_another_site_is_not_gone_to(marta):
    answer = Browser().log_in("marta", onwards="https://evil.example/")

    assert answer["Location"] == reverse("admin:index")


def test_production_s_cookies_travel_over_tls_alone():
    environment = {
        "QUAYSIDE_ENV": "production",
        "SECRET_KEY": "x" * 60,
        "PEPPERS": "1:" + "0123456789abcdef" * 4,
        "DATABASE_URL": "postgres://localhost/x",
        "REDIS_URL": "redis://localhost",
        "ALLOWED_HOSTS": "quayside.example.com",
        "QUAYSIDE_HOME": os.environ["QUAYSIDE_HOME"],
    }
    names = ["SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT"]
    script = f"from config import settings; print([getattr(settings, n) for n in {names}])"

    said = subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        cwd=configured.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )

    assert said.stdout.strip() == "[True, True, True]"


def test_a_closed_account_cannot_sign_in(marta):
    User.objects.filter(pk=marta.pk).update(is_active=False)

    assert Browser().log_in("marta").status_code == 200
