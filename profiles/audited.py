"""What the audit log calls users."""

from collections.abc import Collection

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from profiles.models import Profile
from workspaces.audit_log.names import Named, numbers

GONE = Named(_("a user who is gone"))


def users(workspace_id: int, ids: Collection[str]) -> dict[str, Named]:
    """Entries name a user by number; an account of the dashboard has its name already."""
    keys = numbers(ids)
    found = Profile.objects.filter(workspace_id=workspace_id).in_bulk(list(keys))
    return {
        each: Named(str(found[number]), reverse("admin:profiles_profile_change", args=[number]))
        if number in found
        else GONE
        for number, each in keys.items()
    }


def waiting_ids(workspace_id: int, ids: Collection[str]) -> dict[str, Named]:
    return {each: Named(_("an id that waited")) for each in ids}
