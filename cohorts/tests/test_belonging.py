"""The cohorts that a user is in, since when, and by which upload."""

import threading

import pytest
from django.urls import reverse

from cohorts import arrivals, belonging, retention
from cohorts.lookup import held
from cohorts.models import Upload
from cohorts.tests.factories import (
    Connector,
    accept,
    adds,
    apply_all,
    make_cohort,
    make_users,
    members_of,
    removes,
    waiting_id,
)
from profiles import merging
from profiles.tests.connections import aside
from tests.factories import BY, make_workspace


@pytest.fixture
def acme(db):
    return make_workspace("acme")


def upload(cohort, *objects):
    """The row of a request once it is applied."""
    sequence = accept(cohort, *objects)
    apply_all()
    return Upload.objects.get(cohort=cohort, sequence=sequence)


def names(workspace, profile_id):
    return [one.name for one in belonging.read(workspace.pk, [profile_id])[profile_id]]


def arrival(workspace, profile_id):
    (one,) = belonging.read(workspace.pk, [profile_id])[profile_id]
    return one.source, one.since


def test_a_user_is_in_every_cohort_that_holds_them_by_name(acme):
    ana, bob = make_users(acme, ["ana", "bob"]).values()
    for name, *ids in (["spring", "ana"], ["autumn", "ana", "bob"], ["winter", "bob"]):
        upload(make_cohort(acme, name), adds(*ids))
    upload(make_cohort(acme, "empty"), adds("ana"), removes("ana"))

    assert names(acme, ana) == ["autumn", "spring"]
    assert names(acme, bob) == ["autumn", "winter"]


def test_a_cohort_is_shown_by_its_name_and_partner_and_told_apart_by_slug_and_id(acme):
    ana = make_users(acme, ["ana"])["ana"]
    tinyclues = Connector("acme")
    tinyclues.add("ana")
    tinyclues.name(name="Spring buyers")
    upload(make_cohort(acme, "spring", "segment"), adds("ana"))

    first, second = belonging.read(acme.pk, [ana])[ana]

    assert (first.name, first.id, first.partner, first.partner_slug) == (
        "Spring buyers",
        "spring",
        tinyclues.partner.name,
        "tinyclues",
    )
    assert (second.name, second.partner_slug) == ("spring", "segment")
    assert first.path == reverse(
        "admin:cohorts_cohort_change", args=[make_cohort(acme, "spring").pk]
    )


def test_an_archived_cohort_still_holds_its_members(acme):
    ana = make_users(acme, ["ana"])["ana"]
    spring = make_cohort(acme)
    row = upload(spring, adds("ana"))
    spring.archived_at = row.applied_at
    spring.save()

    assert names(acme, ana) == ["spring"]


def test_the_upload_that_added_a_member_is_the_source_and_others_are_not(acme):
    ana = make_users(acme, ["ana", "bob"])["ana"]
    spring = make_cohort(acme)
    upload(spring, adds("bob"))
    second = upload(spring, adds("ana"))
    upload(spring, adds("ana", "bob"))

    assert arrival(acme, ana) == ("2", second.applied_at)


def test_who_left_and_came_again_is_in_since_the_second_time(acme):
    ana = make_users(acme, ["ana"])["ana"]
    spring = make_cohort(acme)
    upload(spring, adds("ana"))
    upload(spring, removes("ana"))
    again = upload(spring, adds("ana"))

    assert arrival(acme, ana) == ("3", again.applied_at)


def test_who_came_in_by_a_merge_has_no_upload_not_even_one_from_before_a_removal(acme):
    ana, bob = make_users(acme, ["ana", "bob"]).values()
    spring = make_cohort(acme)
    upload(spring, adds("ana", "bob"))
    upload(spring, removes("ana"))
    merging.merge_profiles(acme, bob, ana, by=BY)

    assert arrival(acme, ana) == ("", None)


def test_without_the_bitmaps_of_old_uploads_membership_stays_and_its_source_goes(acme, settings):
    ana = make_users(acme, ["ana"])["ana"]
    upload(make_cohort(acme), adds("ana"))
    settings.UPLOAD_RETENTION_DAYS = 0
    retention.tidy()

    assert arrival(acme, ana) == ("", None)


def test_an_upload_that_is_not_applied_yet_brings_nobody_in(acme):
    ana = make_users(acme, ["ana"])["ana"]
    spring = make_cohort(acme)
    row = upload(spring, adds("ana"))
    accept(spring, removes("ana"))
    accept(make_cohort(acme, "autumn"), adds("ana"))

    assert arrival(acme, ana) == ("1", row.applied_at)


