"""Campaigns and Canvases over the API: who may read them, what is told, and what isn't."""

import csv
import io
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns import launching, services
from campaigns.models import Campaign, Kind, State
from campaigns.tests.factories import (
    BY,
    email,
    launched,
    make_campaign,
    make_users,
    sent,
    webhook,
)
from campaigns.tests.mail_server import mail_server
from campaigns.tests.receiver import receiver
from campaigns.tests.test_launching import cohort_filter, make_segment, uploaded
from cohorts.tests.factories import Connector
from profiles.models import Profile
from segments.tree import parse
from tests.factories import bearer, make_rest_key, make_workspace

pytestmark = pytest.mark.django_db(transaction=True)

CALLS = [
    ("/campaigns/list", "campaigns.list"),
    ("/campaigns/details", "campaigns.details"),
    ("/campaigns/export", "campaigns.details"),
    ("/canvas/list", "canvas.list"),
    ("/canvas/details", "canvas.details"),
    ("/canvas/export", "canvas.details"),
]
LISTS = [("/campaigns/list", "campaigns", Kind.CAMPAIGN), ("/canvas/list", "canvases", Kind.CANVAS)]
ONE = [
    ("/campaigns/details", "campaign_id", Kind.CAMPAIGN),
    ("/campaigns/export", "campaign_id", Kind.CAMPAIGN),
    ("/canvas/details", "canvas_id", Kind.CANVAS),
    ("/canvas/export", "canvas_id", Kind.CANVAS),
]


@pytest.fixture
def acme():
    return make_workspace()


@pytest.fixture
def get(client, acme):
    key = bearer(make_rest_key(acme))

    def get(path, **query):
        return client.get(path, query, **key)

    return get


@pytest.fixture
def mailbox():
    with mail_server() as mailbox:
        yield mailbox


def queries_of(get, path, **query):
    get(path, **query)  # notes the key's last use, once a minute
    with CaptureQueriesContext(connection) as captured:
        assert get(path, **query).status_code == 200
    return len(captured)


def names(answer, what):
    assert answer.status_code == 200, answer.json()
    return [one["name"] for one in answer.json()[what]]


def make_canvas(*steps, **others):
    return make_campaign(*steps, kind=Kind.CANVAS, name="Welcome", **others)


# --- Keys and parameters ---------------------------------------------------------------


@pytest.mark.parametrize(("path", "permission"), CALLS)
def test_every_call_needs_a_key_with_its_permission(client, acme, path, permission):
    others = ",".join({name for _, name in CALLS} - {permission} | {"segments.list"})
    strong = bearer(make_rest_key(acme, permission))

    assert client.get(path).status_code == 401
    assert client.get(path, **bearer("qs_rak_nonsense")).status_code == 401
    assert client.get(path, **bearer(make_rest_key(acme, others))).status_code == 403
    assert client.get(path, **strong).status_code in (200, 400)
    assert client.get(f"{path}/", **strong).status_code in (200, 400)
    assert client.post(path, **strong).status_code == 405


@pytest.mark.parametrize(("path", "parameter", "kind"), ONE)
def test_what_is_unknown_of_another_kind_or_another_workspace_is_not_there(
    get, client, path, parameter, kind
):
    make_users("ana")
    own = make_campaign(kind=kind)
    other_kind = make_campaign(kind=Kind.CANVAS if kind == Kind.CAMPAIGN else Kind.CAMPAIGN)
    for campaign in (own, other_kind):
        launching.launch(campaign, by=BY)
    stranger = bearer(make_rest_key(make_workspace("globex")))

    assert get(path, **{parameter: own.pk}).status_code == 200
    for wanted in ("nonsense", "\0", uuid.uuid4(), other_kind.pk):
        answer = get(path, **{parameter: wanted})
        assert (answer.status_code, answer.json()["message"]) == (404, "Not Found")
    assert client.get(path, {parameter: own.pk}, **stranger).status_code == 404
    missing = get(path)
    assert (missing.status_code, missing.json()) == (
        400,
        {"message": f"{parameter} must be a valid string"},
    )


