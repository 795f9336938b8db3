"""`GET /cohorts/list` and `GET /cohorts/details`, and the sizes and the search behind them."""

import threading

import pytest
from django.db import connection
from django.test import Client
from pyroaring import BitMap64

from cohorts import blocks, registry
from cohorts.models import Cohort
from cohorts.sizes import Size, sizes
from cohorts.tests.factories import (
    Connector,
    accept,
    adds,
    apply_all,
    make_cohort,
    make_users,
    moment,
    removes,
)
from common import bitmaps
from profiles import known
from tests.factories import bearer, make_rest_key, make_workspace

BLOCK = 1 << 16


@pytest.fixture
def acme(db):
    return make_workspace()


@pytest.fixture
def read(client, acme):
    """GET a path of the cohort reads with Acme's key."""
    key = bearer(make_rest_key(acme, "cohorts.list,cohorts.details"))

    def get(path, **parameters):
        return client.get(f"/cohorts/{path}", parameters, **key)

    return get


def named(workspace, external_id, name, **others):
    cohort = make_cohort(workspace, external_id, others.pop("partner", "tinyclues"))
    registry.name(cohort.pk, name=name, created_at=moment("2026-05-04T10:00:00Z"), **others)
    return cohort


def ids_of(answer):
    assert answer.status_code == 200, answer.content
    return [cohort["cohort_id"] for cohort in answer.json()["cohorts"]]


# --- Details ---------------------------------------------------------------------------


def test_details_tell_the_exact_size_and_how_far_uploads_are_applied(acme, read):
    make_users(acme, ["ann", "bob", "eve"])
    cohort = named(acme, "spring", "Spring buyers", export_file_name="spring.csv")
    accept(cohort, adds("ann", "bob", "nobody yet"), removes("bob"))
    apply_all()
    accept(cohort, adds("eve", "zoe"))

    answer = read("details", partner="tinyclues", cohort_id="spring")

    assert answer.status_code == 200
    shown = answer.json()
    cohort = Cohort.objects.select_related("head", "cursor").get()
    assert moment(shown.pop("created_at")).replace(microsecond=0)
    assert moment(shown.pop("last_received_at")) <= cohort.head.last_received_at
    assert moment(shown.pop("last_applied_at")) <= cohort.cursor.last_applied_at
    assert shown == {
        "message": "success",
        "partner": "tinyclues",
        "cohort_id": "spring",
        "name": "Spring buyers",
        "named": True,
        "former_names": [],
        "export_file_name": "spring.csv",
        "archived": False,
        "size": 1,
        "waiting": 1,
        "received": 6,
        "pending": 2,
    }


def test_a_cohort_without_a_name_is_shown_under_its_id(acme, read):
    make_cohort(acme)

    shown = read("details", partner="tinyclues", cohort_id="spring").json()

    assert (shown["name"], shown["named"]) == ("spring", False)
    assert shown["last_received_at"] is shown["last_applied_at"] is None
    assert (shown["size"], shown["waiting"], shown["received"], shown["pending"]) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    "parameters",
    [
        {"partner": "tinyclues", "cohort_id": "autumn"},
        {"partner": "tinyclues", "cohort_id": "Spring"},
        {"partner": "tinyclues", "cohort_id": "spring "},
        {"partner": "segment", "cohort_id": "spring"},
        {"partner": "nobody", "cohort_id": "spring"},
    ],
)
def test_an_unknown_cohort_is_not_found(acme, read, parameters):
    make_cohort(acme)

    answer = read("details", **parameters)

    assert answer.status_code == 404
    assert answer.json() == {"message": "Not Found"}


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"partner": "tinyclues"}, "cohort_id must be a valid string"),
        ({"partner": "tinyclues", "cohort_id": ""}, "cohort_id must be a valid string"),
        ({"partner": "tinyclues", "cohort_id": "a\0b"}, "cohort_id must be a valid string"),
        ({"cohort_id": "spring"}, "partner must be a valid string"),
    ],
)
def test_details_say_which_parameter_is_wrong(read, parameters, message):
    answer = read("details", **parameters)

    assert answer.status_code == 400
    assert answer.json() == {"message": message}


def test_a_workspace_never_sees_the_cohorts_of_another(acme, read):
    globex = make_workspace("globex")
    make_cohort(globex, "theirs")
    make_cohort(globex, "spring")

    assert ids_of(read("list")) == []
    assert read("details", partner="tinyclues", cohort_id="spring").status_code == 404


@pytest.mark.parametrize("path", ["list", "details"])
def test_each_read_takes_its_own_permission(client, acme, path):
    other = "cohorts.details" if path == "list" else "cohorts.list"

    answer = client.get(f"/cohorts/{path}", **bearer(make_rest_key(acme, other)))

    assert answer.status_code == 403


def test_details_take_a_fixed_number_of_queries(acme, read, django_assert_num_queries):
    make_users(acme, [f"user {number}" for number in range(50)])
    cohort = named(acme, "spring", "Spring buyers")
    accept(cohort, adds(*(f"user {number}" for number in range(50))))
    apply_all()
    read("details", partner="tinyclues", cohort_id="spring")

    # The key; the cohort with its head and cursor; its former names; who exists; its blocks.
    with django_assert_num_queries(5):
        read("details", partner="tinyclues", cohort_id="spring")


