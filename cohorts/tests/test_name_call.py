"""POST /partners/{partner}/cohorts"""

import pytest

from cohorts.models import Cohort, FormerName, Upload
from cohorts.tests.factories import Connector, moment
from partners.models import RequestCount

CREATED_AT = "created_at must be a valid time as an ISO-8601 string"
NAME = "name must be a non-empty string"
COHORT_ID = "cohort_id must be a valid string"


def the_cohort():
    return Cohort.objects.get()


def test_a_first_call_makes_the_cohort_under_its_name(tinyclues):
    response = tinyclues.name("spring", "Spring buyers")

    assert (response.status_code, response.json()) == (201, {"message": "success"})
    cohort = the_cohort()
    assert (cohort.workspace, cohort.partner) == (tinyclues.workspace, tinyclues.partner)
    assert (cohort.external_id, cohort.name) == ("spring", "Spring buyers")
    assert cohort.display_name == "Spring buyers"
    assert Upload.objects.count() == 0


def test_repeating_the_call_changes_nothing(tinyclues):
    tinyclues.name(export_file_name="a.csv")
    before = Cohort.objects.values().get()

    assert tinyclues.name(export_file_name="a.csv").status_code == 201

    assert Cohort.objects.values().get() == before
    assert not FormerName.objects.exists()


def test_a_new_name_keeps_the_old_one_to_be_found_by(tinyclues):
    tinyclues.name(name="One")
    tinyclues.name(name="Two")
    tinyclues.name(name="One")
    tinyclues.name(name="Two")

    assert the_cohort().name == "Two"
    assert set(FormerName.objects.values_list("name", flat=True)) == {"One", "Two"}


def test_naming_a_cohort_that_uploads_made_keeps_its_members_coming(tinyclues):
    tinyclues.add("ana")
    assert the_cohort().display_name == "spring"

    tinyclues.name(name="Spring buyers")

    assert the_cohort().display_name == "Spring buyers"
    assert not FormerName.objects.exists()


def test_the_first_creation_time_is_kept_and_the_last_one_stored(tinyclues):
    tinyclues.name(created_at="2026-05-04T10:00:00Z")
    tinyclues.name(created_at="2026-06-05T10:00:00+02:00")

    assert the_cohort().first_created_at == moment("2026-05-04T10:00:00+00:00")
    assert the_cohort().last_created_at == moment("2026-06-05T08:00:00+00:00")


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("2026-05-04T10:00:00Z", "2026-05-04T10:00:00+00:00"),
        ("2026-05-04T10:00:00", "2026-05-04T10:00:00+00:00"),
        ("2026-05-04T10:00:00.123Z", "2026-05-04T10:00:00.123+00:00"),
        ("2026-05-04T10:00:00.123456789Z", "2026-05-04T10:00:00.123456+00:00"),
        ("2026-05-04T10:00:00+0530", "2026-05-04T04:30:00+00:00"),
        ("2026-05-04T10:00:00-11:00", "2026-05-04T21:00:00+00:00"),
        ("2026-05-04 10:00:00", "2026-05-04T10:00:00+00:00"),
        ("2026-05-04T10:00Z", "2026-05-04T10:00:00+00:00"),
        ("2026-05-04", "2026-05-04T00:00:00+00:00"),
        ("20260504T100000Z", "2026-05-04T10:00:00+00:00"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+00:00"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59+00:00"),
    ],
)
def test_creation_times_come_with_or_without_offset(tinyclues, sent, stored):
    assert tinyclues.name(created_at=sent).status_code == 201
    assert the_cohort().first_created_at == moment(stored)


@pytest.mark.parametrize(
    "sent",
    [None, "", "yesterday", 1714816800, "1714816800", True, [], {}, "2026-13-01T00:00:00Z"]
    + ["2026-02-30", "2026-05-04T25:00:00Z", "2026-05-04T10:00:00+99:00", "T10:00:00Z"]
    + ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-05-04T10:00:00Z\0", "٢٠٢٦"],
)
def test_what_is_no_time_is_refused_and_nothing_stored(tinyclues, sent):
    response = tinyclues.name(created_at=sent)

    assert (response.status_code, response.json()["message"]) == (400, CREATED_AT)
    assert not Cohort.objects.exists()


