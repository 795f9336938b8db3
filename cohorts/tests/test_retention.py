"""What is kept for good, and what goes after a while."""

import pytest
from django.db import connection

from cohorts import retention
from cohorts.models import Upload
from cohorts.tests.factories import adds, apply_all, outcome_of
from partners.models import IdempotencyRecord, RequestCount


def age(table, column, interval):
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {column} = {column} - %s::interval", [interval])


@pytest.mark.parametrize(("days", "kept"), [(89, True), (91, False)])
def test_what_an_upload_changed_is_kept_ninety_days_and_its_counts_for_good(tinyclues, days, kept):
    tinyclues.add("ana")
    apply_all()
    age("cohorts_upload", "received_at", f"{days} days")

    retention.tidy()

    upload = Upload.objects.get()
    assert (upload.members_added is not None) is kept
    assert outcome_of(upload.cohort, 1) == {"waiting": 1}


def test_the_payload_of_what_is_not_applied_yet_is_never_dropped(tinyclues):
    tinyclues.add("ana")
    age("cohorts_upload", "received_at", "1000 days")

    retention.tidy()

    assert Upload.objects.get().external_ids == ["ana"]


@pytest.mark.parametrize(("hours", "replayed"), [(71, True), (73, False)])
def test_an_idempotency_key_is_kept_72_hours(tinyclues, hours, replayed):
    once = {"headers": {"Idempotency-Key": "order-66"}}
    tinyclues.change([adds("ana")], **once)
    age("partners_idempotencyrecord", "created_at", f"{hours} hours")

    retention.tidy()

    assert IdempotencyRecord.objects.exists() is replayed
    again = tinyclues.change([adds("ana")], **once)
    assert ("Idempotent-Replayed" in again.headers) is replayed


@pytest.mark.parametrize(("days", "kept"), [(0, True), (89, True), (91, False)])
def test_hourly_figures_are_kept_ninety_days(tinyclues, days, kept):
    tinyclues.add("ana")
    age("partners_requestcount", "hour", f"{days} days")

    retention.tidy()

    assert RequestCount.objects.exists() is kept
