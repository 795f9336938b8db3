"""Lists show times as how long ago they were, whatever page they are on."""

from datetime import UTC, datetime

import pytest
from django.contrib import admin

from workspaces.models import Workspace
from workspaces.moments import RelativeTimes


class Page(RelativeTimes):
    list_display = ("created_at", "name", "shouted")
    list_display_links = ("created_at",)

    def shouted(self, workspace):
        return workspace.name.upper()


@pytest.fixture
def page(rf):
    request = rf.get("/")
    page = Page(Workspace, admin.site)
    page.columns = page.get_list_display(request)
    page.links = page.get_list_display_links(request, page.columns)
    return page


def test_a_time_is_told_by_its_age_and_sorted_by_itself(page):
    created_at, *others = page.columns

    assert "years ago" in created_at(Workspace(created_at=datetime(2001, 1, 1, tzinfo=UTC)))
    assert created_at.short_description == "created"
    assert created_at.admin_order_field == "created_at"
    assert others == ["name", "shouted"]


def test_a_time_may_be_the_link(page):
    assert page.links == [page.columns[0]]
