"""Merging a user into another: find the other one, see what it comes to, confirm."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext as _

from profiles import merging, search
from profiles.models import Profile
from profiles.pages.portrait import Portrait, handles
from profiles.pages.preview import Preview
from profiles.pages.user import UserPage
from workspaces.models import User


class MergePage(UserPage):
    """`other` is what somebody types to find the survivor, `into` the survivor's number."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.merge_view)
        ours = path("<path:object_id>/merge/", view, name="profiles_profile_merge")
        return [ours, *super().get_urls()]

    def merge_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        profile = self.found(request, object_id)
        if not self.has_merge_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            return self._merge(request, profile, self.found(request, request.POST.get("into", "")))
        asked = self._asked(request, profile)
        return self.user_page(
            request,
            "profiles/merge.html",
            Portrait(profile),
            _("Merge into another user"),
            **asked,
        )

    def _asked(self, request: HttpRequest, profile: Profile) -> dict[str, Any]:
        """Whom the address names, or who was found."""
        text = request.GET.get("other", "")
        if into := request.GET.get("into"):
            return {"other": text, "preview": _preview(profile, self.found(request, into))}
        if not text.strip():
            return {"other": ""}
        found = search.find(profile.workspace_id, text).profiles
        others = [other for other in found if other != profile]
        if len(others) == 1:
            return {"other": text, "preview": _preview(profile, others[0])}
        named = handles(profile.workspace_id, others)
        candidates = [(other, named.get(other.pk, "")) for other in others]
        return {"other": text, "candidates": candidates, "is_same": bool(found and not others)}

    def _merge(self, request: HttpRequest, profile: Profile, survivor: Profile) -> HttpResponse:
        assert isinstance(request.user, User)
        try:
            merging.merge_profiles(profile.workspace, profile.pk, survivor.pk, by=request.user)
        except merging.CannotMerge as error:
            messages.error(request, str(error))
            return redirect("admin:profiles_profile_merge", profile.pk)
        messages.success(request, _("The two users are one now: this one."))
        return redirect("admin:profiles_profile_change", survivor.pk)


def _preview(source: Profile, survivor: Profile) -> Preview:
    return Preview(Portrait(source), Portrait(survivor))
