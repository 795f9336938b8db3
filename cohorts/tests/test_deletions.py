"""What a deletion leaves behind for requests that were accepted before: a digest, for a while."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from cohorts import erasure
from cohorts.models import Cohort, Upload
from cohorts.tests.audience import adds_aliases, adds_devices, cohort_of, members, owner, upload
from cohorts.tests.factories import Connector, adds, apply_all, outcome_of, removes
from profiles.models import DeletedId, Identifier, Profile
from profiles.tests.backend import alias, customer, user, visitor
from workspaces.models import AuditEntry

pytestmark = pytest.mark.django_db

SECOND_PEPPER = b"another thirty-two bytes to guard"


@pytest.fixture(autouse=True)
def proof(db):
    """Whatever a test did, users, cohorts and waiting room agree afterwards."""
    yield
    call_command("check_membership")


def accepted_meanwhile(tinyclues, *changes, nth=0):
    """Have a request accepted that came just before the nth deletion, which couldn't see it."""
    deleted_at = DeletedId.objects.order_by("deleted_at")[nth].deleted_at
    tinyclues.change(list(changes))
    last = Upload.objects.latest("sequence")
    Upload.objects.filter(pk=last.pk).update(received_at=deleted_at - timedelta(microseconds=1))


def age_deletions():
    long_ago = timezone.now() - timedelta(hours=2)
    Upload.objects.update(received_at=long_ago - timedelta(minutes=1))
    DeletedId.objects.update(deleted_at=long_ago)


def test_an_id_is_skipped_that_was_deleted_while_its_request_was_being_accepted(shop, tinyclues):
    shop.track(customer("ana"), customer("bob"), visitor("7", "phone"))
    shop.delete("ana")
    shop.delete(user_aliases=[alias("7")])
    accepted_meanwhile(
        tinyclues, adds("ana", "bob", "ana"), adds_aliases("7"), adds_devices("phone", "tablet")
    )

    apply_all()

    assert outcome_of(cohort_of(), 1) == {"added": 1, "waiting": 1, "deleted": 4}
    assert not Identifier.objects.filter(value__in=["ana", "7", "phone"]).exists()


def test_an_alias_that_such_a_request_names_twice_keeps_every_other_id_in_its_place(
    shop, tinyclues
):
    shop.track(visitor("7"), visitor("8"))
    shop.delete(user_aliases=[alias("7")])
    removes_aliases = adds_aliases("8") | {"should_remove": True}
    accepted_meanwhile(tinyclues, adds_aliases("7", "7", "8"), adds_aliases("9"), removes_aliases)

    apply_all()

    assert outcome_of(cohort_of(), 1) == {"waiting": 1, "not_in": 1, "repeated": 1, "deleted": 2}


def test_it_is_skipped_for_whoever_took_the_id_since(shop, tinyclues):
    shop.track(customer("ana"))
    shop.delete("ana")
    accepted_meanwhile(tinyclues, adds("ana"))
    shop.track(customer("ana"))
    tinyclues.change([adds("ana")], "summer")

    apply_all()

    assert outcome_of(cohort_of("spring"), 1) == {"deleted": 1}
    assert outcome_of(cohort_of("summer"), 1) == {"added": 1}


def test_only_requests_from_before_the_deletion_skip_it(shop, tinyclues):
    shop.track(customer("ana"))
    shop.delete("ana")
    accepted_meanwhile(tinyclues, adds("ana"))
    tinyclues.change([adds("ana")])

    apply_all()

    assert outcome_of(cohort_of(), 1) == {"deleted": 1}
    assert outcome_of(cohort_of(), 2) == {"waiting": 1}


def test_an_id_deleted_twice_is_skipped_up_to_the_second_time(shop, tinyclues):
    shop.track(customer("ana"))
    shop.delete("ana")
    shop.track(customer("ana"))
    shop.delete("ana")
    accepted_meanwhile(tinyclues, adds("ana"), nth=1)

    apply_all()

    assert outcome_of(cohort_of(), 1) == {"deleted": 1}


def test_ids_of_another_kind_label_or_workspace_are_not_skipped(shop, tinyclues):
    shop.track(customer("7"))
    shop.delete("7")
    accepted_meanwhile(
        tinyclues, adds("77"), adds_devices("7"), {"aliases": [alias("7"), alias("7", "shop")]}
    )

    apply_all()

    assert outcome_of(cohort_of(), 1) == {"waiting": 4}


