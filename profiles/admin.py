from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.views import ChangeList

from common.ages import when
from profiles.models import Profile
from profiles.pages.delete import DeletePage
from profiles.pages.listing import UserList
from profiles.pages.merge import MergePage
from workspaces.current import current_workspace


@admin.register(Profile)
class ProfileAdmin(MergePage, DeletePage):
    """The workspace's users: their list and search, and a page for each (see `profiles.pages`)."""

    change_list_template = "profiles/list.html"
    list_display = ("name", "email", "country", "state", "updated")
    list_select_related = ("workspace",)
    list_per_page = 50
    show_full_result_count = False
    sortable_by = ()
    search_fields = ("external_id",)
    search_help_text = _("Id, label:name, email or phone")
    # As the index that serves the list is built.
    ordering = ("-updated_at", "-pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Profile]:
        found: QuerySet[Profile] = super().get_queryset(request)
        return found.filter(workspace=current_workspace(request))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return UserList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Profile], search_term: str
    ) -> tuple[QuerySet[Profile], bool]:
        """`UserList` searches: ids that wait are among what it finds."""
        return queryset, False

    @display(description=_("user"))
    def name(self, profile: Any) -> str:
        return render_to_string("profiles/partials/name.html", {"profile": profile})

    @display(description=_("email"))
    def email(self, profile: Profile) -> str:
        return str(profile.attributes.get("email") or "-")

    @display(description=_("country"))
    def country(self, profile: Profile) -> str:
        return str(profile.attributes.get("country") or "-")

    @display(description=_("state"), label={"identified": "success", "anonymous": "info"})
    def state(self, profile: Profile) -> tuple[str, Any]:
        if profile.is_identified:
            return "identified", _("identified")
        return "anonymous", _("anonymous")

    @display(description=_("updated"))
    def updated(self, profile: Profile) -> str:
        return when(profile.updated_at)