@pytest.mark.parametrize("path", ["/campaigns/list", "/canvas/list"])
@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"page": "-1"}, "page must be a whole number from 0"),
        ({"page": "9" * 99}, "page must be a whole number from 0"),
        ({"sort_direction": "up"}, "sort_direction must be asc or desc"),
        ({"include_archived": "perhaps"}, "include_archived must be true or false"),
        (
            {"last_edit.time[gt]": "yesterday"},
            "last_edit.time[gt] must be a valid time as an ISO-8601 string",
        ),
        (
            {"last_edit.time[gt]": "2026-01-01T00:00:00\0"},
            "last_edit.time[gt] must be a valid time as an ISO-8601 string",
        ),
    ],
)
def test_a_list_that_makes_no_sense_is_refused(get, path, query, message):
    answer = get(path, **query)

    assert (answer.status_code, answer.json()) == (400, {"message": message})


# --- Lists -----------------------------------------------------------------------------


def test_a_campaign_is_listed_as_at_braze(acme, get):
    campaign = services.create(acme, kind=Kind.CAMPAIGN, name="Spring", tags=["shop"], by=BY)
    canvas = services.create(acme, kind=Kind.CANVAS, name="Welcome", by=BY)

    (one,) = get("/campaigns/list").json()["campaigns"]
    assert one.pop("last_edited").endswith("+00:00")
    assert one == {
        "id": str(campaign.pk),
        "name": "Spring",
        "is_api_campaign": False,
        "tags": ["shop"],
    }
    (one,) = get("/canvas/list").json()["canvases"]
    assert one.pop("last_edited").endswith("+00:00")
    assert one == {"id": str(canvas.pk), "name": "Welcome", "tags": []}


@pytest.mark.parametrize(("path", "what", "kind"), LISTS)
def test_lists_are_sorted_and_leave_out_the_archived_and_what_wasnt_edited(
    acme, get, path, what, kind
):
    first = services.create(acme, kind=kind, name="First", by=BY)
    gone = services.create(acme, kind=kind, name="Gone", by=BY)
    services.create(acme, kind=kind, name="Last", by=BY)
    services.create(make_workspace("globex"), kind=kind, name="Theirs", by=BY)
    services.archive(gone, by=BY)
    Campaign.objects.filter(pk=first.pk).update(updated_at=timezone.now() - timedelta(days=2))
    yesterday = f"{timezone.now() - timedelta(days=1):%Y-%m-%dT%H:%M:%S}"

    assert names(get(path), what) == ["First", "Last"]
    assert names(get(path, sort_direction="desc"), what) == ["Last", "First"]
    assert names(get(path, include_archived="true"), what) == ["First", "Gone", "Last"]
    assert names(get(path, **{"last_edit.time[gt]": yesterday}), what) == ["Last"]


@pytest.mark.parametrize(("path", "what", "kind"), LISTS)
def test_a_page_has_a_hundred_in_two_queries(acme, get, path, what, kind):
    assert queries_of(get, path) == 2  # the key, the page
    Campaign.objects.bulk_create(
        Campaign(workspace=acme, kind=kind, name=f"Number {number}") for number in range(101)
    )

    assert [len(names(get(path, page=page), what)) for page in (0, 1, 2)] == [100, 1, 0]
    assert queries_of(get, path) == 2


# --- Details ---------------------------------------------------------------------------


