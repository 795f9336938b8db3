"""Every page of the dashboard, as it is shown. Who is refused which stands in test_refusals."""

import pytest
from django.contrib import admin
from django.urls import reverse

from partners.models import Integration
from tests.factories import make_member, make_operator
from tests.furnishing import example, furnish
from workspaces.models import User
from workspaces.roles import Role

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme():
    return furnish()


@pytest.fixture
def olga(acme):
    return make_operator()


def page(model, name, *arguments):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=arguments)


def pages(model):
    """Addresses of a model's pages: its list, the form for a new one, and one that exists."""
    return [
        page(model, "changelist"),
        page(model, "add"),
        page(model, "change", example(model).pk),
    ]


def own_pages():
    return [reverse("admin:index"), reverse("admin:password_change"), reverse("admin:search")]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_page_renders_for_an_operator(client, acme, olga, model, rf):
    client.force_login(olga)
    request = rf.get("/")
    request.user, request.session = olga, {}
    may_add = admin.site._registry[model].has_add_permission(request)

    for address in pages(model):
        answer = client.get(address)
        expected = 403 if address.endswith("/add/") and not may_add else 200
        assert answer.status_code == expected, address


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_page_asks_a_stranger_to_sign_in(client, acme, olga, model):
    for address in [*pages(model), *own_pages()]:
        answer = client.get(address)
        assert answer.status_code == 302, address
        assert answer["Location"].startswith(reverse("admin:login"))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_no_page_opens_for_somebody_outside_the_team(client, acme, olga, model):
    client.force_login(User.objects.create_user("customer", is_staff=False))

    for address in [*pages(model), *own_pages()]:
        assert client.get(address).status_code == 302, address


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_page_follows_the_house_rules(model):
    options = admin.site._registry[model]

    assert options.list_select_related, "set list_select_related"
    own = [cls for cls in type(options).__mro__ if not cls.__module__.startswith("django.")]
    assert any("has_delete_permission" in vars(cls) for cls in own), "say who may delete"


def test_the_overview_shows_only_what_somebody_may_open(client, acme, olga):
    client.force_login(make_member(acme, Role.MARKETER))
    shown = client.get(reverse("admin:index")).content.decode()
    assert reverse("admin:workspaces_auditentry_changelist") not in shown

    client.force_login(olga)
    shown = client.get(reverse("admin:index")).content.decode()
    for address in (
        "admin:partners_partner_changelist",
        "admin:cohorts_cohort_changelist",
        "admin:imports_job_changelist",
        "admin:workspaces_workspace_changelist",
        "admin:workspaces_membership_changelist",
        "admin:workspaces_user_changelist",
        "admin:workspaces_restapikey_changelist",
        "admin:workspaces_auditentry_changelist",
    ):
        assert reverse(address) in shown


def test_the_root_leads_to_the_dashboard_and_that_to_the_login_page(client):
    assert client.get("/")["Location"] == "/admin/"
    answer = client.get("/", follow=True)

    assert answer.status_code == 200
    assert "Quayside" in answer.content.decode()


def test_a_partner_connected_to_a_workspace_is_found_there(acme):
    assert Integration.objects.filter(workspace=acme).exists()
