"""The request log of a partner: uploads and refusals in one list, each with its reason."""

import re

import pytest
from django.urls import reverse

from cohorts.tests.factories import Connector, adds, apply_all, make_users
from partners import call_history
from partners.models import DataImportKey, LoggedCall
from partners.request_log import journal
from partners.request_log_writer import write_down
from tests.factories import make_member, make_operator
from workspaces.roles import Role

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_noted():
    journal.start_over()


@pytest.fixture
def tinyclues():
    return Connector("acme", "tinyclues")


@pytest.fixture
def olga(client, tinyclues):
    client.force_login(make_operator())
    return client


def page(connector):
    return reverse("admin:partners_partner_log", args=[connector.partner.pk])


def shown(client, connector, **parameters):
    write_down()
    answer = client.get(page(connector), parameters)
    assert answer.status_code == 200
    return answer


def lines(client, connector, **parameters):
    return shown(client, connector, **parameters).context["log"].lines


def all_kinds(connector):
    """The request id of each, the newest first."""
    answers = [
        connector.name(),
        connector.add("ana"),
        connector.change("none"),
        connector.add("bob", cohort_id="summer"),
        connector.post("cohorts/nowhere", {}),
        connector.change([]),
    ]
    return [answer["X-Request-Id"] for answer in reversed(answers)]


def test_uploads_and_all_other_calls_stand_in_one_list_by_time(olga, tinyclues):
    expected = all_kinds(tinyclues)

    found = lines(olga, tinyclues)

    assert [str(line.request_id) for line in found] == expected
    assert [line.status for line in found] == [201, 404, 201, 400, 201, 201]
    assert {line.client_secret for line in found} == {DataImportKey.objects.get().prefix}


def test_a_line_says_what_came_of_the_call_and_what_to_change(olga, tinyclues):
    make_users(tinyclues.workspace, ["ana"])
    tinyclues.change([adds("ana", "ana", "nobody")])
    tinyclues.add(*[str(number) for number in range(1001)])
    apply_all()

    text = shown(olga, tinyclues).content.decode()

    assert "1 added, 1 waiting, 1 repeated" in text
    assert "Split the ids over several calls" in text
    assert "received 1,001 ids" in text
    assert "/partners/tinyclues/cohorts/users" in text


def test_an_upload_leads_to_its_cohort(olga, tinyclues):
    tinyclues.add("ana", cohort_id="<spring>")

    (line,) = lines(olga, tinyclues)
    text = shown(olga, tinyclues).content.decode()

    assert f'href="{line.cohort_path}"' in text
    assert "&lt;spring&gt;" in text


@pytest.mark.parametrize(
    ("answer", "statuses"),
    [("ok", {201}), ("refused", {400, 404}), ("failed", set()), ("x", {201, 400, 404})],
)
def test_it_can_be_narrowed_to_one_kind_of_answer(olga, tinyclues, answer, statuses):
    all_kinds(tinyclues)

    assert {line.status for line in lines(olga, tinyclues, answer=answer)} == statuses


def test_each_call_is_found_by_the_id_that_its_answer_carried(olga, tinyclues):
    for request_id in all_kinds(tinyclues):
        found = lines(olga, tinyclues, request=f" {request_id.upper()} ")

        assert [str(line.request_id) for line in found] == [request_id]


def test_an_upload_is_found_past_the_calls_that_the_log_keeps(olga, tinyclues, monkeypatch):
    monkeypatch.setattr(call_history, "LINES_KEPT", 1)
    first = tinyclues.add("ana")["X-Request-Id"]
    tinyclues.add("bob")

    assert first not in {str(line.request_id) for line in lines(olga, tinyclues)}
    assert [str(line.request_id) for line in lines(olga, tinyclues, request=first)] == [first]


