"""What the overview says of users and segments, with where their numbers are going."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from profiles import known
from segments.evaluation import sizes_of
from segments.models import Segment, SizeStep
from segments.sizes import sizes
from segments.tree import parse
from workspaces.models import Workspace
from workspaces.overview import MOST, Figure, Panel, Part

# What numbers are compared with.
DAYS = 7

_NEW = {
    "version": 1,
    "match": "all",
    "groups": [
        {
            "match": "all",
            "filters": [{"kind": "created_at", "operator": "in_the_last_days", "values": [DAYS]}],
        }
    ],
    "exclusions": [],
}


def users(workspace: Workspace) -> Part:
    """How many there are, and how many of them are new: the builder's own filter counts those."""
    (new,) = sizes_of(workspace.pk, [parse(_NEW)])
    trend = ngettext("%(n)s new in a week", "%(n)s new in a week", new) % {"n": number_format(new)}
    path = reverse("admin:profiles_profile_changelist")
    return Part(figures=[Figure(_("Users"), known.count(workspace.pk), path, "person", trend)])


def read(workspace: Workspace) -> Part:
    """The segments edited last, exactly as of now, beside what they were a week ago."""
    active = Segment.objects.in_workspace(workspace).active()
    path = reverse("admin:segments_segment_changelist")
    now = timezone.now()
    edited = active.filter(updated_at__gte=now - timedelta(days=DAYS)).count()
    trend = ngettext("%(n)s edited in a week", "%(n)s edited in a week", edited) % {"n": edited}
    latest = list(active.order_by("-updated_at")[:MOST])
    counted = sizes(workspace.pk, latest)
    before = _sizes_at(latest, now - timedelta(days=DAYS))
    shown = []
    for segment in latest:
        size, was = counted[segment.pk], before.get(segment.pk)
        change = size - was if size is not None and was is not None else None
        shown.append({"segment": segment, "size": size, "change": change})
    return Part(
        figures=[Figure(_("Segments"), active.count(), path, "filter_alt", trend)],
        panels=[Panel(_("Segments"), "segments/overview/latest.html", shown, path)],
    )


def _sizes_at(segments: Sequence[Segment], moment: datetime) -> dict[UUID, int]:
    """What each one's history says of that moment, where it had begun; one query."""
    steps = SizeStep.objects.filter(segment__in=segments, at__lte=moment)
    latest = steps.order_by("segment", "-at", "-pk").distinct("segment")
    return dict(latest.values_list("segment_id", "size"))