def test_a_draft_says_whom_it_is_for_and_that_nothing_became_of_it_yet(acme, get):
    make_users("ana", "bob")
    uploaded(Connector(), spring=["ana", "bob"], summer=["ana"])
    segment = make_segment("Spring buyers", "spring")
    campaign = make_campaign(
        segments=[segment.pk], filters=cohort_filter("summer"), control_percent=10
    )

    found = get("/campaigns/details", campaign_id=campaign.pk).json()

    (message,) = found.pop("messages").values()
    assert message["channel"] == "email"
    assert message["subject"] == "Hello {{ user.first_name | default: 'you' }}"
    for moment in ("created_at", "updated_at"):
        assert found.pop(moment).endswith("+00:00")
    audience = found.pop("audience")
    applied = [cohort.pop("last_applied_at") for cohort in audience["cohorts"]]
    assert len(applied) == 2
    assert all(applied)
    assert audience.pop("filters") == parse(cohort_filter("summer")).to_json()
    assert audience == {
        "segments": [{"id": str(segment.pk), "name": "Spring buyers"}],
        "control_percent": 10,
        "cohorts": [
            {"name": "spring", "partner": "tinyclues", "cohort_id": "spring", "size": 2},
            {"name": "summer", "partner": "tinyclues", "cohort_id": "summer", "size": 1},
        ],
        "launched_at": None,
        "size": None,
        "control_size": None,
    }
    assert found == {
        "message": "success",
        "archived": False,
        "draft": True,
        "enabled": False,
        "has_post_launch_draft": False,
        "state": "draft",
        "name": "Spring",
        "description": "",
        "schedule_type": "time_based",
        "scheduled_at": None,
        "channels": ["email"],
        "tags": [],
        "teams": [],
        "first_sent": None,
        "last_sent": None,
        "results": None,
        "conversion_behaviors": [],
    }


def test_what_was_launched_tells_the_audience_of_that_moment_and_the_results(mailbox, get):
    shop = make_users("ana", "bob", "cleo")
    shop.track({"external_id": "cleo", "email_subscribe": "unsubscribed"})
    uploaded(Connector(), spring=["ana", "cleo"], late=["dan"])
    segment = make_segment("Spring buyers", "spring")
    filters = {**cohort_filter("spring"), "exclusions": cohort_filter("late")["groups"]}
    campaign = make_campaign(segments=[segment.pk], filters=filters)
    sending = sent(launched(campaign))
    uploaded(Connector(), spring=["bob"])

    found = get("/campaigns/details", campaign_id=campaign.pk).json()

    assert (found["draft"], found["enabled"], found["state"]) == (False, False, State.SENT)
    assert found["first_sent"] <= found["last_sent"]
    assert found["last_sent"][:19] == sending.finished_at.isoformat()[:19]
    audience = found["audience"]
    assert (audience["size"], audience["control_size"]) == (2, 0)
    assert audience["segments"] == [{"id": str(segment.pk), "name": "Spring buyers"}]
    assert {cohort["name"]: cohort["size"] for cohort in audience["cohorts"]} == {
        "spring": 2,
        "late": 0,
    }
    numbers = {
        "recipients": 2,
        "sent": 1,
        "left_out": 1,
        "failed": 0,
        "unknown": 0,
        "waiting": 0,
        "opened": 0,
        "clicked": 0,
        "unsubscribed": 0,
    }
    # Nobody came from the cohort that is excluded.
    spring = {"name": "spring", "partner": "tinyclues", "cohort_id": "spring", **numbers}
    assert found["results"] == {
        **numbers,
        "reasons": {"unsubscribed": 1},
        "cohorts": [spring],
    }


def test_a_canvas_leads_from_step_to_step_each_with_its_own_results(mailbox, get):
    make_users("ana", "bob")
    uploaded(Connector(), spring=["ana", "bob"], summer=["bob"])
    either = [cohort_filter(name)["groups"][0] for name in ("spring", "summer")]
    canvas = make_canvas(
        email(),
        email(3600, subject="Still there?"),
        filters={"version": 1, "match": "any", "groups": either},
    )
    sent(launched(canvas))

    found = get("/canvas/details", canvas_id=canvas.pk).json()

    first, second = found["steps"]
    assert first["next_step_ids"] == [second["id"]]
    assert first["next_paths"] == [{"name": "Default", "next_step_id": second["id"]}]
    assert (second["next_step_ids"], second["delay_seconds"]) == ([], 3600)
    assert found["variants"] == [
        {
            "name": "Welcome",
            "id": str(canvas.pk),
            "first_step_ids": [first["id"]],
            "first_step_id": first["id"],
        }
    ]
    assert found["first_entry"] == found["last_entry"] == found["audience"]["launched_at"]
    assert found["enabled"] is True
    assert (first["results"]["sent"], second["results"]["sent"]) == (2, 0)
    assert [
        [(cohort["name"], cohort["recipients"], cohort["sent"]) for cohort in step["cohorts"]]
        for step in (first["results"], second["results"])
    ] == [[("spring", 2, 2), ("summer", 1, 1)], [("spring", 0, 0), ("summer", 0, 0)]]
    (message,) = second["messages"].values()
    assert message["subject"] == "Still there?"


