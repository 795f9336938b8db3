import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from segments import services
from segments.models import Cause, Segment, SizeStep
from segments.tests.trees import cohort, group, know, make_cohort, segment, tree, without
from segments.tree import parse
from tests.factories import BY, bearer, make_rest_key
from workspaces.models import AuditEntry

CALLS = [
    ("post", "/segments/reach", "segments.details"),
    ("post", "/segments/create", "segments.create"),
    ("get", "/segments/list", "segments.list"),
    ("get", "/segments/details", "segments.details"),
    ("get", "/segments/data_series", "segments.data_series"),
]


@pytest.fixture
def key(acme):
    return bearer(make_rest_key(acme))


@pytest.fixture
def post(client, key):
    def post(path, body):
        return client.post(f"/segments/{path}", body, content_type="application/json", **key)

    return post


@pytest.fixture
def get(client, key):
    def get(path, **query):
        return client.get(f"/segments/{path}", query, **key)

    return get


def make_segment(workspace, name="Buyers", filters=None, **others):
    filters = parse(filters or tree())
    return services.create(workspace, name=name, filters=filters, by=BY, **others)


# --- Keys ------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "path", "permission"), CALLS)
def test_every_call_needs_a_key_with_its_permission(client, acme, method, path, permission):
    others = ",".join({name for _, _, name in CALLS} - {permission} | {"cohorts.list"})
    weak = bearer(make_rest_key(acme, others))
    strong = bearer(make_rest_key(acme, permission))
    send = getattr(client, method)

    assert send(path).status_code == 401
    assert send(path, **bearer("qs_rak_nonsense")).status_code == 401
    assert send(path, **weak).status_code == 403
    assert send(path, **strong).status_code in (200, 400, 415)
    assert send(f"{path}/", **strong).status_code in (200, 400, 415)


# --- Reach -----------------------------------------------------------------------------


def test_reach_answers_as_the_contract_says(acme, post):
    know(acme, 1, 2, 3, 4)
    make_cohort(acme, "spring", [1, 2, 3, 99])
    make_cohort(acme, "summer", [3])
    filters = tree(
        group(cohort("spring"), without("summer")), exclusions=[group(cohort("spring", "summer"))]
    )

    answer = post("reach", {"filters": filters})

    assert answer.status_code == 200
    assert answer.json() == {
        "message": "success",
        "total": 0,
        "everyone": 4,
        "groups": [
            {
                "alone": 2,
                "running": 2,
                "filters": [{"alone": 3, "running": 3}, {"alone": 3, "running": 2}],
            }
        ],
        "exclusions": [{"removed": 2}],
    }


def test_reach_takes_a_query_for_each_thing_it_reads(acme, post, django_assert_num_queries):
    know(acme, 1)
    make_cohort(acme, "spring", [1])
    body = {"filters": tree(group(cohort("spring")))}
    post("reach", body)  # notes the key's last use, once a minute

    # The key, the cohort, known, the members. (A snapshot's own three come on top where no
    # test holds a transaction.)
    with django_assert_num_queries(4):
        assert post("reach", body).json()["total"] == 1


def test_a_broken_tree_is_refused_with_its_path(post):
    answer = post("reach", {"filters": tree(group(cohort("a") | {"operator": "has"}))})

    assert answer.status_code == 400
    assert answer.json() == {
        "message": "filters must be a valid filter tree",
        "errors": [
            "filters.groups[0].filters[0].operator must be includes or does_not_include",
        ],
    }


def test_another_workspaces_cohort_is_refused_like_an_unknown_one(globex, post):
    make_cohort(globex, "theirs", [1])

    answers = [
        post("reach", {"filters": tree(group(cohort(name)))}) for name in ("theirs", "nobodys")
    ]

    assert [answer.status_code for answer in answers] == [400, 400]
    assert answers[0].content == answers[1].content
    assert "filters.groups[0].filters[0].cohorts[0]" in answers[0].json()["errors"][0]


