"""Every page of the dashboard, found by its path and not by a list that could be forgotten."""

from dataclasses import dataclass
from functools import cached_property

from django.contrib.admin import ModelAdmin
from django.urls import get_resolver, reverse
from django.urls.resolvers import URLResolver

from tests.furnishing import example
from workspaces.models import Invitation


def _invitation(workspace):
    return example(Invitation, workspace).pk


# Arguments of an address that aren't the primary key of the page's own model.
ARGUMENTS = {
    ("admin:app_list", "app_label"): lambda workspace: "workspaces",
    ("switch-workspace", "slug"): lambda workspace: workspace.slug,
    ("admin:workspaces_membership_invited", "invitation_id"): _invitation,
    ("admin:workspaces_membership_revoke", "invitation_id"): _invitation,
    ("admin:campaigns_campaign_step", "position"): lambda workspace: 0,
    ("admin:campaigns_canvas_step", "position"): lambda workspace: 0,
    ("admin:segments_segment_version", "number"): lambda workspace: 1,
    ("admin:segments_segment_version_restore", "number"): lambda workspace: 1,
}


@dataclass(frozen=True)
class Page:
    """`owner` is the ModelAdmin that the page belongs to, None for one over no model."""

    name: str
    owner: ModelAdmin | None
    arguments: tuple[str, ...]

    def __str__(self):
        return self.name

    @property
    def model(self):
        return self.owner.model

    @cached_property
    def is_list(self):
        return self.name.endswith("_changelist")

    def address(self, workspace=None):
        """Where the page is, over something of that workspace."""
        found = {name: self._argument(name, workspace) for name in self.arguments}
        return reverse(self.name, kwargs=found)

    @property
    def is_to_look_at(self):
        """Whether there is something to see, and all is as it was after it was asked for."""
        return self.name not in ("admin:logout", "admin:view_on_site", "switch-workspace")

    def _argument(self, name, workspace):
        if made := ARGUMENTS.get((self.name, name)):
            return made(workspace)
        return example(self.model, workspace).pk


def discover():
    """All that have a name below /admin/. One without a name can't be linked to."""
    return sorted(_walk(get_resolver(), "", ""), key=str)


def over_models():
    return [page for page in discover() if page.owner]


def over_nothing():
    return [page for page in discover() if not page.owner]


def _walk(resolver, path, namespace):
    for pattern in resolver.url_patterns:
        here = path + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from _walk(pattern, here, namespace + inner)
        elif pattern.name and here.startswith("admin/"):
            owner = _owner(pattern.callback)
            yield Page(
                namespace + pattern.name,
                owner if isinstance(owner, ModelAdmin) else None,
                tuple(pattern.pattern.converters or pattern.pattern.regex.groupindex),
            )


def _owner(view):
    """The object whose method the view is, below all that was wrapped around it."""
    while not hasattr(view, "__self__"):
        if not hasattr(view, "__wrapped__"):
            return None
        view = view.__wrapped__
    return view.__self__
