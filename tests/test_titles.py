"""What a browser's tabs and history call a page: they tell one list from another."""

import re

import pytest
from django.urls import reverse
from django.utils.text import capfirst

from tests import pages
from tests.factories import make_operator, make_workspace

pytestmark = pytest.mark.django_db

LISTS = [page for page in pages.over_models() if page.is_list]


@pytest.fixture
def olga(client):
    make_workspace("acme")
    client.force_login(make_operator())
    return client


@pytest.mark.parametrize("page", LISTS, ids=str)
def test_a_list_is_called_what_is_in_it(olga, page):
    answer = olga.get(page.address())

    assert answer.context["title"] == capfirst(str(page.model._meta.verbose_name_plural))


def test_who_signs_in_has_an_account_and_is_no_user(olga):
    """Users are the audience's; the sidebar, the list and its form say accounts."""
    for name in ("changelist", "add"):
        page = olga.get(reverse(f"admin:workspaces_user_{name}"))
        assert str(page.context["opts"].verbose_name_plural) == "accounts"
    page_of_list = olga.get(reverse("admin:workspaces_user_changelist")).content.decode()
    assert re.search(r"\b1\s+account\b", page_of_list)


def test_nothing_says_when_a_workspace_was_made_before_it_is(olga):
    new = olga.get(reverse("admin:workspaces_workspace_add")).content.decode()

    assert "Days that unknown ids wait" in new
    assert "Created" not in new
