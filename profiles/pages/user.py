"""A user's page: who they are, what is known about them and what they are in."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse

from profiles.models import Profile
from profiles.pages.portrait import Portrait
from workspaces.model_admin import ReadOnlyAdmin

# Rows of each section that are shown at once.
PER_PAGE = 25

SECTIONS = ("aliases", "devices", "custom", "events", "purchases", "cohorts", "segments")


class UserPage(ReadOnlyAdmin):
    """Puts a page to look at in the place of Django's form, and is the ground of the others."""

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        portrait = Portrait(self.found(request, object_id))
        if request.method != "GET":
            raise PermissionDenied
        sections = {
            name: Paginator(getattr(portrait, name), PER_PAGE).get_page(request.GET.get(name))
            for name in SECTIONS
        }
        return self.user_page(request, "profiles/user.html", portrait, sections=sections)

    def found(self, request: HttpRequest, object_id: str) -> Profile:
        """The user of the current workspace, for someone who may see users."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        profile: Profile | None = self.get_object(request, object_id)
        if profile is None:
            raise Http404
        return profile

    def user_page(
        self,
        request: HttpRequest,
        template: str,
        portrait: Portrait,
        title: str = "",
        **context: Any,
    ) -> HttpResponse:
        """In the frame of all pages about a user. `title` says what is done here, if anything."""
        profile = portrait.profile
        return self.page(
            request,
            template,
            title or str(profile),
            original=profile,
            portrait=portrait,
            may_merge=self.has_merge_permission(request),
            may_delete=self.has_delete_permission(request, profile),
            **context,
        )

    def has_merge_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("profiles.merge_profile"))

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return bool(request.user.has_perm("profiles.delete_profile"))
