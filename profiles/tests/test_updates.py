import pytest
from django.db import transaction

from common.bitmaps import join
from profiles import known, locks, waiting
from profiles.models import Identifier, IdentifierKind, IdentifierState, Profile
from profiles.tests.connections import aside, at_once, await_blocked, held
from profiles.users_api import track, updates
from tests.factories import bearer, make_rest_key, make_workspace
from workspaces.models import AuditEntry

ANA = {"external_id": "ana"}
PHONE = {"device_id": "phone"}
CRM_7 = {"alias_label": "crm", "alias_name": "7"}


@pytest.fixture
def acme(db):
    return make_workspace("acme")


def send(workspace, *attributes):
    items, problems = track.decode({"attributes": list(attributes)})
    assert not problems
    return updates.apply(workspace, items, by="test")


def reserve(workspace, kind, value, label=""):
    waiting.reserve(workspace.pk, kind, [(label, value)])
    return Identifier.objects.get(workspace=workspace, kind=kind, value=value).profile_id


def known_ids(workspace):
    return list(join(known.read_known(workspace.pk)))


def test_an_unknown_external_id_creates_an_identified_user_who_is_known_at_once(acme):
    send(acme, {**ANA, "email": "ana@example.com"})

    ana = Profile.objects.get(external_id="ana")
    assert ana.attributes == {"email": "ana@example.com"}
    assert known_ids(acme) == [ana.pk]
    assert Identifier.objects.get().state == IdentifierState.LIVE


def test_the_next_call_updates_that_user_and_null_removes(acme):
    send(acme, {**ANA, "email": "ana@example.com", "age": 40})
    send(acme, {**ANA, "age": 41, "email": None, "vip": True})

    assert Profile.objects.get().attributes == {"age": 41, "vip": True}


def test_items_about_one_user_apply_in_order(acme):
    send(
        acme,
        {**ANA, "age": 1, "vip": True},
        {**ANA, "age": None, "vip": False},
        {**ANA, "age": 3, "vip": None},
    )

    assert Profile.objects.get().attributes == {"age": 3}


def test_external_ids_are_compared_byte_for_byte(acme):
    send(acme, ANA, {"external_id": "Ana"}, {"external_id": "ana "}, {"external_id": "aná"})

    assert Profile.objects.count() == 4


def test_an_unknown_alias_creates_a_user_only_when_told_to(acme):
    send(acme, {"user_alias": CRM_7, "age": 1})
    assert not Profile.objects.exists()

    send(acme, {"user_alias": CRM_7, "age": 2, "_update_existing_only": False})
    assert not Profile.objects.get().is_identified
    send(acme, {"user_alias": CRM_7, "age": 3})
    assert Profile.objects.get().attributes == {"age": 3}


def test_a_user_is_reached_by_the_profile_id(acme):
    send(acme, ANA)
    ana = Profile.objects.get()

    send(acme, {"braze_id": str(ana.pk), "age": 41})

    ana.refresh_from_db()
    assert ana.attributes == {"age": 41}


def test_the_profile_id_of_another_workspace_or_of_nobody_is_an_item_error(acme):
    globex = make_workspace("globex")
    send(globex, ANA)
    theirs = Profile.objects.get()
    waiting_id = reserve(acme, IdentifierKind.EXTERNAL_ID, "bob")

    result = send(acme, {"braze_id": str(theirs.pk)}, ANA, {"braze_id": str(waiting_id)})

    assert [problem.index for problem in result.problems] == [0, 2]
    assert result.processed["attributes"] == 1
    assert Profile.objects.filter(workspace=acme).count() == 1


def test_a_new_user_takes_the_reserved_id(acme):
    reserved = reserve(acme, IdentifierKind.EXTERNAL_ID, "ana")

    send(acme, ANA)

    assert Profile.objects.get().pk == reserved
    assert waiting.count(acme.pk) == 0
    assert Identifier.objects.get().last_named_at is None


