"""Deleting a user: what it touches, and the button."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from profiles import deletion
from profiles.pages.portrait import Portrait
from profiles.pages.user import UserPage
from workspaces.models import User


class DeletePage(UserPage):
    """In the place of Django's confirmation, which knows nothing of cohorts and ids."""

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        profile = self.found(request, object_id)
        if not self.has_delete_permission(request, profile):
            raise PermissionDenied
        if request.method != "POST":
            return self.user_page(
                request, "profiles/delete.html", Portrait(profile), _("Delete this user?")
            )
        assert isinstance(request.user, User)
        deletion.delete(profile.workspace, profile_ids=[profile.pk], by=request.user)
        words = _("%(user)s is deleted, and their ids are free again.") % {"user": profile}
        messages.success(request, words)
        return redirect("admin:profiles_profile_changelist")
