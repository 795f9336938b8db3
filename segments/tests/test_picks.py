"""What a filter's picker offers: found by any name, page by page, at the cost of a page."""

import pytest
from django.utils import timezone

from cohorts.models import Cohort, CohortHead, FormerName
from segments import services
from segments.builder import picks
from segments.tests.trees import cohort, group, know, make_cohort, tree
from segments.tree import parse
from tests.factories import BY, make_marketer, make_nobody, make_partner

PICKS = "/admin/segments/segment/picks/"
TINYCLUES = "cohort/tinyclues"


@pytest.fixture
def marta(client, acme):
    client.force_login(make_marketer(acme))
    return client


def names(page):
    return [pick.name for pick in page.picks]


def shown(answer):
    assert answer.status_code == 200, answer
    return " ".join(answer.content.decode().split())


def test_a_pick_says_name_size_age_id_and_file(marta, acme):
    know(acme, *range(1500))
    made = make_cohort(acme, "sp-1", range(9999), name="Spring", export_file_name="spring_file.csv")
    FormerName.objects.create(cohort=made, name="Early birds")
    CohortHead.objects.create(cohort=made, last_received_at=timezone.now())

    page = shown(marta.get(PICKS, {"what": TINYCLUES}))

    for text in ("Spring", "1,500 users", "sp-1", "spring_file.csv", "formerly Early birds"):
        assert text in page
    assert "just now" in page
    assert 'role="option"' in page


@pytest.mark.parametrize("text", ["spring", "EARLY birds", "sp-1", "Spring-File.csv", "ring_fi"])
def test_a_cohort_is_found_by_whatever_it_was_ever_called(acme, text):
    make_cohort(acme, "winter", name="Winter")
    made = make_cohort(acme, "sp-1", name="Spring", export_file_name="spring_file.csv")
    FormerName.objects.create(cohort=made, name="Early birds")

    assert names(picks.find(acme, TINYCLUES, text)) == ["Spring"]


def test_a_partner_offers_its_own_cohorts_of_the_workspace_that_arent_archived(acme, globex):
    make_cohort(acme, "ours")
    make_cohort(acme, "old", archived_at=timezone.now())
    make_cohort(acme, "others", partner="segment")
    make_cohort(globex, "theirs")

    assert names(picks.find(acme, TINYCLUES)) == ["ours"]
    assert names(picks.find(acme, "cohort/nobody")) == []
    assert names(picks.find(acme, "magic")) == []


def test_pages_follow_each_other_until_all_were_offered(acme):
    for number in range(picks.PAGE + 5):
        make_cohort(acme, f"c{number:02}")

    first = picks.find(acme, TINYCLUES)
    second = picks.find(acme, TINYCLUES, page=first.next)

    assert (len(first.picks), len(second.picks), second.next) == (picks.PAGE, 5, None)
    assert len({*names(first), *names(second)}) == picks.PAGE + 5


def test_a_segment_isnt_offered_to_itself(marta, acme):
    made = services.create(acme, name="Buyers", filters=parse(tree()), by=BY)
    services.create(acme, name="VIPs", filters=parse(tree()), by=BY)

    page = shown(marta.get(PICKS, {"what": "segment", "of": str(made.pk)}))

    assert "VIPs" in page
    assert "Buyers" not in page


def test_one_page_of_thousands_costs_the_same_queries(marta, acme, django_assert_num_queries):
    partner = make_partner("tinyclues")
    Cohort.objects.bulk_create(
        Cohort(workspace=acme, partner=partner, external_id=f"c{number}", name=f"Cohort {number}")
        for number in range(2000)
    )
    know(acme, *range(100))
    marta.get(PICKS, {"what": TINYCLUES})

    # Session, person, workspaces; a savepoint's two; cohorts, former names, known, members.
    with django_assert_num_queries(7):
        page = shown(marta.get(PICKS, {"what": TINYCLUES, "text": "cohort 19"}))

    assert page.count('role="option"') == picks.PAGE
    assert 'data-next="2"' in page


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"what": "\0", "text": "\0"},
        {"what": TINYCLUES, "page": "-1"},
        {"what": TINYCLUES, "page": "9" * 30},
        {"what": TINYCLUES, "page": "٣"},
        {"what": TINYCLUES, "of": "nobody"},
        {"what": "segment", "text": "%" * 5000},
    ],
)
def test_no_question_breaks_the_picker(marta, acme, asked):
    make_cohort(acme, "spring")

    assert marta.get(PICKS, asked).status_code == 200


def test_a_picker_is_for_people_with_permission(client, acme):
    client.force_login(make_nobody())

    assert client.get(PICKS, {"what": TINYCLUES}).status_code == 404


def test_chosen_cohorts_are_named_also_when_archived(acme, globex):
    make_cohort(acme, "old", name="Old ones", archived_at=timezone.now())
    make_cohort(globex, "theirs", name="Their secret")
    condition = parse(tree(group(cohort("old", "theirs", "gone")))).groups[0].filters[0]

    found = picks.chosen_cohorts(acme, [one for _key, one in condition.references()])

    assert [(pick.name, pick.state) for pick in found.values()] == [("Old ones", "archived")]