def test_every_id_that_the_user_had_is_skipped(shop, tinyclues):
    shop.track(customer("ana", "phone"), customer("bob"))
    shop.alias_new({**user("ana"), **alias("7")})
    shop.merge((user("bob"), user("ana")))
    shop.delete("bob")
    accepted_meanwhile(tinyclues, adds("ana", "bob"), adds_aliases("7"), adds_devices("phone"))

    apply_all()

    assert outcome_of(cohort_of(), 1) == {"deleted": 4}


def test_a_removal_of_a_deleted_id_is_skipped_too(shop, tinyclues):
    shop.track(customer("ana"))
    upload(tinyclues, adds("ana"))
    shop.delete("ana")
    accepted_meanwhile(tinyclues, removes("ana"))

    apply_all()

    assert outcome_of(cohort_of(), 2) == {"deleted": 1}


def test_what_is_kept_of_an_id_tells_nobody_the_id(shop):
    shop.track(customer("ana"))
    shop.delete("ana")

    kept = DeletedId.objects.get()

    assert len(kept.digest) == 32
    assert b"ana" not in bytes(kept.digest)
    assert not AuditEntry.objects.filter(details__icontains="ana").exists()


def test_ids_deleted_under_an_older_pepper_are_skipped_as_long_as_there_is_that_pepper(
    shop, tinyclues, settings
):
    shop.track(customer("ana"), customer("bob"))
    shop.delete("ana")
    first = settings.PEPPERS
    settings.PEPPERS = {**first, max(first) + 1: SECOND_PEPPER}
    shop.delete("bob")
    accepted_meanwhile(tinyclues, adds("ana", "bob"))

    apply_all()

    assert outcome_of(cohort_of(), 1) == {"deleted": 2}


def test_a_pepper_that_is_gone_is_said_and_its_deletions_are_not_told(
    shop, tinyclues, settings, caplog
):
    shop.delete("ana")
    deleted_under = max(settings.PEPPERS)
    accepted_meanwhile(tinyclues, adds("ana"))
    settings.PEPPERS = {deleted_under + 1: SECOND_PEPPER}

    apply_all()

    assert f"deleted ids under pepper {deleted_under} can't be told any more" in caplog.text
    assert outcome_of(cohort_of(), 1) == {"waiting": 1}


def test_deletions_are_forgotten_once_all_that_came_before_is_applied(shop, tinyclues):
    shop.track(customer("ana"))
    tinyclues.change([adds("bob")])
    shop.delete("ana")
    age_deletions()

    assert erasure.tidy() == 0
    apply_all()
    assert erasure.tidy() == 1
    assert not DeletedId.objects.exists()


def test_deletions_are_kept_an_hour_for_requests_that_are_just_being_accepted(shop):
    shop.delete("nobody")

    assert erasure.tidy() == 0
    assert DeletedId.objects.exists()


def test_a_pending_request_elsewhere_keeps_no_deletion(shop, tinyclues):
    Connector("globex", "segment").add("bob")
    shop.delete("ana")
    age_deletions()

    assert erasure.tidy() == 1


def test_a_deleted_user_is_in_no_cohort_by_any_id_and_no_other_user_is_touched(shop, tinyclues):
    shop.track(customer("ana"), customer("bob"), visitor("7", "phone"))
    upload(tinyclues, adds("ana", "bob", "eve"), adds_devices("phone"))

    shop.delete(braze_ids=[str(owner("ana"))])
    shop.delete(user_aliases=[alias("7")])

    assert len(members()) == 2
    assert set(Profile.objects.values_list("external_id", flat=True)) == {"bob"}


def test_a_deletion_leaves_one_row_for_each_who_is_gone_and_none_for_nobody(shop, tinyclues):
    shop.track(customer("ana"), visitor("7"))
    upload(tinyclues, adds("eve"))
    ana = owner("ana")

    shop.delete("ana", "eve", "nobody")

    rows = AuditEntry.objects.filter(action__endswith=".deleted").order_by("object_type")
    assert [(row.action, row.object_id, row.details) for row in rows][0] == (
        "user.deleted",
        str(ana),
        {},
    )
    assert [row.action for row in rows] == ["user.deleted", "waiting_id.deleted"]
    assert Cohort.objects.count() == 1
