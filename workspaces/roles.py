"""What each role in a workspace may do, as the names of Django's permissions.

Pages ask `user.has_perm("app.codename")` and know no roles; this is the one place that does.
What stands in no role is for whoever runs the installation, a superuser, who may everything
everywhere: workspaces and accounts as such, partners and the keys that all workspaces share.
"""

from collections.abc import Mapping

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Role(TextChoices):
    ADMINISTRATOR = "administrator", _("Administrator")
    OPERATOR = "operator", _("Operator")
    MARKETER = "marketer", _("Marketer")
    VIEWER = "viewer", _("Viewer")


_VIEWER = frozenset(
    {
        "workspaces.view_workspace",
        "imports.view_job",
        "partners.view_partner",
        "partners.view_integration",
        "profiles.view_profile",
        "cohorts.view_cohort",
        "segments.view_segment",
        "campaigns.view_campaign",
        "campaigns.view_canvas",
    }
)
_MARKETER = _VIEWER | {
    "segments.add_segment",
    "segments.change_segment",
    "segments.export_segment",
    "campaigns.add_campaign",
    "campaigns.change_campaign",
    "campaigns.add_canvas",
    "campaigns.change_canvas",
}
_OPERATOR = _VIEWER | {
    "workspaces.view_restapikey",
    "workspaces.add_restapikey",
    "workspaces.change_restapikey",
    "imports.add_job",
    "imports.change_job",
    "partners.change_integration",
    "partners.view_dataimportkey",
    "partners.add_dataimportkey",
    "partners.change_dataimportkey",
    "profiles.change_profile",
    "profiles.merge_profile",
    "profiles.delete_profile",
    "cohorts.change_cohort",
    "segments.export_segment",
}
_ADMINISTRATOR = (
    _OPERATOR
    | _MARKETER
    | {
        "workspaces.change_workspace",
        "workspaces.view_membership",
        "workspaces.add_membership",
        "workspaces.change_membership",
        "workspaces.delete_membership",
        "workspaces.view_auditentry",
    }
)

PERMISSIONS: Mapping[str, frozenset[str]] = {
    Role.ADMINISTRATOR: _ADMINISTRATOR,
    Role.OPERATOR: _OPERATOR,
    Role.MARKETER: _MARKETER,
    Role.VIEWER: _VIEWER,
}

# What a person reads beside each when they choose one.
DESCRIPTIONS: Mapping[str, object] = {
    Role.ADMINISTRATOR: _("Everything in this workspace, with its team and audit log."),
    Role.OPERATOR: _("Connects partners, issues keys, imports files, merges and deletes users."),
    Role.MARKETER: _(
        "Builds segments from cohorts and launches campaigns. Sees users, and no key."
    ),
    Role.VIEWER: _("Looks at everything but keys, team and audit log."),
}
