"""A code from one's phone beside the password: turning it on, being asked, losing the phone."""

import threading
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.commands import manage
from tests.factories import make_member, make_workspace
from workspaces.accounts import codes, factors
from workspaces.models import AuditEntry, Membership, RecoveryCode, SecondFactor
from workspaces.roles import Role
from workspaces.tests.phone import Phone
from workspaces.tests.signing_in import PASSWORD, Browser

pytestmark = pytest.mark.django_db

HOME = "/admin/"


@pytest.fixture(autouse=True)
def quick_hashes(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def acme():
    return make_workspace()


@pytest.fixture
def marta(acme):
    return make_member(acme, Role.MARKETER, password=PASSWORD)


def secure(person):
    """Their phone and their recovery codes. The code of the step before now is spent."""
    factors.begin(person)
    phone = Phone(factors.secret_to_learn(factors.begun(person)))
    made = factors.confirm(person, phone.code(-1)).recovery_codes
    return phone, made


@pytest.fixture
def phone(marta):
    return secure(marta)[0]


def settle():
    """As if the wait after wrong codes were over."""
    past = timezone.now() - timedelta(days=1)
    SecondFactor.objects.update(throttling_failure_timestamp=past)


def noted(action, **where):
    return AuditEntry.objects.filter(action=action, **where)


# --- Turning it on ---------------------------------------------------------------------


def test_somebody_turns_it_on_with_a_first_code(marta, acme):
    browser, elsewhere = Browser(), Browser()
    browser.log_in("marta")
    elsewhere.log_in("marta")
    browser.client.post(reverse("account-second-factor-begin"))
    shown = browser.client.get(reverse("account-second-factor")).content.decode()
    secret = factors.secret_to_learn(factors.begun(marta))
    assert codes.as_text(secret) in shown
    assert "<svg" in shown

    answer = browser.client.post(reverse("account-second-factor"), {"code": Phone(secret).code()})

    once = browser.client.get(answer["Location"])
    assert "no-store" in once["Cache-Control"]
    recovery = once.context["codes"]
    assert len(set(recovery)) == 10
    again = browser.client.get(answer["Location"]).content.decode()
    assert "have been shown" in again
    assert not any(code in again for code in recovery)
    assert browser.is_in
    assert not elsewhere.is_in
    assert browser.client.get(reverse("account-second-factor")).status_code == 302
    assert noted("second_factor.turned_on", workspace=acme).get().actor == "marta"


def test_a_wrong_first_code_turns_nothing_on(marta):
    browser = Browser()
    browser.log_in("marta")
    browser.client.post(reverse("account-second-factor-begin"))
    phone = Phone(factors.secret_to_learn(factors.begun(marta)))

    answer = browser.client.post(reverse("account-second-factor"), {"code": phone.wrong_code()})

    assert b"not the code that the app shows now" in answer.content
    assert factors.of(marta) is None
    assert Browser().log_in("marta")["Location"] == HOME


def test_beginning_again_leaves_one_that_is_in_use_alone(marta, phone):
    factors.begin(marta)

    factors.check(marta, phone.code())


# --- Signing in ------------------------------------------------------------------------


def test_the_password_alone_lets_nobody_in(marta, phone):
    browser = Browser()

    answer = browser.log_in("marta")

    assert answer["Location"] == reverse("sign-in-code")
    assert not browser.is_in
    assert browser.client.get(HOME).status_code == 302


def test_the_code_of_now_lets_them_in_and_on_to_where_they_wanted(marta, phone):
    browser = Browser()
    wanted = reverse("admin:cohorts_cohort_changelist")
    browser.log_in("marta", onwards=wanted)

    answer = browser.type_code(f" {phone.code()[:3]} {phone.code()[3:]}")

    assert answer["Location"] == wanted
    assert browser.is_in


def test_a_code_is_taken_once(marta, phone):
    first, second = Browser(), Browser()
    code = phone.code()
    first.log_in("marta")
    first.type_code(code)
    second.log_in("marta")

    answer = second.type_code(code)

    assert b"not the code of now" in answer.content
    assert not second.is_in


def test_a_recovery_code_lets_in_once_however_it_is_typed(marta, acme):
    _phone, (code, *_others) = secure(marta)
    first, second = Browser(), Browser()
    first.log_in("marta")
    assert first.type_code(code.upper().replace("-", " ")).status_code == 302
    second.log_in("marta")

    assert second.type_code(code).status_code == 200
    assert not second.is_in
    assert noted("recovery_code.used", workspace=acme).get().details["left"] == 9


def test_the_code_page_is_for_those_whose_password_was_right(marta, phone):
    answer = Browser().type_code(phone.code())

    assert answer["Location"].startswith(reverse("admin:login"))


def test_the_second_step_takes_five_minutes_at_most(marta, phone):
    browser = Browser()
    browser.log_in("marta")
    session = browser.client.session
    session["password_was_right"]["at"] -= 301
    session.save()

    answer = browser.type_code(phone.code())

    assert answer["Location"].startswith(reverse("admin:login"))


def test_a_new_password_takes_back_a_first_step(marta, phone):
    browser = Browser()
    browser.log_in("marta")
    marta.set_password("harbours and piers")
    marta.save()

    assert browser.type_code(phone.code())["Location"].startswith(reverse("admin:login"))


# --- Guessing --------------------------------------------------------------------------


def test_wrong_codes_make_the_next_wait_longer_and_longer(marta, phone):
    browser = Browser()
    browser.log_in("marta")
    browser.type_code(phone.wrong_code())

    answer = browser.type_code(phone.code())

    assert b"try again in 1 second" in answer.content
    settle()
    assert browser.type_code(phone.code()).status_code == 302


def test_five_wrong_codes_lock_somebody_out_like_wrong_passwords(marta, acme, phone):
    browser = Browser()
    browser.log_in("marta")
    for _number in range(5):
        answer = browser.type_code(phone.wrong_code())
        settle()

    assert answer.status_code == 429
    assert browser.type_code(phone.code()).status_code == 429
    assert noted("user.locked_out", workspace=acme).count() == 1


@pytest.mark.django_db(transaction=True)
def test_guesses_at_once_gain_nothing(marta, phone):
    """Ten at once: one is looked at, the others come before the wait is over."""
    wrong, seen = phone.wrong_code(), []

    def guess():
        try:
            factors.check(marta, wrong)
        except (factors.WrongCode, factors.TooFast) as refusal:
            seen.append(type(refusal))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=guess) for _number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(seen) == 10
    assert seen.count(factors.WrongCode) == 1


