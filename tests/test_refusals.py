"""Who is refused what, for every page that there is: a page added later is found and tried.

A page over a model is there for those who may see the model. One that asks for more says so
in `NEEDS`, and one that answers a POST of somebody who may only look, in `ONLY_LOOKED_AT`.
"""

import pytest
from django.contrib import admin
from django.contrib.auth import get_permission_codename
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.urls import reverse

from tests import pages
from tests.factories import CAST, make_member, make_nobody, make_operator, make_workspace
from tests.furnishing import example, furnish
from workspaces.model_admin import WalledAdmin
from workspaces.models import Membership, User
from workspaces.roles import PERMISSIONS, Role

pytestmark = pytest.mark.django_db

# What a page asks for beside seeing its model. `add` and `delete` pages ask for just that.
NEEDS = {
    "admin:auth_user_password_change": "workspaces.change_user",
    "admin:cohorts_cohort_archive": "cohorts.change_cohort",
    "admin:cohorts_cohort_difference": "imports.add_job",
    "admin:cohorts_cohort_new_upload": "imports.add_job",
    "admin:cohorts_cohort_rename": "cohorts.change_cohort",
    "admin:cohorts_cohort_replace": "imports.add_job",
    "admin:cohorts_cohort_restore": "cohorts.change_cohort",
    "admin:cohorts_cohort_retry": "cohorts.change_cohort",
    "admin:cohorts_cohort_skip": "cohorts.change_cohort",
    "admin:cohorts_cohort_upload": "imports.add_job",
    "admin:imports_job_cancel": "imports.add_job",
    "admin:imports_job_result": "imports.change_job",
    "admin:partners_partner_disable": "partners.change_integration",
    "admin:partners_partner_enable": "partners.change_integration",
    "admin:partners_partner_handover": "partners.change_integration",
    "admin:partners_partner_log": "partners.change_integration",
    "admin:partners_partner_progress": "partners.change_integration",
    "admin:partners_partner_rename": "partners.change_partner",
    "admin:partners_partner_test": "partners.change_integration",
    "admin:profiles_profile_merge": "profiles.merge_profile",
    "admin:segments_segment_archive": "segments.change_segment",
    "admin:segments_segment_duplicate": "segments.change_segment",
    "admin:segments_segment_export": "segments.export_segment",
    "admin:segments_segment_restore": "segments.change_segment",
    "admin:segments_segment_star": "segments.change_segment",
    "admin:segments_segment_version_restore": "segments.change_segment",
}

for kind in ("campaign", "canvas"):
    for page in (
        *("basics", "message", "step", "audience", "reach", "summary"),
        *("launch", "unschedule", "pause", "resume", "stop", "archive", "resend", "export"),
    ):
        NEEDS[f"admin:campaigns_{kind}_{page}"] = f"campaigns.change_{kind}"

# A POST that changes nothing and shows what the page shows anyway.
ONLY_LOOKED_AT = {
    "admin:campaigns_campaign_others",
    "admin:campaigns_campaign_progress",
    "admin:campaigns_canvas_others",
    "admin:campaigns_canvas_progress",
    "admin:imports_job_change",
    "admin:imports_job_progress",
    "admin:imports_job_rejects",
    "admin:segments_segment_new_reach",
    "admin:segments_segment_reach",
}

# Belongs to the installation: whoever runs it sees all, and no role anything to change.
OF_THE_INSTALLATION = {
    "partners.LoggedCall",
    "partners.Partner",
    "partners.PartnerApiKey",
    "workspaces.User",
}

# Over no model: who has signed in may open it, whatever their role.
OPEN_TO_ALL = {
    "account",
    "account-details",
    "account-recovery-codes",
    "account-recovery-codes-new",
    "account-second-factor",
    "account-second-factor-begin",
    "account-second-factor-off",
    "account-sessions-end",
    "admin:app_list",
    "admin:autocomplete",
    "admin:index",
    "admin:jsi18n",
    "admin:login",
    "admin:logout",
    "admin:password_change",
    "admin:password_change_done",
    "admin:search",
    "admin:view_on_site",
    "sign-in-code",
    "switch-workspace",
}

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)


@pytest.fixture
def acme():
    return furnish("acme")


@pytest.fixture
def globex():
    return furnish("globex")


def signed_in(person):
    client = Client()
    client.force_login(person)
    return client


def member(workspace, role):
    return signed_in(make_member(workspace, role))


def permission(page, what):
    opts = page.model._meta
    return f"{opts.app_label}.{get_permission_codename(what, opts)}"


def may_see(page, role):
    return permission(page, "view") in PERMISSIONS[role]


def may_open(page, role):
    """Whether the role has all that the page asks for."""
    what = page.name.rsplit("_", 1)[1]
    needs = {permission(page, "view")}
    needs |= {permission(page, what)} if what in ("add", "delete") else set()
    needs |= {NEEDS[page.name]} if page.name in NEEDS else set()
    return needs <= PERMISSIONS[role]


