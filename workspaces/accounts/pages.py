"""One's own account: name and address, password, second factor, recovery codes, sessions."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from workspaces import showing
from workspaces.accounts import codes, details, factors, sessions, waits
from workspaces.accounts.forms import CodeForm, DetailsForm, PasswordForm
from workspaces.accounts.sign_in import admin_page
from workspaces.current import signed_in
from workspaces.models import User

RECOVERY = "recovery_codes"


@require_safe
def account_view(request: HttpRequest) -> HttpResponse:
    person = signed_in(request)
    return admin_page(
        request,
        "accounts/account.html",
        _("Your account"),
        person=person,
        memberships=person.memberships.select_related("workspace").order_by("workspace__name"),
        factor=factors.of(person),
        codes_left=person.recovery_codes.count(),
    )


@require_http_methods(["GET", "POST"])
def details_view(request: HttpRequest) -> HttpResponse:
    """Their own name and email address."""
    person = signed_in(request)
    # Of a copy: a form writes what it takes for valid into its object.
    form = DetailsForm(request.POST or None, instance=User.objects.get(pk=person.pk))
    if form.is_valid():
        try:
            details.change(person, **form.cleaned_data, by=person)
        except details.AddressTaken:
            form.add_error("email", _("Another account has that address: give one of your own."))
        else:
            messages.success(request, _("Your details are saved."))
            return redirect("account")
    return admin_page(request, "accounts/details.html", _("Name and email address"), form=form)


@require_POST
def begin_view(request: HttpRequest) -> HttpResponse:
    """Make a secret; the page it leads to has an app learn it."""
    factors.begin(signed_in(request))
    return redirect("account-second-factor")


@never_cache
@require_http_methods(["GET", "POST"])
def turn_on_view(request: HttpRequest) -> HttpResponse:
    """The secret, as a picture and as text, until a first code of it was typed."""
    person = signed_in(request)
    factor = factors.begun(person)
    if factor is None:
        return redirect("account")
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            made = factors.confirm(person, form.cleaned_data["code"])
        except factors.WrongCode:
            form.add_error("code", _("That is not the code that the app shows now."))
        except factors.TooFast as refusal:
            form.add_error("code", waits.sentence(refusal.until))
        else:
            return _to_show(request, person, made.recovery_codes)
    secret = factors.secret_to_learn(factor)
    picture = codes.picture(codes.address(secret, person.username))
    return admin_page(
        request,
        "accounts/turn_on.html",
        _("Turn on the second factor"),
        form=form,
        secret=codes.as_text(secret),
        picture=mark_safe(picture),  # noqa: S308 - drawn here, of squares
    )


@require_safe
def recovery_view(request: HttpRequest) -> HttpResponse:
    """The new recovery codes, once."""
    text = showing.take(request, RECOVERY)
    shown = admin_page(
        request,
        "accounts/recovery.html",
        _("Recovery codes"),
        codes=text.split() if text else [],
    )
    return showing.close(shown, request, RECOVERY)


@require_http_methods(["GET", "POST"])
def renew_view(request: HttpRequest) -> HttpResponse:
    """New recovery codes in the place of the old ones, for whoever knows the password."""

    def renew(person: User) -> HttpResponse:
        return _to_show(request, person, factors.renew_recovery_codes(person, by=person))

    return _with_password(request, "accounts/renew.html", _("New recovery codes"), renew)


@require_http_methods(["GET", "POST"])
def turn_off_view(request: HttpRequest) -> HttpResponse:
    def turn_off(person: User) -> HttpResponse:
        factors.remove(person, by=person)
        update_session_auth_hash(request, person)
        messages.success(request, _("Signing in asks for your password alone from now on."))
        return redirect("account")

    title = _("Turn off the second factor?")
    return _with_password(request, "accounts/turn_off.html", title, turn_off)


@require_POST
def end_others_view(request: HttpRequest) -> HttpResponse:
    sessions.end_others(request, signed_in(request))
    messages.success(request, _("You are signed in nowhere else any more."))
    return redirect("account")


def _with_password(request: HttpRequest, template: str, title: str, act: Any) -> HttpResponse:
    """A page that does something once the password was typed; only where a factor is on."""
    person = signed_in(request)
    if factors.of(person) is None:
        return redirect("account")
    form = PasswordForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        if person.check_password(form.cleaned_data["password"]):
            answer: HttpResponse = act(person)
            return answer
        form.add_error("password", _("That is not your password."))
    return admin_page(request, template, title, form=form)


def _to_show(request: HttpRequest, person: User, made: list[str]) -> HttpResponse:
    update_session_auth_hash(request, person)
    return showing.redirect_to(reverse("account-recovery-codes"), request, RECOVERY, " ".join(made))