def test_another_workspaces_segment_is_refused(globex, post):
    theirs = make_segment(globex)

    answer = post("reach", {"filters": tree(group(segment(theirs)))})

    assert answer.status_code == 400
    assert "filters.groups[0].filters[0].segment" in answer.json()["errors"][0]


BODIES = {
    "no body": b"",
    "null": b"null",
    "array": b"[]",
    "text": b'"filters"',
    "not JSON": b"{",
    "not UTF-8": b'{"filters": "\xff"}',
    "lone surrogate": b'{"filters": "\\ud800"}',
    "NUL": b'{"filters": {"version": 1, "\\u0000": 1}}',
    "no filters": b"{}",
    "filters null": b'{"filters": null}',
    "huge number": b'{"filters": {"version": 1' + b"0" * 999 + b"}}",
    "deep": b'{"filters": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "many keys": json.dumps({"filters": {str(key): 1 for key in range(50_000)}}).encode(),
    "many groups": json.dumps({"filters": tree(*[{}] * 50_000)}).encode(),
}


@pytest.mark.parametrize("path", ["reach", "create"])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_no_body_is_more_than_a_short_400(post, path, body):
    answer = post(path, body)

    assert answer.status_code == 400
    assert len(answer.content) < 4096


# --- Create ----------------------------------------------------------------------------


def test_a_created_segment_can_be_read_back(acme, post, get):
    know(acme, 1, 2)
    make_cohort(acme, "spring", [1], name="Spring sale")
    body = {
        "name": "Buyers",
        "description": "They buy.",
        "tags": ["shop"],
        "filters": tree(group(cohort("spring"), name="Spring")),
    }

    created = post("create", body)

    assert created.status_code == 201
    assert created.json()["message"] == "success"
    details = get("details", segment_id=created.json()["segment_id"]).json()
    assert details.pop("created_at").endswith("+00:00")
    assert details.pop("updated_at").endswith("+00:00")
    assert details == {
        "message": "success",
        "name": "Buyers",
        "description": "Tinyclues Cohorts includes Spring sale",
        "text_description": "They buy.",
        "tags": ["shop"],
        "teams": [],
        "size": 1,
        "filters": body["filters"],
    }
    entry = AuditEntry.objects.get(action="segment.created")
    assert entry.actor.startswith("qs_rak_")


REFUSALS = {
    "no name": ({"name": None}, "name must be a string of 1 to 255 characters"),
    "blank name": ({"name": "  "}, "name must be a non-empty string"),
    "NUL in the name": ({"name": "a\0"}, "name must be text without NUL"),
    "long name": ({"name": "x" * 256}, "name must be a string of 1 to 255 characters"),
    "description": (
        {"description": 7},
        "description must be a string of 1 to 10000 characters",
    ),
    "tags": ({"tags": "shop"}, "tags must be an array"),
    "a tag": ({"tags": ["shop", 1]}, "tags[1] must be a string of 1 to 64 characters"),
    "the name of another": ({"name": "Taken"}, "name is already used by another segment: Taken"),
    "filters": ({"filters": []}, "filters must be a valid filter tree"),
}


@pytest.mark.parametrize(("change", "message"), REFUSALS.values(), ids=REFUSALS.keys())
def test_a_refused_segment_leaves_no_trace(acme, post, change, message):
    make_segment(acme, "Taken")

    answer = post("create", {"name": "Buyers", "filters": tree()} | change)

    assert (answer.status_code, answer.json()["message"]) == (400, message)
    assert Segment.objects.count() == 1


# --- List and details ------------------------------------------------------------------


