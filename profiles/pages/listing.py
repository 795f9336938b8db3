"""The list of users: whom a search finds, else those updated last, page by page.

There may be ten million, so nothing is counted or skipped over: the total comes from
`known`, and a page begins where the other ended.
"""

from dataclasses import dataclass, field
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest
from unfold.views import ChangeList

from profiles import known, search
from profiles.belonging import Belonging
from profiles.models import Identifier
from profiles.pages import keyset
from profiles.pages.keyset import Page, Place
from profiles.pages.portrait import belongings, handles
from workspaces.current import current_workspace


@dataclass(frozen=True, slots=True)
class WaitingId:
    """An id that somebody searched for, that has no user yet, and the cohorts that named it."""

    identifier: Identifier
    cohorts: list[Belonging]


@dataclass(slots=True)
class Listing:
    """What stands around the rows: how many users there are, and where the pages go on."""

    total: int
    newer: Place | None = None
    older: Place | None = None
    waiting: list[WaitingId] = field(default_factory=list)


class Rows(Paginator):  # type: ignore[type-arg]
    """All on one page, for Django; the footer turns pages by `Listing`."""

    template_name = "profiles/partials/pages.html"

    def __init__(self, rows: list[Any]) -> None:
        super().__init__(rows, max(len(rows), 1))


class UserList(ChangeList):  # type: ignore[misc]
    """Django's list page with our own way of finding its rows."""

    listing: Listing
    full_result_count: int | None
    params: dict[str, Any]
    filter_params: dict[str, Any]

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        """None: a filter over a column without an index would read all users."""
        return {}

    def get_results(self, request: HttpRequest) -> None:
        workspace = current_workspace(request)
        workspace_id = workspace.pk if workspace else 0
        if self.query:
            self._search(workspace_id)
        else:
            self._turn(workspace_id, request)
        named = handles(workspace_id, self.result_list)
        for profile in self.result_list:
            profile.handle = named.get(profile.pk, "")
        self.paginator = Rows(self.result_list)
        self.show_all = self.can_show_all = self.show_admin_actions = self.multi_page = False
        self.show_full_result_count = False

    def _search(self, workspace_id: int) -> None:
        found = search.find(workspace_id, self.query)
        self.result_list: list[Any] = list(found.profiles)
        self.result_count, self.full_result_count = len(self.result_list), None
        self.listing = Listing(self.result_count, waiting=_waiting(workspace_id, found.waiting))

    def _turn(self, workspace_id: int, request: HttpRequest) -> None:
        page = self._page(request)
        self.result_list = list(page.profiles)
        self.result_count = self.full_result_count = known.count(workspace_id)
        self.listing = Listing(self.result_count, page.newer, page.older)
        # The search form carries these on, but a search begins at no place.
        self.params, self.filter_params = {}, {}

    def _page(self, request: HttpRequest) -> Page:
        size: int = self.list_per_page
        if before := Place.parse(request.GET.get("before", "")):
            return keyset.newer_than(self.queryset, before, size=size)
        after = Place.parse(request.GET.get("after", ""))
        return keyset.older_than(self.queryset, after, size=size)


def _waiting(workspace_id: int, identifiers: list[Identifier]) -> list[WaitingId]:
    if not identifiers:
        return []
    read = belongings(workspace_id, [identifier.profile_id for identifier in identifiers])
    return [
        WaitingId(identifier, list(read[identifier.profile_id]["cohorts"]))
        for identifier in identifiers
    ]
