from datetime import UTC, datetime
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from pyroaring import BitMap64

from cohorts import blocks
from cohorts.models import Cohort, CohortCursor, CohortHead, Upload
from common import bitmaps
from profiles import activity, known, waiting
from profiles.activity import Tally
from profiles.models import Identifier, IdentifierKind, IdentifierState, KnownBlock, Profile
from profiles.users_api import track, updates
from tests.factories import make_partner, make_workspace

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
ONCE = Tally(1, NEW_YEAR, NEW_YEAR)


@pytest.fixture
def acme(db):
    """Ana with a phone, an anonymous tablet, and Zoe who waits."""
    workspace = make_workspace("acme")
    items, _ = track.decode(
        {
            "attributes": [
                {"external_id": "ana", "devices": [{"device_id": "phone"}]},
                {"_create_anonymous": True, "devices": [{"device_id": "tablet"}]},
            ]
        }
    )
    updates.apply(workspace, items, by="test")
    waiting.reserve(workspace.pk, IdentifierKind.EXTERNAL_ID, [("", "zoe")])
    return workspace


@pytest.fixture
def spring(acme):
    """A cohort in which Ana and Zoe are, by one upload of two ids."""
    cohort = Cohort.objects.create(workspace=acme, partner=make_partner(), external_id="spring")
    members = BitMap64(
        Identifier.objects.filter(value__in=["ana", "zoe"]).values_list("profile_id", flat=True)
    )
    blocks.store(cohort.pk, members, bitmaps.block_numbers(members))
    CohortHead.objects.create(cohort=cohort, sequence=1, ids_received=2)
    CohortCursor.objects.create(cohort=cohort, sequence=1, ids_applied=2)
    Upload.objects.create(
        cohort=cohort,
        sequence=1,
        request_id=uuid4(),
        ids=2,
        applied_at="2026-01-01T00:00:00Z",
        added=1,
        waiting=1,
        members_added=members,
        members_removed=BitMap64(),
    )
    return cohort


def check(**options):
    """What the command prints when all is well."""
    output = StringIO()
    call_command("check_membership", stdout=output, **options)
    return output.getvalue()


def fault():
    """What the command prints when it finds something wrong."""
    output = StringIO()
    with pytest.raises(CommandError):
        call_command("check_membership", stdout=output)
    return output.getvalue()


def ana():
    return Profile.objects.get(external_id="ana")


def identifiers(value):
    return Identifier.objects.filter(value=value)


def test_one_line_says_that_everything_agrees(acme, spring):
    assert check() == "Everything agrees in 1 workspaces.\n"
    assert check(workspace="acme") == "Everything agrees in 1 workspaces.\n"


def test_an_unknown_workspace_is_refused(acme):
    with pytest.raises(CommandError, match=r"There is no workspace globex\."):
        check(workspace="globex")


def test_a_fault_elsewhere_is_none_of_this_workspace(acme):
    make_workspace("globex")
    identifiers("ana").delete()

    assert check(workspace="globex")