def test_the_list_has_active_segments_of_the_workspace_in_order(acme, globex, get):
    first = make_segment(acme, "First", tags=["shop"])
    second = make_segment(acme, "Second")
    services.archive(make_segment(acme, "Archived"), by=BY)
    make_segment(globex, "Theirs")

    answer = get("list").json()

    assert answer["message"] == "success"
    assert answer["segments"][0] == {
        "id": str(first.pk),
        "name": "First",
        "analytics_tracking_enabled": False,
        "tags": ["shop"],
    }
    assert {one["id"] for one in answer["segments"]} == {str(first.pk), str(second.pk)}
    assert get("list", sort_direction="desc").json()["segments"] == answer["segments"][::-1]


def test_a_page_has_a_hundred(acme, get):
    Segment.objects.bulk_create(
        Segment(workspace=acme, name=f"Segment {number}") for number in range(101)
    )

    assert [len(get("list", page=page).json()["segments"]) for page in (0, 1, 2)] == [100, 1, 0]


@pytest.mark.parametrize(
    "query", [{"page": "-1"}, {"page": "one"}, {"page": "9" * 99}, {"sort_direction": "up"}]
)
def test_a_list_that_makes_no_sense_is_refused(get, query):
    assert get("list", **query).status_code == 400


def test_the_list_takes_two_queries(acme, get, django_assert_num_queries):
    make_segment(acme)
    get("list")  # notes the key's last use

    # The key, the segments.
    with django_assert_num_queries(2):
        get("list")


def test_a_segment_without_id_unknown_or_of_another_workspace_isnt_shown(globex, get):
    theirs = make_segment(globex)

    assert get("details").status_code == 400
    for wanted in ("nonsense", "\0", uuid.uuid4(), theirs.pk):
        answer = get("details", segment_id=wanted)
        assert (answer.status_code, answer.json()) == (404, {"message": "Not Found"})


def test_filters_are_told_in_words(acme, get):
    make_cohort(acme, "spring", name="Spring sale")
    make_cohort(acme, "unnamed")
    vips = make_segment(acme, "VIPs")
    filters = tree(
        group(cohort("spring", "unnamed"), without("spring"), match="any"),
        group(segment(vips)),
        exclusions=[group(cohort("unnamed"))],
    )

    made = make_segment(acme, filters=filters)

    assert get("details", segment_id=made.pk).json()["description"] == (
        "(Tinyclues Cohorts includes Spring sale or unnamed or "
        "Tinyclues Cohorts does not include Spring sale) and segment membership includes VIPs, "
        "except Tinyclues Cohorts includes unnamed"
    )


# --- Data series -----------------------------------------------------------------------


def test_a_data_series_has_the_sizes_as_they_were_counted(acme, get):
    made = make_segment(acme)
    noon = datetime(2026, 3, 10, 12, tzinfo=UTC)
    for days, size in ((2, 10), (0, 30)):
        SizeStep.objects.create(
            segment=made, at=noon - timedelta(days=days), size=size, cause=Cause.DAY
        )

    answer = get("data_series", segment_id=made.pk, length=3, ending_at="2026-03-10T12:00:00Z")

    assert answer.json() == {
        "message": "success",
        "data": [
            {"time": "2026-03-08T12:00:00.000+00:00", "size": 10},
            {"time": "2026-03-09T12:00:00.000+00:00", "size": 10},
            {"time": "2026-03-10T12:00:00.000+00:00", "size": 30},
        ],
    }
    assert get("data_series", segment_id=made.pk, length=1).json()["data"][0]["size"] == 30


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"length": "0"},
        {"length": "101"},
        {"length": "x"},
        {"length": "1", "ending_at": "yesterday"},
        {"length": "100", "ending_at": "0001-01-01T00:00:00Z"},
    ],
)
def test_a_data_series_that_makes_no_sense_is_refused(acme, get, query):
    made = make_segment(acme)

    assert get("data_series", segment_id=made.pk, **query).status_code == 400


def test_there_is_no_data_series_of_another_workspaces_segment(globex, get):
    theirs = make_segment(globex)

    assert get("data_series", segment_id=theirs.pk, length=1).status_code == 404
    assert get("data_series", length=1).status_code == 400
