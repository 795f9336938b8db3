from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm

from workspaces.accounts.account_forms import AccountForm, NewAccountForm
from workspaces.accounts.rescue import RescuePage
from workspaces.audit_log.pages import AuditPages
from workspaces.current import current_workspace
from workspaces.key_pages.rest_keys import RestKeyPages
from workspaces.model_admin import AuditedAdmin
from workspaces.models import AuditEntry, Membership, RestApiKey, User, Workspace
from workspaces.team.pages import TeamPages

# Roles are per workspace, not per Django group.
admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(DjangoUserAdmin, AuditedAdmin):  # type: ignore[misc, type-arg]
    """Everybody's accounts. Who leaves is made inactive, so that the audit log keeps names.

    For whoever runs the installation; a workspace's own people are its team.
    """

    form = AccountForm
    add_form = NewAccountForm
    add_form_template = None
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "first_name", "last_name", "email", "shown_access", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser")
    search_help_text = _("Username, name or email address")
    list_select_related = True
    # What makes an operator is for operators to give.
    reserved = ("is_staff", "is_superuser", "groups", "user_permissions")
    fieldsets = (
        (None, {"fields": ("username", "first_name", "last_name", "email")}),
        (_("Access"), {"fields": ("is_active", "is_staff", "is_superuser")}),
        (
            _("Signing in"),
            {"fields": ("shown_password", "shown_signing_in", "last_login", "date_joined")},
        ),
    )
    add_fieldsets = ((None, {"fields": ("username", "password1", "password2")}),)
    readonly_fields = ("shown_password", "shown_signing_in", "last_login", "date_joined")
    filter_horizontal = ()

    @display(
        description=_("access"),
        label={"operator": "success", "team": "info", "none": "warning"},
    )
    def shown_access(self, user: User) -> tuple[str, Any]:
        if not (user.is_active and user.is_staff):
            return "none", _("none")
        return ("operator", _("operator")) if user.is_superuser else ("team", _("team"))

    @display(description=_("password"))
    def shown_password(self, user: User) -> str:
        path = reverse("admin:auth_user_password_change", args=[user.pk])
        return render_to_string("accounts/partials/password.html", {"path": path})

    @display(description=_("help"))
    def shown_signing_in(self, user: User) -> str:
        path = reverse("admin:workspaces_user_signin", args=[user.pk])
        return render_to_string("accounts/partials/signing_in.html", {"path": path})

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        signin = path(
            "<int:object_id>/sign-in/", wrap(self.signin_view), name="workspaces_user_signin"
        )
        return [signin, *super().get_urls()]

    def signin_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        person = get_object_or_404(self.get_queryset(request), pk=object_id)
        if not self.has_change_permission(request, person):
            raise PermissionDenied
        back = reverse("admin:workspaces_user_change", args=[person.pk])
        return RescuePage(request, self.admin_site, self.opts, person, back).answer()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return fields if request.user.is_superuser else (*fields, *self.reserved)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Only an operator may change an operator, whose password would be as good as the role."""
        if isinstance(obj, User) and obj.is_superuser and not request.user.is_superuser:
            return False
        return bool(super().has_change_permission(request, obj))

    @transaction.atomic
    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:
        response: HttpResponse = super().user_change_password(request, id, form_url)
        return response


@admin.register(Membership)
class MembershipAdmin(TeamPages):
    """The team of the workspace (see `workspaces.team.pages`)."""

    list_select_related = ("user",)
    search_fields = ("user__username", "user__email")
    search_help_text = _("Username or email address")


@admin.register(Workspace)
class WorkspaceAdmin(AuditedAdmin):
    list_display = ("name", "slug", "waiting_retention_days", "waiting_cap", "created_at")
    list_select_related = True
    search_fields = ("name", "slug")
    search_help_text = _("Name or slug")
    fields = ("name", "slug", "waiting_retention_days", "waiting_cap", "created_at")
    readonly_fields = ("created_at",)
    noted_values = ("waiting_retention_days", "waiting_cap")

    def wall(self, request: HttpRequest) -> Q:
        """All of them for whoever runs the installation, else the one that is looked at."""
        here = current_workspace(request)
        return Q() if request.user.is_superuser else Q(pk=here.pk if here else None)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A slug stands in commands and bookmarks: it is chosen once."""
        return (*self.readonly_fields, "slug") if obj else self.readonly_fields

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Nothing says when a workspace was made before it is."""
        return self.fields if obj else [name for name in self.fields if name != "created_at"]

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return {} if obj else {"slug": ("name",)}


@admin.register(RestApiKey)
class RestApiKeyAdmin(RestKeyPages):
    """The workspace's keys for the REST API (see `workspaces.key_pages.rest_keys`)."""


@admin.register(AuditEntry)
class AuditEntryAdmin(AuditPages):
    """The workspace's entries; those of the installation for whoever runs it."""

    def wall(self, request: HttpRequest) -> Q:
        here = super().wall(request)
        return here | Q(workspace=None) if request.user.is_superuser else here