def test_somebody_else_s_call_is_not_found(olga, tinyclues):
    segment, globex = Connector("acme", "segment"), Connector("globex", "tinyclues")
    for connector in (segment, globex):
        for answer in (connector.add("zoe"), connector.change("none")):
            assert lines(olga, tinyclues, request=answer["X-Request-Id"]) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("spring", "That is no request id"),
        ("a3b21930-d80b-4ad4-8192-a3a03fc11930", "No such call is kept"),
        ("ffffffff-ffff-7000-8000-000000000000", "No such call is kept"),
        ("<script>" * 40, "That is no request id"),
    ],
)
def test_what_is_not_found_is_said_in_words(olga, tinyclues, text, said):
    tinyclues.add("ana")

    answer = shown(olga, tinyclues, request=text)

    assert answer.context["log"].lines == []
    assert said in answer.content.decode()
    assert "<script><script>" not in answer.content.decode()


def test_it_turns_its_pages_up_to_the_last_that_is_kept(tinyclues):
    for number in range(7):
        tinyclues.add(str(number), cohort_id=f"cohort {number % 3}")
        tinyclues.change("none")
    write_down()
    acme, partner = tinyclues.workspace, tinyclues.partner

    pages = [
        call_history.of_partner(acme, partner, page=number, per_page=4) for number in range(1, 6)
    ]

    assert [len(each.lines) for each in pages] == [4, 4, 4, 2, 0]
    assert [each.has_older for each in pages] == [True, True, True, False, False]
    ids = [line.request_id for each in pages for line in each.lines]
    assert len(set(ids)) == 14
    times = [line.at for each in pages for line in each.lines]
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize("number", ["0", "-1", "x", "1.5", "²", "999999999999"])
def test_a_page_that_is_no_number_is_the_first(olga, tinyclues, number):
    tinyclues.add("ana")

    assert len(lines(olga, tinyclues, page=number)) == 1


def test_only_the_first_page_asks_for_itself(olga, tinyclues):
    tinyclues.add("ana")

    assert 'hx-trigger="every' in shown(olga, tinyclues).content.decode()
    assert 'hx-trigger="every' not in shown(olga, tinyclues, page="2").content.decode()


def test_nothing_of_another_workspace_or_partner_is_in_it(olga, tinyclues):
    for other in (Connector("globex", "tinyclues"), Connector("acme", "segment")):
        other.add("zoe", cohort_id="theirs")
        other.change("none")

    assert lines(olga, tinyclues) == []
    assert "No calls yet" in shown(olga, tinyclues).content.decode()


def test_no_secret_is_in_it(olga, tinyclues):
    all_kinds(tinyclues)
    tinyclues.change([adds("ana")], cohort_id=tinyclues.client_secret)
    tinyclues.change("none", cohort_id=tinyclues.partner_api_key)

    text = shown(olga, tinyclues, answer="refused").content.decode()

    assert tinyclues.partner_api_key.rsplit("_", 1)[1] not in text
    assert tinyclues.client_secret.rsplit("_", 1)[1] not in text
    assert (
        len(re.findall("data-request=", text)) == LoggedCall.objects.filter(status__gte=400).count()
    )


def test_a_longer_log_takes_no_more_queries(tinyclues, django_assert_num_queries):
    for number in range(12):
        tinyclues.add("ana", cohort_id=f"cohort {number}")
        tinyclues.change("none")
    write_down()

    # Logged calls, uploads, and the keys that brought these.
    with django_assert_num_queries(3):
        found = call_history.of_partner(tinyclues.workspace, tinyclues.partner)

    assert len(found.lines) == 24


def test_who_may_not_see_keys_is_refused(client, tinyclues):
    client.force_login(make_member(tinyclues.workspace, Role.MARKETER))

    assert client.get(page(tinyclues)).status_code == 403


def test_without_a_workspace_there_is_no_log(client):
    tinyclues = Connector("acme", "tinyclues")
    tinyclues.workspace.delete()
    client.force_login(make_operator())

    assert client.get(page(tinyclues)).status_code == 404
