"""A user's pages name the cohorts and segments that the user is in, since when and from where."""

import pytest
from django.urls import reverse

from cohorts.tests.factories import accept, adds, alias, apply_all, make_cohort, make_users
from profiles.models import Profile
from segments import services
from segments.tests.trees import cohort, group, tree
from segments.tree import parse
from tests.factories import BY, make_operator, make_workspace

pytestmark = pytest.mark.django_db

LIST = "admin:profiles_profile_changelist"
USER = "admin:profiles_profile_change"
MERGE = "admin:profiles_profile_merge"
DELETE = "admin:profiles_profile_delete"


@pytest.fixture
def olga(client):
    client.force_login(make_operator())
    return client


@pytest.fixture
def acme():
    """Ann is in spring by her second upload and in summer, and with that in two segments;
    kim's card waits in summer, and so does an id that nobody has.
    """
    workspace = make_workspace()
    workspace.ann = make_users(workspace, ["ann", "bob"])["ann"]
    workspace.bob = Profile.objects.get(external_id="bob").pk
    spring, summer = make_cohort(workspace, "spring"), make_cohort(workspace, "summer", "segment")
    accept(spring, adds("bob"))
    accept(spring, adds("ann"))
    accept(summer, adds("ann", "nobody"), {"aliases": [alias("card", "k-1")]})
    apply_all()
    for name, trees in {"Buyers": group(cohort("spring")), "Everyone": None}.items():
        filters = tree(trees) if trees else tree()
        services.create(workspace, name=name, filters=parse(filters), by=BY)
    workspace.spring, workspace.summer = spring, summer
    return workspace


def text_of(client, name, *arguments, **parameters):
    answer = client.get(reverse(name, args=arguments), parameters)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def names(belongings):
    return [one.name for one in belongings]


def test_a_user_s_page_names_cohorts_with_partner_date_and_upload(olga, acme):
    page = olga.get(reverse(USER, args=[acme.ann]))

    spring, summer = page.context["portrait"].cohorts
    assert (spring.name, spring.partner, spring.source) == ("spring", "Tinyclues", "2")
    assert (summer.name, summer.partner, summer.source) == ("summer", "Segment", "1")
    text = " ".join(page.content.decode().split())
    assert f'href="{reverse("admin:cohorts_cohort_change", args=[acme.spring.pk])}"' in text
    assert "upload 2" in text
    assert f'<time datetime="{spring.since:%Y-%m-%dT%H}' in text


def test_a_user_s_page_names_segments(olga, acme):
    portrait = olga.get(reverse(USER, args=[acme.ann])).context["portrait"]

    assert names(portrait.segments) == ["Buyers", "Everyone"]


def test_a_waiting_id_names_the_cohorts_that_named_it(olga, acme):
    for text in ("nobody", "card:k-1"):
        page = text_of(olga, LIST, q=text)

        assert "is waiting: no user has it yet." in page
        assert f'href="{reverse("admin:cohorts_cohort_change", args=[acme.summer.pk])}"' in page
        assert f'href="{reverse("admin:cohorts_cohort_change", args=[acme.spring.pk])}"' not in page


def test_a_merge_s_preview_names_the_cohorts_that_are_new_to_who_stays(olga, acme):
    preview = olga.get(reverse(MERGE, args=[acme.ann]), {"other": "bob"}).context["preview"]

    assert names(preview.new_cohorts) == ["summer"]
    assert preview.cohorts == 2

    olga.post(reverse(MERGE, args=[acme.ann]), {"into": acme.bob})
    portrait = olga.get(reverse(USER, args=[acme.bob])).context["portrait"]
    assert names(portrait.cohorts) == ["spring", "summer"]


def test_deleting_names_what_the_user_leaves(olga, acme):
    text = text_of(olga, DELETE, acme.ann)

    assert "They leave 2 cohorts: <b>spring</b>, <b>summer</b>" in text
    assert "They leave 2 segments: <b>Buyers</b>, <b>Everyone</b>" in text


def test_nothing_of_another_workspace_is_named(olga, acme):
    globex = make_workspace("globex")
    zoe = make_users(globex, ["ann"])["ann"]
    accept(make_cohort(globex, "secret"), adds("ann", "nobody"))
    apply_all()

    olga.get(reverse("switch-workspace", args=["acme"]))
    assert "secret" not in text_of(olga, USER, acme.ann)
    assert "secret" not in text_of(olga, LIST, q="nobody")
    olga.get(reverse("switch-workspace", args=["globex"]))
    assert names(olga.get(reverse(USER, args=[zoe])).context["portrait"].cohorts) == ["secret"]
