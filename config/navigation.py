"""The sidebar: what there is, in the order in which people think of it."""

from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from workspaces.current import current_workspace, standpoint

# Group, then title, icon, URL name and the permission to see it. A page that isn't there
# yet isn't shown.
GROUPS: list[tuple[Any, list[tuple[Any, str, str, str | None]]]] = [
    (None, [(_("Overview"), "dashboard", "admin:index", None)]),
    (
        _("Partner Integrations"),
        [
            (
                _("Technology Partners"),
                "hub",
                "admin:partners_partner_changelist",
                "partners.view_partner",
            ),
            (
                _("Installation log"),
                "rule",
                "admin:partners_loggedcall_changelist",
                "partners.view_loggedcall",
            ),
        ],
    ),
    (
        _("Audience"),
        [
            (
                _("Segments"),
                "filter_alt",
                "admin:segments_segment_changelist",
                "segments.view_segment",
            ),
            (_("Cohorts"), "groups", "admin:cohorts_cohort_changelist", "cohorts.view_cohort"),
            (_("Users"), "person", "admin:profiles_profile_changelist", "profiles.view_profile"),
            (_("Imports"), "upload_file", "admin:imports_job_changelist", "imports.view_job"),
        ],
    ),
    (
        _("Messaging"),
        [
            (
                _("Campaigns"),
                "campaign",
                "admin:campaigns_campaign_changelist",
                "campaigns.view_campaign",
            ),
            (
                _("Canvases"),
                "account_tree",
                "admin:campaigns_canvas_changelist",
                "campaigns.view_canvas",
            ),
        ],
    ),
    (
        _("Settings"),
        [
            (
                _("Workspaces"),
                "domain",
                "admin:workspaces_workspace_changelist",
                "workspaces.view_workspace",
            ),
            (
                _("Team"),
                "badge",
                "admin:workspaces_membership_changelist",
                "workspaces.view_membership",
            ),
            (
                _("REST API keys"),
                "key",
                "admin:workspaces_restapikey_changelist",
                "workspaces.view_restapikey",
            ),
            (
                _("Audit log"),
                "history",
                "admin:workspaces_auditentry_changelist",
                "workspaces.view_auditentry",
            ),
            (
                _("Accounts"),
                "manage_accounts",
                "admin:workspaces_user_changelist",
                "workspaces.view_user",
            ),
        ],
    ),
]


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """What the person may see, as django-unfold wants it. Groups without a page are left out."""
    groups = []
    for title, pages in GROUPS:
        items = [
            {"title": name, "icon": icon, "link": link}
            for name, icon, url_name, permission in pages
            if (link := _link(url_name))
            and (permission is None or request.user.has_perm(permission))
        ]
        if items:
            groups.append({"title": title, "separator": title is not None, "items": items})
    return groups


def workspace_name(request: HttpRequest) -> str:
    """What stands below the product's name: where the person is."""
    if not request.user.is_authenticated:
        return str(_("Audience hub"))
    workspace = current_workspace(request)
    return workspace.name if workspace else str(_("No workspace yet"))


def workspace_switcher(request: HttpRequest) -> list[dict[str, Any]]:
    """A link for each workspace that the person may look at."""
    if not request.user.is_authenticated:
        return []
    return [
        {
            "title": workspace.name,
            "icon": "check" if workspace == current_workspace(request) else "domain",
            "link": reverse("switch-workspace", args=[workspace.slug]),
        }
        for workspace in standpoint(request).workspaces
    ]


def _link(url_name: str) -> str | None:
    try:
        return reverse(url_name)
    except NoReverseMatch:
        return None