@pytest.mark.parametrize("name", ["x", "é" * 255, "😀" * 255, " padded ", "a\nb", "NULL", "<b>"])
def test_names_up_to_255_characters_are_kept_as_they_are(tinyclues, name):
    assert tinyclues.name(name=name).status_code == 201
    assert the_cohort().name == name


@pytest.mark.parametrize(
    "name", [None, "", " ", "\t\n", "\u2003", "n" * 256, "a\0b", 7, True, ["a"], {"a": 1}]
)
def test_other_names_are_refused_and_nothing_stored(tinyclues, name):
    response = tinyclues.name(name=name)

    assert (response.status_code, response.json()["message"]) == (400, NAME)
    assert not Cohort.objects.exists()


@pytest.mark.parametrize(
    "cohort_id", ["c", " ", " a ", "a/b?c#d", "日本😀", "é" * 255, "\n", "%00"]
)
def test_any_characters_make_a_cohort_id(tinyclues, cohort_id):
    assert tinyclues.name(cohort_id).status_code == 201
    assert tinyclues.add("ana", cohort_id=cohort_id).status_code == 201
    assert the_cohort().external_id == cohort_id


@pytest.mark.parametrize("cohort_id", [None, "", "c" * 256, "a\0", 7, 1.5, False, [], ["a"], {}])
def test_what_is_no_cohort_id_is_refused(tinyclues, cohort_id):
    named = tinyclues.name(cohort_id)
    changed = tinyclues.change([], cohort_id)

    for response in (named, changed):
        assert (response.status_code, response.json()["message"]) == (400, COHORT_ID)
    assert not Cohort.objects.exists()


@pytest.mark.parametrize("missing", ["cohort_id", "name", "created_at"])
def test_each_field_is_required(tinyclues, missing):
    fields = {"cohort_id": "spring", "name": "Spring", "created_at": "2026-05-04"}
    del fields[missing]

    response = tinyclues.post("cohorts", fields)

    messages = {"cohort_id": COHORT_ID, "name": NAME, "created_at": CREATED_AT}
    assert (response.status_code, response.json()["message"]) == (400, messages[missing])


def test_the_export_file_name_is_kept_until_another_comes(tinyclues):
    tinyclues.name(export_file_name="Spring_buyers.csv")
    tinyclues.name()
    assert the_cohort().export_file_name == "Spring_buyers.csv"

    tinyclues.name(export_file_name="Summer.csv")
    assert the_cohort().export_file_name == "Summer.csv"


@pytest.mark.parametrize("file_name", [7, [], "f" * 256, "a\0b", False])
def test_an_export_file_name_that_is_none_is_refused(tinyclues, file_name):
    response = tinyclues.name(export_file_name=file_name)

    assert response.status_code == 400
    assert "export_file_name" in response.json()["message"]
    assert not Cohort.objects.exists()


@pytest.mark.parametrize("blank", [None, ""])
def test_an_export_file_name_may_be_left_blank(tinyclues, blank):
    assert tinyclues.name(export_file_name=blank).status_code == 201


def test_one_id_names_different_cohorts_for_each_workspace_and_partner(tinyclues):
    tinyclues.name(name="Acme's")
    Connector("globex", "tinyclues").name(name="Globex's")
    Connector("acme", "segment").name(name="Segment's")

    owners = Cohort.objects.values_list("workspace__slug", "partner__slug", "name")
    assert set(owners) == {
        ("acme", "tinyclues", "Acme's"),
        ("globex", "tinyclues", "Globex's"),
        ("acme", "segment", "Segment's"),
    }


def test_an_accepted_naming_counts_and_a_refused_one_does_not(tinyclues):
    tinyclues.name()
    tinyclues.name(name="")

    assert sum(RequestCount.objects.values_list("accepted", flat=True)) == 1


def test_what_the_other_call_carries_is_ignored(tinyclues):
    assert tinyclues.name(cohort_changes=[{"user_ids": ["ana"]}]).status_code == 201
    assert not Upload.objects.exists()