def answers(client, workspace, method="get"):
    """The status of every page over a model, by its name."""
    send = getattr(client, method)
    return {page: send(page.address(workspace)).status_code for page in pages.over_models()}


def everything_stored():
    """Every row of every table, but for who is signed in and what they look at."""
    stored = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table != "django_session":
                cursor.execute(f'SELECT stored::text FROM "{table}" AS stored')
                stored[table] = sorted(row for (row,) in cursor.fetchall())
    return stored


# --- Pages -----------------------------------------------------------------------------


def test_every_page_over_a_model_was_found():
    found = {page.model for page in pages.over_models()}

    assert found == set(MODELS)
    assert len(pages.over_models()) > 5 * len(MODELS)


def test_a_page_over_no_model_says_that_it_is_open_to_all_who_signed_in():
    assert {page.name for page in pages.over_nothing()} == OPEN_TO_ALL


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_stranger_is_asked_to_sign_in_on_every_page(acme, method):
    stranger = Client()

    for page in pages.over_models():
        answer = getattr(stranger, method)(page.address(acme))
        assert answer.status_code == 302, page
        assert answer["Location"].startswith(reverse("admin:login")), page


def test_whoever_runs_the_installation_opens_every_list_and_everything_in_it(acme):
    found = answers(signed_in(make_operator()), acme)

    assert set(found.values()) <= {200, 403, 404, 405}
    for page, status in found.items():
        if page.name.endswith(("_changelist", "_change")):
            assert status == 200, page


@pytest.mark.parametrize("role", Role.values)
def test_a_role_opens_the_pages_that_are_its_own_and_no_other(acme, role):
    """As whoever runs the installation, or not at all: 404 for what it may not even see."""
    for_all = answers(signed_in(make_operator()), acme)
    found = answers(member(acme, role), acme)

    wrong = {}
    for page, status in found.items():
        if may_open(page, role):
            right = status == for_all[page]
        else:
            right = status in ({403, 405} if may_see(page, role) else {404})
        if not right:
            wrong[page.name] = status
    assert wrong == {}, "a page that asks for more than its model belongs into NEEDS"


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MARKETER])
def test_whoever_may_only_look_changes_nothing_by_sending_a_form(acme, role):
    client = member(acme, role)
    looked_at = [
        page
        for page in pages.over_models()
        if permission(page, "change") not in PERMISSIONS[role]
        and not page.name.endswith(("_changelist", "_history"))
    ]
    before = everything_stored()

    found = {page: client.post(page.address(acme)).status_code for page in looked_at}

    assert everything_stored() == before
    for page, status in found.items():
        if page.name not in ONLY_LOOKED_AT:
            assert status in ({403, 405} if may_see(page, role) else {404}), page


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("role", Role.values)
def test_nothing_of_another_workspace_is_there(acme, globex, role, method):
    client = member(globex, role)
    before = everything_stored()

    for page in pages.over_models():
        if page.arguments and page.model._meta.label not in OF_THE_INSTALLATION:
            answer = getattr(client, method)(page.address(acme))
            assert answer.status_code == 404, page

    assert everything_stored() == before


def test_whoever_runs_the_installation_sees_one_workspace_at_a_time(acme, globex):
    client = signed_in(make_operator())
    client.get(reverse("switch-workspace", args=["globex"]))

    for page in pages.over_models():
        label = page.model._meta.label
        if page.arguments and label not in OF_THE_INSTALLATION | {"workspaces.Workspace"}:
            assert client.get(page.address(acme)).status_code == 404, page


def test_a_person_of_no_team_finds_no_page(acme):
    client = signed_in(make_nobody())

    for page in pages.over_models():
        assert client.get(page.address(acme)).status_code == 404, page
    assert client.get(reverse("admin:index")).status_code == 200


def test_somebody_who_was_removed_from_the_team_finds_no_page(acme):
    client = member(acme, Role.ADMINISTRATOR)
    assert client.get(reverse("admin:cohorts_cohort_changelist")).status_code == 200

    Membership.objects.get(user__username=CAST[Role.ADMINISTRATOR]).delete()

    assert client.get(reverse("admin:cohorts_cohort_changelist")).status_code == 404


def test_no_page_names_anything_of_another_workspace(acme, globex):
    client = member(acme, Role.ADMINISTRATOR)
    shown = 0

    for page in pages.discover():
        if page.owner and not page.arguments:
            answer = client.get(page.address())
            text = answer.getvalue().decode()
            assert globex.canary not in text, page
            shown += acme.canary in text
    for text in ("globex", "only", ""):
        found = client.get(reverse("admin:search"), {"s": text})
        assert globex.canary not in found.content.decode()

    assert shown >= 6


