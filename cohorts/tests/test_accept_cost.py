"""What accepting costs, in queries: nothing grows with ids, requests, cohorts or users."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cohorts.models import Upload
from cohorts.tests.factories import Connector, adds, alias, apply_all, make_users, removes
from partners.request_log import journal
from profiles.tests.connections import at_once


def statements(work):
    with CaptureQueriesContext(connection) as queries:
        assert work().status_code == 201
    return [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]


def everything(number):
    return [
        {
            "user_ids": [f"user {each}" for each in range(number)],
            "device_ids": [f"device {each}" for each in range(number)],
            "aliases": [alias("crm", f"name {each}") for each in range(number)],
        },
        removes(*[f"user {each}" for each in range(number)]),
    ]


def test_a_request_to_a_known_cohort_is_two_statements_whatever_it_holds(
    tinyclues, django_assert_num_queries
):
    tinyclues.add("ana")

    for changes in ([adds("ana")], everything(250), [adds(str(n)) for n in range(1_000)]):
        # Both keys are looked up; then the request is counted, numbered and stored at once.
        with django_assert_num_queries(2):
            assert tinyclues.change(changes).status_code == 201


def test_accepting_costs_the_same_beside_many_requests_cohorts_and_users(tinyclues):
    tinyclues.add("ana")
    before = statements(lambda: tinyclues.change(everything(10)))
    make_users(tinyclues.workspace, [f"user {number}" for number in range(500)])
    for number in range(30):
        tinyclues.change(everything(100), cohort_id=f"cohort {number}")
        tinyclues.change(everything(1))
    apply_all()

    after = statements(lambda: tinyclues.change(everything(10)))

    assert len(after) == len(before) == 2


def test_a_cohort_never_named_is_made_once(tinyclues, django_assert_num_queries):
    # Keys; storing finds no cohort; savepoint; cohort, head, cursor; storing; release.
    with django_assert_num_queries(8):
        tinyclues.change([adds("ana")])


def test_an_idempotency_key_adds_one_statement(tinyclues):
    tinyclues.add("ana")

    named = statements(
        lambda: tinyclues.change([adds("ana")], headers={"Idempotency-Key": "order-66"})
    )

    # Keys; the idempotency key claimed; storing.
    assert len(named) == 3


def test_the_connection_test_only_looks_up_the_keys(tinyclues, django_assert_num_queries):
    # The keys, and once a minute their last use.
    with django_assert_num_queries(2):
        tinyclues.change([])
    with django_assert_num_queries(1):
        tinyclues.change([])


def test_a_refused_request_only_looks_up_the_keys(tinyclues, django_assert_num_queries):
    with django_assert_num_queries(1):
        tinyclues.change([{}])


@pytest.mark.django_db(transaction=True)
def test_parallel_calls_on_one_cohort_are_all_stored_and_numbered():
    tinyclues = Connector("acme", "tinyclues")
    tinyclues.add("ana")
    threads, each = 6, 15

    def upload(thread):
        return [tinyclues.add(f"{thread} {number}").status_code for number in range(each)]

    answers = at_once(*[lambda thread=thread: upload(thread) for thread in range(threads)])

    assert answers == [[201] * each] * threads
    stored = list(Upload.objects.order_by("sequence").values_list("sequence", "external_ids"))
    assert [sequence for sequence, _ in stored] == list(range(1, threads * each + 2))
    for thread in range(threads):
        mine = [ids[0] for _, ids in stored if ids[0].startswith(f"{thread} ")]
        assert mine == [f"{thread} {number}" for number in range(each)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("limit", [250_000, 150], ids=["spread", "one slot"])
def test_naming_and_uploading_a_new_cohort_at_once_neither_fails_nor_waits(settings, limit):
    settings.PARTNER_REQUESTS_PER_HOUR = limit
    tinyclues = Connector("acme", "tinyclues")

    for number in range(12):
        new = f"cohort {number}"
        answers = at_once(
            lambda new=new: tinyclues.name(new),
            lambda new=new: tinyclues.add("ana", cohort_id=new),
            lambda new=new: tinyclues.name(
                new, headers={"Idempotency-Key": f"a{new[-2:].strip()}"}
            ),
            lambda new=new: tinyclues.change(
                [adds("bob")], new, headers={"Idempotency-Key": f"b{new[-2:].strip()}"}
            ),
        )
        assert [answer.status_code for answer in answers] == [201] * 4, answers[0].json()


@pytest.mark.django_db(transaction=True)
def test_the_request_log_costs_a_call_nothing_whatever_its_answer(
    tinyclues, django_assert_num_queries
):
    """What is noted is written later and together, by the log's own thread."""
    tinyclues.add("ana")
    journal.start_over()
    good, secret = [adds("ana")], tinyclues.client_secret

    with django_assert_num_queries(2):  # keys; counted, numbered and stored at once
        assert tinyclues.change(good).status_code == 201
    assert not journal.wait(0)

    with django_assert_num_queries(1):  # keys
        assert tinyclues.change("none").status_code == 400
    tinyclues.client_secret = secret[:-1] + ("A" if secret[-1] != "A" else "B")
    with django_assert_num_queries(1):  # the partner key alone: the other has a wrong checksum
        assert tinyclues.change(good).status_code == 401
    assert len(journal.take().lines) == 2
