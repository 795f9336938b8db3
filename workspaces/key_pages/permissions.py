"""What each permission of a REST API key lets its holder do, in a sentence, by what it is about."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from workspaces.permissions import PERMISSIONS

GROUPS: tuple[tuple[Any, dict[str, Any]], ...] = (
    (
        _("Users"),
        {
            "users.track": _("Create users, and change what is known about them"),
            "users.alias.new": _("Give users further aliases"),
            "users.alias.update": _("Rename aliases"),
            "users.identify": _("Give anonymous users an external id"),
            "users.merge": _("Merge two users into one"),
            "users.delete": _("Delete users for good"),
            "users.export.ids": _("Read users one by one, with everything known about them"),
            "users.export.segment": _("Export everybody in a segment"),
        },
    ),
    (
        _("Segments"),
        {
            "segments.list": _("List segments"),
            "segments.details": _("Read a segment, and count whom any filters reach"),
            "segments.data_series": _("Read how a segment's size developed"),
            "segments.create": _("Create segments"),
        },
    ),
    (
        _("Cohorts"),
        {
            "cohorts.list": _("List the cohorts that partners keep"),
            "cohorts.details": _("Read a cohort's size, and how far its uploads are applied"),
        },
    ),
    (
        _("Campaigns and Canvases"),
        {
            "campaigns.list": _("List campaigns"),
            "campaigns.details": _("Read a campaign, with its audience"),
            "canvas.list": _("List Canvases"),
            "canvas.details": _("Read a Canvas, with its audience"),
        },
    ),
)

SENTENCES = {name: sentence for _title, group in GROUPS for name, sentence in group.items()}


@dataclass(frozen=True, slots=True)
class Permission:
    """One permission on a page: its name, what it allows, and the calls that it opens."""

    name: str
    sentence: str
    calls: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    permissions: list[Permission]


def groups(chosen: set[str]) -> list[Group]:
    """Every permission there is, with those in `chosen` marked."""
    return [
        Group(
            str(title),
            [
                Permission(name, str(sentence), PERMISSIONS[name], name in chosen)
                for name, sentence in sentences.items()
            ],
        )
        for title, sentences in GROUPS
    ]


def granted(names: list[str]) -> list[Group]:
    """Only what a key has; groups of which it has nothing are left out."""
    kept = [
        Group(group.title, [one for one in group.permissions if one.is_chosen])
        for group in groups(set(names))
    ]
    return [group for group in kept if group.permissions]
