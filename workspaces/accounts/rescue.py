"""Help for somebody who can't sign in: unlock their account, reset their second factor."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from workspaces.accounts import factors, lockouts
from workspaces.current import current_workspace, signed_in
from workspaces.models import User

UNLOCK, RESET = "unlock", "reset"


@dataclass(frozen=True)
class RescuePage:
    """The page of one person, which knows the way `back` to where they are listed."""

    request: HttpRequest
    site: AdminSite
    opts: Any
    person: User
    back: str

    def answer(self) -> HttpResponse:
        if self.request.method != "POST":
            return self._page()
        by, deed = signed_in(self.request), self.request.POST.get("deed")
        if deed == UNLOCK:
            lockouts.unlock(self.person, by=by)
            messages.success(self.request, _("They can try to sign in again at once."))
        elif deed == RESET and self._may_reset():
            factors.remove(self.person, by=by)
            messages.success(
                self.request,
                _("Signing in asks them for the password alone, until they turn it on again."),
            )
        else:
            raise PermissionDenied
        return redirect(self.request.path)

    def _may_reset(self) -> bool:
        """Only where nobody else's workspace gets weaker by it."""
        by = signed_in(self.request)
        if by.is_superuser:
            return True
        here = current_workspace(self.request)
        elsewhere = self.person.memberships.exclude(workspace=here)
        return not self.person.is_superuser and not elsewhere.exists()

    def _page(self) -> HttpResponse:
        until = lockouts.locked_until([self.person]).get(self.person.username)
        context = {
            **self.site.each_context(self.request),
            "title": _("Signing in"),
            "opts": self.opts,
            "person": self.person,
            "factor": factors.of(self.person),
            "locked_until": until,
            "may_reset": self._may_reset(),
            "back": self.back,
        }
        return TemplateResponse(self.request, "accounts/rescue.html", context)