@override_settings(WEBHOOK_PRIVATE_HOSTS=["127.0.0.1"])
def test_what_a_webhook_s_headers_hold_is_never_told(get):
    with receiver() as hook:
        step = webhook(hook.url, headers={"Authorization": "Bearer hunter2"}, properties={"a": "b"})
        campaign, canvas = make_campaign(step), make_canvas(step)

    for path, query in (
        ("/campaigns/details", {"campaign_id": campaign.pk}),
        ("/canvas/details", {"canvas_id": canvas.pk}),
    ):
        answer = get(path, **query)
        assert "Authorization" in answer.content.decode()
        assert "hunter2" not in answer.content.decode()
    (message,) = get("/campaigns/details", campaign_id=campaign.pk).json()["messages"].values()
    assert message == {
        "channel": "webhook",
        "url": hook.url,
        "request_method": "POST",
        "headers": ["Authorization"],
        "properties": {"a": "b"},
    }


def test_details_take_as_many_queries_whatever_there_is_to_tell(mailbox, get):
    make_users("ana", "bob")
    uploaded(Connector(), one=["ana"], two=["ana"], three=["ana"])
    small = make_campaign(segments=[make_segment("One", "one").pk], name="Small")
    large = make_canvas(
        *[email(number) for number in range(6)],
        segments=[make_segment("Two", "two").pk, make_segment("Three", "three").pk],
    )
    paths = ("/campaigns/details", "/canvas/details")

    def taken():
        ours = ({"campaign_id": small.pk}, {"canvas_id": large.pk})
        return [queries_of(get, path, **query) for path, query in zip(paths, ours, strict=True)]

    # The key, the campaign, its steps, segments and cohorts, and two for the snapshot.
    assert taken() == [7, 7]
    for campaign in (small, large):
        sent(launched(campaign))
    # Instead of segments and cohorts: its sendings, three for what became of them, and four
    # for the part of each cohort.
    assert taken() == [13, 13]


# --- Export ----------------------------------------------------------------------------


def exported(answer):
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_an_export_has_the_whole_audience_step_by_step_and_the_control_group(mailbox, get):
    everybody = [f"user-{number}" for number in range(40)]
    shop = make_users(*everybody)
    shop.track({"external_id": "user-0", "email": None})
    canvas = make_canvas(email(), email(3600), control_percent=50)
    assert get("/canvas/export", canvas_id=canvas.pk).status_code == 404
    sent(launched(canvas))

    rows = exported(get("/canvas/export", canvas_id=canvas.pk))

    held_out = {row["external_id"] for row in rows if row["result"] == "held_out"}
    assert held_out
    told = {step: {r["external_id"] for r in rows if r["step"] == step} for step in ("1", "2")}
    assert told["1"] == told["2"] == set(everybody) - held_out
    assert {row["result"] for row in rows if row["step"] == "2"} == {"waiting"}
    first = {row["external_id"]: row for row in rows if row["step"] == "1"}
    assert {row["result"] for name, row in first.items() if name != "user-0"} == {"sent"}
    if "user-0" in first:
        assert first["user-0"]["reason"] == "no_address"
    ids = dict(Profile.objects.values_list("external_id", "pk"))
    assert all(row["braze_id"] == str(ids[row["external_id"]]) for row in rows)


def test_an_export_has_who_still_waits_too(mailbox, get):
    make_users("ana", "bob")
    campaign = make_campaign()
    launched(campaign)

    rows = exported(get("/campaigns/export", campaign_id=campaign.pk))

    assert sorted((row["external_id"], row["result"]) for row in rows) == [
        ("ana", "waiting"),
        ("bob", "waiting"),
    ]
