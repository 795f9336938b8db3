"""Where the link of an invitation leads: to an account of one's own, and into the team.

The link's key is looked at once and then left behind: what goes on is which invitation it
opened, in the session, so that neither the address bar nor a referrer keeps the key.
"""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME, login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from workspaces.accounts.sign_in import BACKEND, admin_page
from workspaces.current import choose, standpoint
from workspaces.models import Invitation, User
from workspaces.team import invitations
from workspaces.team.forms import NewAccountForm

SESSION_KEY = "invitation"


@never_cache
@require_safe
def follow_view(request: HttpRequest, text: str) -> HttpResponse:
    invitation = invitations.find(text)
    if invitation is None:
        return _spent(request)
    request.session[SESSION_KEY] = invitation.pk
    return redirect("join")


@never_cache
@require_http_methods(["GET", "POST"])
def join_view(request: HttpRequest) -> HttpResponse:
    kept = request.session.get(SESSION_KEY)
    invitation = invitations.still_open(kept) if kept else None
    if invitation is None:
        return _spent(request)
    try:
        if isinstance(request.user, User):
            return _as_oneself(request, invitation, request.user)
        return _as_new(request, invitation)
    except invitations.NotOpen:
        return _spent(request)
    except invitations.HasAccount:
        return redirect("join")


def _as_oneself(request: HttpRequest, invitation: Invitation, person: User) -> HttpResponse:
    if request.method != "POST":
        return _page(request, "team/join.html", invitation, person=person)
    invitations.accept(invitation, person)
    return _welcome(request, invitation)


def _as_new(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    """The form for an account, or the way to the one that there is."""
    if invitations.account_of(invitation):
        onwards = urlencode({REDIRECT_FIELD_NAME: reverse("join")})
        path = f"{reverse('admin:login')}?{onwards}"
        return _page(request, "team/join_sign_in.html", invitation, sign_in_path=path)
    form = NewAccountForm(request.POST if request.method == "POST" else None)
    if not form.is_bound or not form.is_valid():
        return _page(request, "team/join_new.html", invitation, form=form)
    person = invitations.accept_as_new(invitation, **form.cleaned_data)
    login(request, person, backend=BACKEND)
    return _welcome(request, invitation)


def _welcome(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    request.session.pop(SESSION_KEY, None)
    standpoint(request)
    choose(request, invitation.workspace)
    messages.success(
        request,
        _("Welcome to the team of %(workspace)s.") % {"workspace": invitation.workspace.name},
    )
    return redirect("admin:index")


def _page(
    request: HttpRequest, template: str, invitation: Invitation, **context: Any
) -> HttpResponse:
    title = _("Join %(workspace)s") % {"workspace": invitation.workspace.name}
    return admin_page(request, template, title, invitation=invitation, **context)


def _spent(request: HttpRequest) -> HttpResponse:
    """The same for every link that opens nothing, whatever the reason."""
    page = admin_page(request, "team/spent.html", _("This link opens nothing any more"))
    page.status_code = 404
    return page
