"""A partner's latest uploads out of the ledger, whatever cohort they went to."""

import pytest

from cohorts import uploads
from cohorts.applying.folding import COUNTS
from cohorts.models import Upload
from cohorts.tests.factories import Connector, adds, apply_all, make_users, removes

pytestmark = pytest.mark.django_db


@pytest.fixture
def tinyclues():
    return Connector("acme", "tinyclues")


def latest(connector, most=100):
    return uploads.latest(connector.workspace.pk, connector.partner.pk, most=most)


def test_the_latest_of_all_cohorts_come_first(tinyclues):
    for cohort_id in ("spring", "summer", "spring", "autumn", "spring"):
        tinyclues.add("ana", cohort_id=cohort_id)
    tinyclues.name(cohort_id="named only")

    assert [upload.cohort for upload in latest(tinyclues)] == [
        "spring",
        "autumn",
        "spring",
        "summer",
        "spring",
    ]
    assert [upload.cohort for upload in latest(tinyclues, most=2)] == ["spring", "autumn"]


@pytest.mark.parametrize("most", [1, 4, 9, 10, 25, 100])
def test_however_unevenly_cohorts_receive_the_latest_are_the_latest(tinyclues, most):
    """Busy ones, quiet ones, and one that was busy once; of each more than is read at first."""
    turns = ["once busy"] * 12 + ["busy", "quiet", "busy", "busy", "other"] * 4 + ["busy"] * 9
    ids = [tinyclues.add("ana", cohort_id=cohort)["X-Request-Id"] for cohort in turns]

    found = latest(tinyclues, most=most)

    assert [str(upload.request_id) for upload in found] == ids[::-1][:most]


def test_each_count_of_the_ledger_has_its_words():
    assert set(uploads.WORDS) == set(COUNTS)


def test_an_upload_says_how_far_it_has_come_and_what_became_of_its_ids(tinyclues):
    make_users(tinyclues.workspace, ["ana", "bob"])
    tinyclues.change([adds("ana", "bob", "nobody"), removes("bob")])

    (stored,) = latest(tinyclues)
    apply_all()
    (applied,) = latest(tinyclues)
    Upload.objects.update(skipped_at="2026-05-04T10:00:00Z")
    (skipped,) = latest(tinyclues)

    assert stored.outcome == "Stored, and about to be applied."
    assert (applied.ids, applied.outcome) == (4, "1 added, 1 waiting, 1 not in it, 1 repeated")
    assert skipped.outcome.startswith("Skipped by an operator")


def test_an_upload_without_ids_says_so(tinyclues):
    tinyclues.change([{"user_ids": []}])
    apply_all()

    (upload,) = latest(tinyclues)

    assert upload.outcome == "There were no ids in it."


def test_other_workspaces_and_partners_are_not_in_it(tinyclues):
    Connector("globex", "tinyclues").add("zoe")
    Connector("acme", "segment").add("zoe")

    assert latest(tinyclues) == []