@pytest.mark.parametrize(
    ("break_it", "sentence"),
    [
        (lambda acme: Profile.objects.filter(pk=ana().pk).delete(), "who doesn't exist"),
        (
            lambda acme: activity.record(acme.pk, {2**40: {(1, "visit"): ONCE}}),
            "done by a user who doesn't exist",
        ),
        (lambda acme: known.append(acme.pk, removed=[ana().pk]), "user isn't known"),
        (lambda acme: known.append(acme.pk, added=[2**40]), "known user doesn't exist"),
        (lambda acme: identifiers("ana").delete(), "isn't found by the external id"),
        (
            lambda acme: identifiers("ana").update(state=IdentifierState.MUTED),
            "other than a device",
        ),
        (
            lambda acme: identifiers("phone").update(state=IdentifierState.LIVE),
            "takes part in matching",
        ),
        (
            lambda acme: identifiers("tablet").update(state=IdentifierState.MUTED),
            "is ignored",
        ),
        (lambda acme: identifiers("zoe").update(profile_id=ana().pk), "waiting id has a user"),
        (lambda acme: identifiers("zoe").update(profile_id=2**40), "yet to be given out"),
        (lambda acme: waiting.record(acme.pk, 1), "1 ids wait, but their changes add up to 2"),
        (
            lambda acme: Identifier.objects.create(
                workspace=acme,
                kind=1,
                value="yan",
                profile_id=identifiers("zoe").get().profile_id,
                state=IdentifierState.RESERVED,
            ),
            "reserved for two",
        ),
        (
            lambda acme: Profile.objects.filter(external_id="ana").update(external_id=None),
            "anonymous user has an external id",
        ),
        (
            lambda acme: KnownBlock.objects.create(
                workspace=acme, number=0, members=BitMap64([1 << 16])
            ),
            "reaches past its end",
        ),
    ],
)
def test_what_is_wrong_among_users_is_found(acme, spring, break_it, sentence):
    break_it(acme)

    assert sentence in fault()


@pytest.mark.parametrize(
    ("break_it", "sentence"),
    [
        (lambda spring: blocks.store(spring.pk, BitMap64([2**40]), [2**24]), "neither a user"),
        (lambda spring: spring.blocks.all().delete(), "member is missing"),
        (lambda spring: spring.blocks.update(members=BitMap64([1 << 16])), "past its end"),
        (lambda spring: spring.uploads.update(members_added=BitMap64()), "by no upload"),
        (lambda spring: spring.uploads.update(added=2), "don't add up"),
        (lambda spring: spring.uploads.update(ids=3, already_in=1), "3"),
        (lambda spring: spring.uploads.update(applied_at=None), "neither applied nor skipped"),
        (lambda spring: spring.uploads.all().delete(), "2 ids were received"),
        (lambda spring: CohortCursor.objects.update(sequence=0, ids_applied=0), "past the cursor"),
        (lambda spring: CohortCursor.objects.update(sequence=2), "only 1 was accepted"),
        (lambda spring: CohortCursor.objects.update(ids_applied=1), "1 ids were applied"),
        (lambda spring: CohortHead.objects.update(sequence=2), "2 were accepted"),
        (lambda spring: CohortHead.objects.all().delete(), "no head or no cursor"),
    ],
)
def test_what_is_wrong_in_a_cohort_is_found(spring, break_it, sentence):
    break_it(spring)

    assert sentence in fault()


def test_nothing_is_replayed_once_retention_cleared_what_uploads_did(spring):
    spring.uploads.update(members_added=None, members_removed=None)

    assert check()


def test_a_moved_membership_is_no_fault(acme, spring):
    items, _ = track.decode({"attributes": [{"external_id": "zoe"}]})
    updates.apply(acme, items, by="test")
    waiting.reserve(acme.pk, IdentifierKind.DEVICE, [("", "watch")])
    watch = identifiers("watch").get().profile_id
    members = bitmaps.join(blocks.of(spring.pk)) | BitMap64([watch])
    blocks.store(spring.pk, members, bitmaps.block_numbers(members))
    spring.uploads.update(members_added=members, ids=3, waiting=2)
    CohortHead.objects.update(ids_received=3)
    CohortCursor.objects.update(ids_applied=3)
    assert check()

    tablet = {"device_id": "tablet"}
    items, _ = track.decode(
        {"attributes": [{"_create_anonymous": True, "devices": [tablet, {"device_id": "watch"}]}]}
    )
    updates.apply(acme, items, by="test")

    assert check()
    assert watch not in bitmaps.join(blocks.of(spring.pk))


def test_many_faults_of_one_kind_are_counted_after_the_first_few(acme):
    known.append(acme.pk, added=range(2**40, 2**40 + 100))

    assert "known user doesn't exist: 95 more" in fault()
