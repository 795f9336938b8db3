"""What people see in the place of a page that can't be shown."""

import pytest
from django.urls import reverse

from common.http import handler500
from tests.factories import make_marketer, make_operator, make_workspace

pytestmark = pytest.mark.django_db


def test_what_is_not_there_says_so_and_leads_to_the_overview(client):
    client.force_login(make_operator())

    page = client.get("/admin/nothing/")

    assert page.status_code == 404
    text = page.content.decode()
    assert "it belongs to a workspace that you aren't looking at" in text
    assert f'href="{reverse("admin:index")}"' in text


def test_what_a_role_does_not_include_says_so(client):
    acme = make_workspace()
    client.force_login(make_marketer(acme))

    page = client.get(reverse("admin:imports_job_add"))

    assert page.status_code == 403
    assert "Your role in this workspace" in page.content.decode()


def test_a_fault_of_ours_says_so_and_nothing_else(rf):
    page = handler500(rf.get("/admin/"))

    assert page.status_code == 500
    assert "That is our fault" in page.content.decode()


def test_the_api_goes_on_answering_in_json(client):
    assert client.get("/users/nothing/").json()["message"]