def test_a_call_looks_back_as_far_as_it_may_in_each_cohort(acme, monkeypatch):
    ana, bob = make_users(acme, ["ana", "bob"]).values()
    spring, autumn = make_cohort(acme), make_cohort(acme, "autumn")
    for cohort in (spring, autumn):
        upload(cohort, adds("ana"))
        upload(cohort, adds("bob"))

    monkeypatch.setattr(arrivals, "MOST_UPLOADS", 2)
    assert [one.source for one in belonging.read(acme.pk, [ana])[ana]] == ["", ""]
    assert [one.source for one in belonging.read(acme.pk, [bob])[bob]] == ["2", "2"]
    monkeypatch.setattr(arrivals, "MOST_UPLOADS", 4)
    assert [one.source for one in belonging.read(acme.pk, [ana])[ana]] == ["1", "1"]


def test_more_uploads_than_are_in_memory_at_once_are_all_looked_at(acme, monkeypatch):
    monkeypatch.setattr(arrivals, "AT_ONCE", 2)
    ids = make_users(acme, [str(number) for number in range(7)])
    spring = make_cohort(acme)
    for external_id in ids:
        upload(spring, adds(external_id))

    found = belonging.read(acme.pk, list(ids.values()))

    sources = [found[profile_id][0].source for profile_id in ids.values()]
    assert sources == ["1", "2", "3", "4", "5", "6", "7"]


def test_an_id_that_waits_is_in_the_cohorts_that_named_it(acme):
    upload(make_cohort(acme), adds("ana"))

    assert names(acme, waiting_id(acme, "ana")) == ["spring"]


def test_another_workspace_has_no_part_in_it(acme):
    ana = make_users(acme, ["ana"])["ana"]
    upload(make_cohort(acme), adds("ana"))

    assert belonging.read(make_workspace("globex").pk, [ana]) == {ana: []}


def test_an_id_that_is_nobodys_is_in_nothing(acme):
    assert belonging.read(acme.pk, [2**40]) == {2**40: []}
    assert belonging.read(acme.pk, []) == {}


def test_looking_bits_up_agrees_with_the_members_of_each_cohort(acme):
    """In blocks that are empty, lists, runs and bitmaps, with patches over them."""
    ids = make_users(acme, [str(number) for number in range(6_000)])
    cohorts = {
        "nobody": [],
        "list": list(ids)[::50],
        "run": list(ids)[100:900],
        "bitmap": [each for index, each in enumerate(ids) if index % 7],
    }
    for name, members in cohorts.items():
        for start in range(0, len(members), 1_000):
            accept(make_cohort(acme, name), adds(*members[start : start + 1_000]))
    apply_all()
    asked = [ids[str(number)] for number in range(0, 6_000, 61)]
    merging.merge_profiles(acme, asked[3], asked[1], by=BY)
    merging.merge_profiles(acme, asked[8], asked[9], by=BY)

    found = held(acme.pk, asked)

    for name in cohorts:
        cohort = make_cohort(acme, name)
        assert set(found.get(cohort.pk, ())) == members_of(cohort) & set(asked), name


def test_fifty_users_in_many_cohorts_cost_as_many_queries_as_one_in_one(
    acme, django_assert_num_queries
):
    ids = make_users(acme, [str(number) for number in range(50)])
    accept(make_cohort(acme), adds("0"))
    apply_all()
    # Bits, uploads, cohorts with their partners.
    with django_assert_num_queries(3):
        belonging.read(acme.pk, [ids["0"]])

    for number in range(30):
        accept(make_cohort(acme, str(number)), adds(*list(ids)[number:]))
    apply_all()
    with django_assert_num_queries(3):
        found = belonging.read(acme.pk, list(ids.values()))
    assert len(found[ids["49"]]) == 30


@pytest.mark.django_db(transaction=True)
def test_what_is_applied_meanwhile_is_not_half_in_the_answer(monkeypatch):
    """Membership and ledger are of one moment: nobody is in without the upload that did it."""
    acme = make_workspace("acme")
    ana = make_users(acme, ["ana"])["ana"]
    spring = make_cohort(acme)
    upload(spring, adds("ana"))
    looked_up, applied = threading.Event(), threading.Event()
    find = arrivals.find

    def find_late(members):
        looked_up.set()
        assert applied.wait(timeout=20)
        return find(members)

    def remove():
        assert looked_up.wait(timeout=20)
        upload(spring, removes("ana"))
        applied.set()

    monkeypatch.setattr(arrivals, "find", find_late)
    with aside(lambda: belonging.read(acme.pk, [ana]), remove) as (reading, _):
        pass

    (one,) = reading.result()[ana]
    assert one.source == "1"
    assert belonging.read(acme.pk, [ana]) == {ana: []}