def test_a_marketer_meets_no_key(acme):
    client = member(acme, Role.MARKETER)
    public = [text.rsplit("_", 1)[0] for text in acme.secrets]

    shown = [client.get(page.address(acme)).getvalue().decode() for page in pages.over_models()]
    shown.append(client.get(reverse("admin:index")).content.decode())
    shown.append(client.get(reverse("admin:search"), {"s": "key"}).content.decode())

    assert any(acme.canary in text for text in shown)
    for prefix in public:
        assert not any(prefix in text for text in shown)
    assert "REST API keys" not in shown[-2]
    assert "REST API keys" not in shown[-1]


# --- Search and autocomplete -----------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "found"), [(Role.MARKETER, False), (Role.VIEWER, False), (Role.OPERATOR, True)]
)
def test_search_finds_only_what_the_sidebar_shows(acme, role, found):
    client = member(acme, role)

    assert (b"REST API keys" in client.get(reverse("admin:search"), {"s": "api"}).content) is found
    assert b"Cohorts" in client.get(reverse("admin:search"), {"s": "COHO"}).content


def test_search_forgets_what_somebody_may_no_longer_see(acme):
    client = member(acme, Role.OPERATOR)
    assert b"REST API keys" in client.get(reverse("admin:search"), {"s": "keys"}).content

    Membership.objects.filter(workspace=acme).update(role=Role.VIEWER)

    assert b"REST API keys" not in client.get(reverse("admin:search"), {"s": "keys"}).content


def foreign_keys():
    """What autocomplete can be asked for: every relation that leads to a model with a page."""
    return [
        (model, field)
        for model in MODELS
        for field in model._meta.get_fields()
        if field.many_to_one and field.related_model in admin.site._registry
    ]


@pytest.mark.parametrize("role", [*Role.values, ""])
def test_autocomplete_offers_nothing_of_another_workspace(acme, globex, role):
    client = member(acme, role) if role else signed_in(make_operator())

    assert foreign_keys()
    for model, field in foreign_keys():
        asked = {
            "app_label": model._meta.app_label,
            "model_name": model._meta.model_name,
            "field_name": field.name,
            "term": "",
        }
        answer = client.get(reverse("admin:autocomplete"), asked)
        assert answer.status_code in (200, 404), (model, field.name)
        if role or field.related_model._meta.label not in OF_THE_INSTALLATION:
            assert globex.canary not in answer.content.decode(), (model, field.name)


# --- Switching -------------------------------------------------------------------------


def test_nobody_switches_to_a_workspace_that_isn_t_theirs(acme, globex):
    client = member(acme, Role.ADMINISTRATOR)

    assert client.get(reverse("switch-workspace", args=["globex"])).status_code == 404
    assert client.get(reverse("switch-workspace", args=["nowhere"])).status_code == 404
    assert b"Globex" not in client.get(reverse("admin:index")).content


# --- Roles -----------------------------------------------------------------------------


def test_roles_name_only_permissions_that_there_are():
    there_are = {
        f"{app}.{codename}"
        for app, codename in Permission.objects.values_list("content_type__app_label", "codename")
    }

    for role in Role:
        assert PERMISSIONS[role] <= there_are, role


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_model_with_a_page_is_some_role_s_to_see(model):
    """A new model is decided on in `workspaces.roles`, or above as the installation's."""
    codename = f"{model._meta.app_label}.view_{model._meta.model_name}"
    seen = any(codename in PERMISSIONS[role] for role in Role)

    assert seen or model._meta.label in OF_THE_INSTALLATION


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_page_stands_behind_the_wall(model):
    """Rows of the workspace and no others, 404 for what isn't there."""
    options = admin.site._registry[model]
    fields = {field.name for field in model._meta.fields}

    assert isinstance(options, WalledAdmin)
    assert "workspace" in fields or model._meta.label in OF_THE_INSTALLATION | {
        "workspaces.Workspace"
    }


def test_a_permission_that_django_could_give_opens_nothing(acme):
    """It would hold in every workspace."""
    person = make_nobody()
    person.user_permissions.set(Permission.objects.all())

    address = reverse("admin:cohorts_cohort_changelist")
    assert signed_in(person).get(address).status_code == 404


def test_a_role_holds_in_its_own_workspace_only(acme):
    globex = make_workspace("globex")
    person = make_member(acme, Role.ADMINISTRATOR)
    Membership.objects.create(user=person, workspace=globex, role=Role.VIEWER)
    client = signed_in(person)
    audit_log = reverse("admin:workspaces_auditentry_changelist")

    client.get(reverse("switch-workspace", args=["acme"]))
    assert client.get(audit_log).status_code == 200
    client.get(reverse("switch-workspace", args=["globex"]))
    assert client.get(audit_log).status_code == 404


def test_somebody_made_inactive_is_out_at_once(acme):
    client = member(acme, Role.ADMINISTRATOR)
    User.objects.update(is_active=False)

    answer = client.get(example_page(acme))

    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("admin:login"))


def example_page(workspace):
    segment = example(admin.site._registry[MODELS[0]].model, workspace)
    opts = segment._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[segment.pk])
