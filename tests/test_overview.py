"""The landing page: everything that apps contribute, for those who may see it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns import launching, services
from campaigns.models import Campaign, Sending
from campaigns.tests.factories import make_campaign, make_users
from cohorts.models import CohortCursor
from cohorts.tests.factories import Connector, apply_all
from partners.models import DataImportKey, RequestCount
from segments.tests.trees import cohort, group, tree
from tests.factories import (
    make_marketer,
    make_member,
    make_nobody,
    make_workspace,
)
from tests.furnishing import furnish
from workspaces.roles import Role

pytestmark = pytest.mark.django_db

BY = "tests"


@pytest.fixture
def acme():
    return make_workspace()


def look(person):
    client = Client()
    client.force_login(person)
    return client.get(reverse("admin:index"))


def matters(answer):
    """What needs attention, by name."""
    return {str(each.name): str(each.words) for each in answer.context["overview"].matters}


def figures(answer):
    return {str(each.name): each for each in answer.context["overview"].figures}


def titles(answer):
    return [str(each.title) for each in answer.context["overview"].panels]


def make_matters(acme):
    """One of everything that can be wrong; what it is called, by who should hear of it."""
    make_users("ana")
    connector = Connector()
    connector.name("spring", name="Spring buyers")
    connector.add("ana", cohort_id="spring")
    CohortCursor.objects.filter(cohort__external_id="spring").update(parked_at=timezone.now())
    DataImportKey.objects.update(
        label="Key of the agency",
        expires_at=timezone.now() + timedelta(days=3),
        last_used_at=timezone.now() - timedelta(days=5),
    )
    RequestCount.objects.update(last_accepted_at=timezone.now() - timedelta(days=5))
    paused = make_campaign(name="Paused")
    launching.launch(paused, by=BY)
    services.pause(paused, by=BY)
    stuck = make_campaign(name="Stuck")
    launching.launch(stuck, by=BY)
    Sending.objects.filter(launch__campaign=stuck).update(problem="The mail server is away.")
    filters = tree(group(cohort("spring")))
    late = make_campaign(name="Tomorrow", filters=filters)
    services.schedule(late, timezone.now() + timedelta(days=1), by=BY)
    left = make_campaign(name="Left alone")
    Campaign.objects.filter(pk=left.pk).update(problem="Its cohort was late.")


def test_it_counts_what_there_is_and_what_arrived_today(acme):
    make_users("ana", "ben")
    connector = Connector()
    connector.name("spring", name="Spring buyers")
    connector.add("ana", "ben", "cyd", cohort_id="spring")
    apply_all()

    answer = look(make_member(acme, Role.ADMINISTRATOR))

    found = figures(answer)
    assert {name: each.number for name, each in found.items()} == {
        "Users": 2,
        "Cohorts": 1,
        "Segments": 0,
        "Arrived today": 3,
    }
    assert found["Users"].trend == "2 new in a week"
    assert found["Cohorts"].trend == "1 updated in a week"
    assert "Spring buyers" in answer.content.decode()


def test_what_needs_attention_is_said_in_a_sentence_each_and_what_is_broken_first(acme):
    make_matters(acme)

    answer = look(make_member(acme, Role.ADMINISTRATOR))

    found = matters(answer)
    assert found.keys() == {
        *("Spring buyers", "Key of the agency", "Tinyclues"),
        *("Paused", "Stuck", "Tomorrow", "Left alone"),
    }
    assert found["Stuck"] == "The mail server is away."
    assert found["Key of the agency"].startswith("This key expires in ")
    assert found["Tinyclues"].startswith("Its last call was 5\xa0days ago")
    assert found["Tomorrow"] == "Spring buyers never received anybody."
    assert set(list(found)[:3]) == {"Spring buyers", "Stuck", "Left alone"}


def test_nobody_reads_of_what_they_may_not_see(acme):
    make_matters(acme)

    answer = look(make_marketer(acme))

    assert "Key of the agency" not in matters(answer)
    assert "Latest activity" not in titles(answer)
    assert "Latest activity" in titles(look(make_member(acme, Role.ADMINISTRATOR)))


def test_nothing_of_another_workspace_is_told(acme):
    furnish("acme")

    answer = look(make_member(make_workspace("globex"), Role.ADMINISTRATOR))

    assert "only-acme" not in answer.content.decode()
    assert {each.number for each in figures(answer).values()} == {0}
    assert matters(answer) == {}
    assert "Nothing: all that you look after is going well." in answer.content.decode()


def test_somebody_of_no_team_is_told_what_to_do(acme):
    answer = look(make_nobody())

    assert "You belong to no workspace yet" in answer.content.decode()


def test_it_asks_as_often_for_much_as_for_little(acme, django_assert_max_num_queries):
    ada = make_member(acme, Role.ADMINISTRATOR)
    make_matters(acme)
    # Session, person and workspaces: 4. Users: 3; cohorts: 5; segments: 7; what arrived: 1;
    # partners: 2; keys: 2; campaigns: 5, and 8 for each of five that are scheduled; activity:
    # 1, and 1 for each kind of thing in it.
    with django_assert_max_num_queries(85):
        look(ada)
    for number in range(12):
        late = make_campaign(name=f"Later {number}", filters=tree(group(cohort("spring"))))
        services.schedule(late, timezone.now() + timedelta(days=2), by=BY)
    with django_assert_max_num_queries(85):
        look(ada)
