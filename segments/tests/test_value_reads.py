"""What stands beside the numbers: channels, one user explained, what pickers offer, refusals."""

import pytest

from profiles.facets import catalogue, folding
from profiles.facets.values import ValueKind
from profiles.models import Profile
from profiles.tests.backend import BackEnd, alias, customer, visitor
from segments import evaluation, explaining
from segments.channels import Channel, ChannelReach
from segments.reading import InvalidTree
from segments.tests.test_filter_kinds import attribute
from segments.tests.trees import group, tree
from segments.tree import parse

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop():
    return BackEnd("acme")


def test_channels_say_who_can_be_written_to_and_why_the_rest_cannot(shop):
    shop.track(
        customer("ana", "phone", email="ana@example.com"),
        customer("ben", email="ben@example.com", email_subscribe="unsubscribed"),
        customer("cleo", "tablet", push_subscribe="unsubscribed", email_subscribe="opted_in"),
        customer("dan", email="dan@example.com", country="FR"),
    )
    for is_folded in (False, True):
        if is_folded:
            folding.fold_all(shop.workspace.pk)
        found, channels = evaluation.reach_by_channel(shop.workspace.pk, parse(tree()))
        assert found.total == 4
        assert channels == (
            ChannelReach(Channel.EMAIL, reachable=2, without_address=1, unsubscribed=1),
            ChannelReach(Channel.PUSH, reachable=1, without_address=2, unsubscribed=1),
        )


def test_the_api_counts_channels_where_it_is_asked_to(shop):
    shop.track(customer("ana", email="ana@example.com", country="FR"))
    body = {"filters": tree(group(attribute("is", "fr")))}

    assert "channels" not in shop.post("/segments/reach", body).json()
    answer = shop.post("/segments/reach", body | {"channels": True}).json()
    assert answer["total"] == 1
    assert answer["channels"][0] == {
        "channel": "email",
        "reachable": 1,
        "without_address": 0,
        "unsubscribed": 0,
    }
    refused = shop.post("/segments/reach", body | {"channels": "yes"})
    assert (refused.status_code, refused.json()["message"]) == (400, "channels must be a boolean")


def test_an_attribute_that_nobody_has_had_is_refused_with_its_path(shop):
    BackEnd("globex").track(customer("ana", tier="gold"))

    with pytest.raises(InvalidTree) as refused:
        evaluation.reach_of(
            shop.workspace.pk, parse(tree(group(attribute("is", "gold", name="tier"))))
        )

    assert refused.value.problems == [
        "filters.groups[0].filters[0].name is not an attribute of anybody in this workspace"
    ]


def test_an_attribute_is_known_from_its_first_value_and_stays_so(shop):
    shop.track(customer("ana", tier="gold"))
    asked = parse(tree(group(attribute("is", "Gold", name="tier"))))

    assert evaluation.reach_of(shop.workspace.pk, asked).total == 1
    folding.fold_all(shop.workspace.pk)
    shop.track(customer("ana", tier=None))
    folding.fold_all(shop.workspace.pk)
    assert evaluation.reach_of(shop.workspace.pk, asked).total == 0


def test_a_user_is_explained_filter_by_filter(shop):
    shop.track(customer("ana", "phone", country="fr", age=40), visitor("ben", "tablet"))
    shop.alias_new({**alias("card-1", "card"), "external_id": "ana"})
    asked = parse(
        tree(
            group(attribute("is", "FR"), attribute("more_than", 50, name="age")),
            group(),
            group(
                {"kind": "identity", "operator": "is_anonymous"},
                {"kind": "identifier", "of": "alias", "label": "card", "operator": "has"},
                {"kind": "identifier", "of": "device", "operator": "is_any_of", "values": ["x"]},
                attribute("is_blank", name="email"),
            ),
            match="any",
            exclusions=[group(attribute("is", "es"))],
        )
    )
    ana = Profile.objects.get(external_id="ana").pk

    told = explaining.explain(shop.workspace.pk, asked, ana)

    assert told.is_reached is False
    assert [one.matches for one in told.groups] == [False, None, False]
    assert [(one.matches, one.has) for one in told.groups[0].filters] == [
        (True, "fr"),
        (False, "40"),
    ]
    assert [(one.matches, one.has) for one in told.groups[2].filters] == [
        (False, "Identified"),
        (True, "card-1"),
        (False, "phone"),
        (True, "No value"),
    ]
    assert [one.matches for one in told.exclusions] == [False]


def test_nobody_is_explained_in_another_workspace(shop):
    BackEnd("globex").track(customer("ana"))

    ana = Profile.objects.get(external_id="ana").pk
    assert explaining.explain(shop.workspace.pk, parse(tree()), ana) is None


def test_pickers_know_attributes_their_types_and_frequent_values_as_people_write_them(shop):
    shop.track(
        customer("a", country="FR", tags=["Red", "blue"], age=3),
        customer("b", country="FR", tags=["Red"], age=4.5),
        customer("c", country="España", seen_at="2026-01-01T00:00:00Z", vip=True),
    )
    BackEnd("globex").track(customer("a", country="DE", secret="x"))
    folding.fold_all(shop.workspace.pk)

    found = {one.name: one for one in catalogue.known_attributes(shop.workspace.pk)}

    assert next(iter(found)) == "email"
    assert found["email"].users == 0
    assert found["email_open_tracking_disabled"].kinds == {ValueKind.BOOLEAN: 0}
    assert "secret" not in found
    assert (found["country"].users, found["country"].kinds) == (3, {ValueKind.TEXT: 3})
    assert found["age"].kinds == {ValueKind.NUMBER: 2}
    assert found["seen_at"].kinds == {ValueKind.TEXT: 1, ValueKind.TIME: 1}
    assert found["vip"].kinds == {ValueKind.BOOLEAN: 1}
    frequent = catalogue.frequent_values(shop.workspace.pk, "country")
    assert [(one.text, one.users) for one in frequent] == [("FR", 2), ("España", 1)]
    tags = catalogue.frequent_values(shop.workspace.pk, "tags")
    assert [(one.text, one.users) for one in tags] == [("Red", 2), ("blue", 1)]
    assert catalogue.frequent_values(shop.workspace.pk, "nothing") == []
