"""Signing in: the password, and for those who turned it on a code from their phone.

Between the two steps nobody is signed in. The session knows whose password was right, for
five minutes, and for as long as that password and their sessions stand.
"""

import time
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.auth import REDIRECT_FIELD_NAME, login
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from workspaces.accounts import factors, lockouts, waits
from workspaces.accounts.forms import CodeForm
from workspaces.models import User

SESSION_KEY = "password_was_right"
SECONDS = 300
BACKEND = "workspaces.backends.RoleBackend"


class PasswordView(LoginView):
    """Django's, but that whoever has a second factor goes on to the page that asks for it."""

    def form_valid(self, form: Any) -> HttpResponse:
        person: User = form.get_user()
        if factors.of(person) is None:
            return super().form_valid(form)
        return ask_for_code(self.request, person, onwards=self.get_success_url())


def ask_for_code(request: HttpRequest, person: User, *, onwards: str) -> HttpResponse:
    """Go on to the second step, and from there to `onwards`."""
    request.session.cycle_key()
    request.session[SESSION_KEY] = {
        "person": person.pk,
        "session": person.get_session_auth_hash(),
        "at": time.time(),
        "onwards": onwards,
    }
    return redirect("sign-in-code")


@never_cache
@require_http_methods(["GET", "POST"])
def code_view(request: HttpRequest) -> HttpResponse:
    """The second step. Whoever comes here without the first is sent there."""
    person, onwards = _expected(request)
    if person is None:
        return redirect(f"{reverse('admin:login')}?{urlencode({REDIRECT_FIELD_NAME: onwards})}")
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid() and lockouts.may_try(request, person):
        try:
            factors.check(person, form.cleaned_data["code"])
        except factors.WrongCode:
            lockouts.count_failure(request, person)
            form.add_error("code", _("That is not the code of now. Wait for the next one."))
        except factors.TooFast as refusal:
            form.add_error("code", waits.sentence(refusal.until))
        else:
            request.session.pop(SESSION_KEY, None)
            login(request, person, backend=BACKEND)
            return redirect(onwards)
    return admin_page(request, "accounts/code.html", _("Enter your code"), form=form)


def admin_page(request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
    """A page that looks as the dashboard does, for somebody who isn't in it."""
    shown = {**admin.site.each_context(request), "title": title, **context}
    return TemplateResponse(request, template, shown)


def _expected(request: HttpRequest) -> tuple[User | None, str]:
    """Whose password was right just now, and where they wanted to go."""
    kept = request.session.get(SESSION_KEY)
    home = reverse("admin:index")
    if not kept:
        return None, home
    onwards: str = kept["onwards"]
    person = User.objects.filter(pk=kept["person"], is_active=True).first()
    if person is None or factors.of(person) is None:
        return None, onwards
    is_fresh = 0 <= time.time() - kept["at"] <= SECONDS
    is_same = constant_time_compare(kept["session"], person.get_session_auth_hash())
    return (person if is_fresh and is_same else None), onwards
