"""The path at the top of a page: the sidebar's group, the list, the thing itself."""

import pytest
from django.apps import apps
from django.urls import reverse

from config.navigation import GROUPS
from profiles.models import Profile
from tests.factories import make_member, make_operator, make_workspace
from workspaces.roles import Role

pytestmark = pytest.mark.django_db


def path_of(client, address):
    """What the path says, step by step."""
    page = client.get(address).content.decode()
    _, _, rest = page.partition('class="align-middle inline-block leading-5')
    path, _, _ = rest.partition("</div>")
    pieces = path.replace("<", ">").split(">")[1::2]
    return [piece.strip() for piece in pieces if piece.strip() not in ("", "chevron_right")]


def test_every_list_is_below_the_sidebar_s_group():
    for group, pages in GROUPS:
        for title, _, url_name, _ in pages:
            if url_name.endswith("_changelist"):
                app = apps.get_app_config(url_name.removeprefix("admin:").split("_")[0])
                assert app.verbose_name == group, title


def test_the_overview_has_each_group_once(client):
    client.force_login(make_operator())
    make_workspace()

    groups = client.get(reverse("admin:index")).context["app_list"]

    names = [str(group["name"]) for group in groups]
    assert len(names) == len(set(names))
    (audience,) = [group for group in groups if group["name"] == "Audience"]
    shown = {model["object_name"] for model in audience["models"]}
    assert {"Segment", "Cohort", "Profile", "Job"} <= shown


def test_an_external_id_keeps_its_case(client):
    client.force_login(make_operator())
    ann = Profile.objects.create(workspace=make_workspace(), external_id="ann")

    path = path_of(client, reverse("admin:profiles_profile_change", args=[ann.pk]))

    assert path == ["Audience", "Users", "ann"]


def test_a_group_s_link_leads_to_the_first_list_of_its_app(client):
    client.force_login(make_operator())
    make_workspace()

    for app, lists in {
        "imports": "imports_job",
        "partners": "partners_partner",
        "segments": "segments_segment",
        "workspaces": "workspaces_workspace",
    }.items():
        answer = client.get(reverse("admin:app_list", args=[app]))
        assert answer.headers["Location"] == reverse(f"admin:{lists}_changelist")


def test_a_group_leads_to_a_list_that_the_person_may_see(client):
    acme = make_workspace()
    client.force_login(make_member(acme, Role.MARKETER, "marta"))

    answer = client.get(reverse("admin:app_list", args=["workspaces"]))

    assert answer.status_code == 404 or client.get(answer.headers["Location"]).status_code == 200