@pytest.mark.django_db(transaction=True)
def test_nothing_pending_never_comes_with_an_old_size():
    """Read while uploads are applied: received minus pending is what the size shows."""
    connector = Connector()
    make_users(connector.workspace, [f"user {number}" for number in range(60)])
    key = bearer(make_rest_key(connector.workspace))
    cohort = make_cohort(connector.workspace)
    done, wrong = threading.Event(), []

    def watch():
        reader = Client()
        while not done.is_set():
            shown = reader.get(
                "/cohorts/details", {"partner": "tinyclues", "cohort_id": "spring"}, **key
            ).json()
            if shown["size"] != shown["received"] - shown["pending"]:
                wrong.append(shown)
        connection.close()

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        for number in range(60):
            accept(cohort, adds(f"user {number}"))
            apply_all()
    finally:
        done.set()
        watcher.join()
    assert wrong == []


# --- List ------------------------------------------------------------------------------


def test_the_list_has_a_hundred_a_page_the_oldest_first(acme, read):
    for number in range(103):
        make_cohort(acme, f"cohort {number}")

    assert ids_of(read("list")) == [f"cohort {number}" for number in range(100)]
    assert ids_of(read("list", page=1)) == ["cohort 100", "cohort 101", "cohort 102"]
    assert ids_of(read("list", page=2)) == []


@pytest.mark.parametrize("page", ["-1", "1.5", "one", "", "٣", "1" * 30, "0x1"])
def test_a_page_is_a_whole_number_from_zero(read, page):
    answer = read("list", page=page)

    assert answer.status_code == 400
    assert answer.json() == {"message": "page must be a whole number from 0"}


def test_a_far_page_is_empty(acme, read):
    make_cohort(acme)

    assert ids_of(read("list", page="9999999")) == []


def test_the_list_can_keep_to_one_partner(acme, read):
    make_cohort(acme, "spring", "tinyclues")
    make_cohort(acme, "autumn", "segment")

    assert ids_of(read("list", partner="segment")) == ["autumn"]
    assert ids_of(read("list", partner="nobody")) == []


def test_the_list_takes_a_fixed_number_of_queries(acme, read, django_assert_num_queries):
    for number in range(30):
        named(acme, f"cohort {number}", f"Cohort {number}")
        named(acme, f"cohort {number}", f"Renamed {number}")
    read("list")

    with django_assert_num_queries(3):  # the key; the cohorts; their former names
        shown = read("list").json()["cohorts"]
    assert shown[7]["former_names"] == ["Cohort 7"]


# --- Search ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Spring Buyers",
        "spring buyers",
        "SPRING_BUYERS",
        "spring-buyers.csv",
        "spring.buyers.CSV.gz",
        "springbuyers",
        "ring buy",
        "  spring  ",
        "été",
        "ÉTÉ 2026",
        "q2_export",
        "Q2 Export 2026.xlsx",
        "q2.export.2026",
        "cluster-4711",
        "cluster 4711",
        "Easter hunters",
        "easter_hunters.csv",
        "100%",
        "_été",
    ],
)
def test_a_cohort_is_found_by_all_that_it_was_ever_called(acme, read, text):
    named(acme, "Cluster/4711", "Easter Hunters")
    named(
        acme, "Cluster/4711", "Spring Buyers Été 2026 100%", export_file_name="Q2_Export_2026.csv"
    )
    named(acme, "other", "Autumn sellers", export_file_name="q3.csv")

    assert ids_of(read("list", search=text)) == ["Cluster/4711"]


@pytest.mark.parametrize("text", ["winter", "q2 import", "47 12", "%", "\\", "'; --", ".csv", "_"])
def test_what_nobody_is_called_finds_nobody(acme, read, text):
    named(acme, "Cluster/4711", "Spring Buyers", export_file_name="Q2-Export")

    assert ids_of(read("list", search=text)) == []


def test_a_text_of_separators_is_looked_for_as_it_stands(acme, read):
    named(acme, "a", "100 %")
    named(acme, "b", "100 percent")

    assert ids_of(read("list", search="%")) == ["a"]


@pytest.mark.parametrize("text", ["", "  ", "\0"])
def test_a_blank_search_finds_everything(acme, read, text):
    make_cohort(acme)

    assert ids_of(read("list", search=text)) == ["spring"]


def test_search_and_partner_go_together(acme, read):
    named(acme, "a", "Spring", partner="tinyclues")
    named(acme, "b", "Spring", partner="segment")

    assert ids_of(read("list", search="spring", partner="segment")) == ["b"]


# --- Sizes -----------------------------------------------------------------------------


def fill(cohort, *profile_ids):
    held = BitMap64(profile_ids)
    blocks.store(cohort.pk, held, bitmaps.block_numbers(held))


def test_sizes_tell_the_known_from_the_waiting_over_all_blocks(acme):
    spring, autumn, empty = (make_cohort(acme, name) for name in ("spring", "autumn", "empty"))
    fill(spring, 1, 2, 3, BLOCK + 1, 7 * BLOCK)
    fill(autumn, 2, 9 * BLOCK)
    known.append(acme.pk, added=[1, 2, BLOCK + 1, 5 * BLOCK])

    assert sizes(acme.pk, [spring.pk, autumn.pk, empty.pk]) == {
        spring.pk: Size(matched=3, waiting=2),
        autumn.pk: Size(matched=1, waiting=1),
        empty.pk: Size(),
    }


def test_sizes_of_many_cohorts_take_two_queries(acme, django_assert_num_queries):
    cohorts = [make_cohort(acme, f"cohort {number}") for number in range(20)]
    for cohort in cohorts:
        fill(cohort, *range(1, 5 * BLOCK, BLOCK))

    with django_assert_num_queries(2):  # who exists; the blocks
        counted = sizes(acme.pk, [cohort.pk for cohort in cohorts])
    assert set(counted.values()) == {Size(waiting=5)}
    with django_assert_num_queries(0):
        assert sizes(acme.pk, []) == {}