def test_a_device_of_an_identified_user_is_muted_and_of_an_anonymous_one_is_not(acme):
    send(acme, {**ANA, "devices": [PHONE]})
    send(acme, {"_create_anonymous": True, "devices": [{"device_id": "tablet"}]})

    states = dict(
        Identifier.objects.filter(kind=IdentifierKind.DEVICE).values_list("value", "state")
    )
    assert states == {"phone": IdentifierState.MUTED, "tablet": IdentifierState.LIVE}


def test_an_anonymous_user_is_updated_by_the_device(acme):
    anonymous = {"_create_anonymous": True, "devices": [PHONE]}
    send(acme, {**anonymous, "age": 1})
    send(acme, {**anonymous, "age": 2})

    assert Profile.objects.get().attributes == {"age": 2}


def test_a_device_of_an_identified_user_makes_no_anonymous_user(acme):
    send(acme, {**ANA, "devices": [PHONE]})

    result = send(acme, {"_create_anonymous": True, "devices": [PHONE]}, {"external_id": "bob"})

    assert [problem.reason for problem in result.problems] == [
        "device_id belongs to an identified user"
    ]
    assert Profile.objects.count() == 2


def test_a_device_belongs_to_the_user_who_named_it_last(acme):
    send(acme, {"_create_anonymous": True, "devices": [PHONE]})
    send(acme, {**ANA, "devices": [PHONE]})

    phone = Identifier.objects.get(kind=IdentifierKind.DEVICE)
    assert phone.profile_id == Profile.objects.get(external_id="ana").pk
    assert phone.state == IdentifierState.MUTED
    assert Profile.objects.count() == 2


def test_a_call_of_75_items_costs_as_many_queries_as_one_item(acme, django_assert_num_queries):
    for index in range(25):
        reserve(acme, IdentifierKind.EXTERNAL_ID, f"waiting {index}")
        send(acme, {"external_id": f"existing {index}"})
    calls = [
        {
            "external_id": f"{sort} {index}",
            "age": index,
            "devices": [{"device_id": f"{sort}{index}"}],
        }
        for sort in ("new", "waiting", "existing")
        for index in range(25)
    ]
    # Savepoint, shared lock, identifiers; profile ids; identifiers in, locked, claimed, count of
    # waiting ids; profiles, known; profiles locked, updated; changed values; audit; release.
    with django_assert_num_queries(15):
        send(acme, *calls)
    assert Profile.objects.count() == 75


def test_a_call_leaves_one_audit_row(acme):
    send(acme, ANA, {"external_id": "bob"})

    entry = AuditEntry.objects.get(action="users.track")
    assert entry.details == {"attributes": 2, "created": 2}


def post(client, body, permissions="users.track"):
    key = make_rest_key(make_workspace(), permissions)
    return client.post("/users/track", body, "application/json", **bearer(key))


def test_the_answer_counts_what_was_processed_and_names_what_failed(acme, client):
    answer = post(
        client,
        {
            "attributes": [ANA, {}, {"braze_id": "99"}],
            "events": [{**ANA, "name": "visit", "time": "2026-01-01T00:00:00Z"}, ANA],
        },
    )

    assert answer.status_code == 201
    assert answer.json() == {
        "message": "success",
        "attributes_processed": 1,
        "events_processed": 1,
        "errors": [
            {
                "index": 1,
                "type": "external_id, user_alias or braze_id must name a user",
                "input_array": "attributes",
            },
            {"index": 2, "type": "braze_id names nobody", "input_array": "attributes"},
            {
                "index": 1,
                "type": "name must be a string of 1 to 255 characters without NUL",
                "input_array": "events",
            },
        ],
    }


def test_tracking_needs_a_key_with_its_permission(acme, client):
    assert client.post("/users/track", {}, "application/json").status_code == 401
    assert post(client, {"attributes": [ANA]}, "users.delete").status_code == 403
    assert not Profile.objects.exists()