# --- Losing the phone ------------------------------------------------------------------


def signed_in(person):
    client = Client()
    client.force_login(person)
    return client


def signin_page(person, workspace):
    place = Membership.objects.get(user=person, workspace=workspace)
    return reverse("admin:workspaces_membership_signin", args=[place.pk])


def test_an_administrator_resets_it_for_somebody_else(marta, acme, phone):
    session = signed_in(marta)
    ada = signed_in(make_member(acme, Role.ADMINISTRATOR))
    page = signin_page(marta, acme)
    assert b"lost phone and recovery codes" in ada.get(page).content

    ada.post(page, {"deed": "reset"})

    assert Browser().log_in("marta")["Location"] == HOME
    assert session.get(reverse("account")).status_code == 302
    assert not RecoveryCode.objects.exists()
    assert noted("second_factor.reset", workspace=acme).get().actor == "ada"


def test_an_administrator_weakens_no_workspace_but_their_own(marta, acme, phone):
    globex = make_workspace("globex")
    Membership.objects.create(user=marta, workspace=globex, role=Role.ADMINISTRATOR)
    ada = signed_in(make_member(acme, Role.ADMINISTRATOR))
    page = signin_page(marta, acme)
    assert b"Reset the second factor" not in ada.get(page).content

    assert ada.post(page, {"deed": "reset"}).status_code == 403

    assert factors.of(marta)


def test_a_command_resets_it_for_whoever_runs_the_installation(marta, phone):
    manage("reset_second_factor", "marta")

    assert factors.of(marta) is None
    assert noted("second_factor.reset").exists()


def test_turning_it_off_takes_the_password(marta, acme, phone):
    browser = Browser()
    browser.log_in("marta")
    browser.type_code(phone.code())
    off = reverse("account-second-factor-off")

    assert b"not your password" in browser.client.post(off, {"password": "wrong"}).content
    assert factors.of(marta)
    browser.client.post(off, {"password": PASSWORD})

    assert factors.of(marta) is None
    assert browser.is_in
    assert noted("second_factor.turned_off", workspace=acme).get().actor == "marta"


def test_new_recovery_codes_take_the_place_of_the_old(marta):
    _phone, (old, *_others) = secure(marta)
    client = signed_in(marta)

    answer = client.post(reverse("account-recovery-codes-new"), {"password": PASSWORD})

    new = client.get(answer["Location"]).context["codes"]
    with pytest.raises(factors.WrongCode):
        factors.check(marta, old)
    settle()
    factors.check(marta, new[0])


def test_a_secret_is_stored_sealed_and_a_recovery_code_digested(marta):
    factors.begin(marta)
    secret = factors.secret_to_learn(factors.begun(marta))
    made = factors.confirm(marta, Phone(secret).code()).recovery_codes

    stored = bytes(SecondFactor.objects.get().sealed_secret)
    assert secret not in stored
    assert codes.as_text(secret).replace(" ", "").encode() not in stored
    kept = [bytes(row.digest) for row in RecoveryCode.objects.all()]
    assert len(kept) == 10
    assert not any(code.encode() in digest for code in made for digest in kept)
    assert not any(made[0] in str(row.get_decoded()) for row in Session.objects.all())