@pytest.mark.parametrize(
    "body", ["{", "[]", "{}", '{"attributes": 1}', '{"attributes": [{"external_id": "\\ud800"}]}']
)
def test_a_body_without_items_is_a_bad_request(acme, client, body):
    assert post(client, body).status_code == 400


def test_what_json_can_say_and_postgresql_cannot_fails_its_item_only(acme, client):
    body = (
        '{"attributes": [{"external_id": "ana", "age": '
        + "9" * 400
        + '}, {"external_id": "bob", "a": "\\u0000"}, {"external_id": "dan", "age": 61.5}]}'
    )

    answer = post(client, body)

    assert answer.status_code == 201
    assert [error["index"] for error in answer.json()["errors"]] == [0, 1]
    assert Profile.objects.get().attributes == {"age": 61.5}


@pytest.mark.django_db(transaction=True)
def test_calls_at_once_that_create_the_same_users_make_each_once():
    acme = make_workspace("acme")
    users = [{"external_id": str(number)} for number in range(40)]

    def call(users, **attributes):
        return lambda: send(acme, *({**user, **attributes} for user in users))

    at_once(call(users, a=1), call(users[::-1], b=2), call(users, c=3), call(users[::-1], d=4))

    assert Profile.objects.count() == 40
    for profile in Profile.objects.all():
        assert profile.attributes == {"a": 1, "b": 2, "c": 3, "d": 4}
    assert len(known_ids(acme)) == 40


@pytest.mark.django_db(transaction=True)
def test_a_user_who_appears_while_the_id_begins_to_wait_takes_the_reserved_id():
    acme = make_workspace("acme")
    reserved = []

    def name_ana():
        locks.share_identities(acme.pk)
        waiting.reserve(acme.pk, IdentifierKind.EXTERNAL_ID, [("", "ana")])
        reserved.append(Identifier.objects.get(value="ana").profile_id)

    with held(name_ana) as commit, aside(lambda: send(acme, {**ANA, "age": 41})):
        await_blocked()
        commit()

    ana = Profile.objects.get()
    assert [ana.pk] == reserved
    assert ana.attributes == {"age": 41}
    assert waiting.count(acme.pk) == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("devices", [False, True])
def test_an_id_that_two_calls_claim_at_once_is_claimed_once(devices):
    """A waiting device that is to be ignored takes the lock for oneself, others share theirs."""
    acme = make_workspace("acme")
    values = [str(number) for number in range(60)]
    waiting.reserve(acme.pk, IdentifierKind.EXTERNAL_ID, [("", value) for value in values])
    if devices:
        waiting.reserve(acme.pk, IdentifierKind.DEVICE, [("", value) for value in values])
    reserved = set(Identifier.objects.filter(kind=1).values_list("profile_id", flat=True))
    users = [
        {"external_id": value, "devices": [{"device_id": value}] * devices} for value in values
    ]

    def name_again():
        with transaction.atomic():
            locks.share_identities(acme.pk)
            waiting.reserve(acme.pk, IdentifierKind.EXTERNAL_ID, [("", value) for value in values])

    at_once(lambda: send(acme, *users), lambda: send(acme, *users[::-1]), name_again, name_again)

    assert set(Profile.objects.values_list("pk", flat=True)) == reserved
    assert waiting.count(acme.pk) == 0
    assert not Identifier.objects.filter(state=IdentifierState.RESERVED).exists()


@pytest.mark.django_db(transaction=True)
def test_whoever_is_late_to_claim_an_id_updates_the_user_who_took_it():
    acme = make_workspace("acme")
    waiting.reserve(acme.pk, IdentifierKind.EXTERNAL_ID, [("", "ana")])

    def say(**attributes):
        return lambda: send(acme, {**ANA, **attributes})

    with held(say(first=True)) as commit, aside(say(second=True)):
        await_blocked()
        commit()

    assert Profile.objects.get().attributes == {"first": True, "second": True}
    assert waiting.count(acme.pk) == 0
