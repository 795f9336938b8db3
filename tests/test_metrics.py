"""`/metrics`: gauges of the database, and counters of every process."""

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from django.conf import settings as configured
from django.db import connection, connections
from django.db.models.functions import Now
from prometheus_client.parser import text_string_to_metric_families

from cohorts import registry
from cohorts.models import Cohort, CohortCursor, CohortHead, Upload
from common import metrics
from profiles import known
from tests.factories import make_keys, make_partner, make_rest_key, make_workspace
from workspaces import heartbeat
from workspaces.models import WorkerHeartbeat

COUNT = """
import django, sys
django.setup()
from common import metrics
metrics.partner_requests_total.labels(partner="tinyclues", status="201").inc()
metrics.apply_seconds.observe(0.2)
"""
SHOW = """
import django
django.setup()
from django.test import RequestFactory
from config.metrics import metrics
print(metrics(RequestFactory().get("/metrics")).content.decode())
"""


def read(client, **headers):
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200
    return samples(answer.content.decode())


def samples(text):
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


@pytest.mark.django_db
def test_an_empty_instance_has_nothing_pending(client):
    shown = read(client)

    assert shown["quayside_database_up"] == 1
    for name in ("pending_ids", "pending_requests", "oldest_pending_seconds", "parked_cohorts"):
        assert shown[f"quayside_{name}"] == 0
    assert shown["quayside_heartbeat_age_seconds"] == -1
    assert "process_resident_memory_bytes" in shown


@pytest.mark.django_db
def test_what_is_pending_shows_with_the_age_of_the_oldest(client):
    acme, tinyclues = make_workspace(), make_partner()
    behind, done, parked = (
        registry.find_or_create(acme.pk, tinyclues.pk, name) for name in ("a", "b", "c")
    )
    CohortHead.objects.filter(cohort_id=behind).update(sequence=3, ids_received=900)
    CohortCursor.objects.filter(cohort_id=behind).update(sequence=1, ids_applied=100)
    CohortHead.objects.filter(cohort_id=done).update(sequence=5, ids_received=7)
    CohortCursor.objects.filter(cohort_id=done).update(sequence=5, ids_applied=7)
    CohortCursor.objects.filter(cohort_id=parked).update(parked_at=Now())
    for sequence, age in ((1, 300), (2, 90), (3, 10)):
        Upload.objects.create(
            cohort_id=behind,
            sequence=sequence,
            request_id="00000000-0000-0000-0000-000000000000",
            ids=400,
            received_at=Now() - timedelta(seconds=age),
        )

    shown = read(client)

    assert shown["quayside_pending_ids"] == 800
    assert shown["quayside_pending_requests"] == 2
    assert shown["quayside_oldest_pending_seconds"] == pytest.approx(90, abs=5)
    assert shown["quayside_parked_cohorts"] == 1
    assert shown["quayside_cohorts"] == Cohort.objects.count() == 3


@pytest.mark.django_db
def test_users_are_counted_by_workspace(client):
    acme, globex = make_workspace(), make_workspace("globex")
    known.append(acme.pk, added=[1, 2, 70_000])
    known.append(globex.pk, added=[3])
    known.append(acme.pk, removed=[2])

    shown = read(client)

    assert shown["quayside_users{workspace=acme}"] == 2
    assert shown["quayside_users{workspace=globex}"] == 1


@pytest.mark.django_db
def test_keys_about_to_expire_are_counted_unless_invalidated(client):
    acme = make_workspace()
    make_keys(acme, make_partner())
    for days in (3, 13, 15):
        make_rest_key(acme, expires_in=timedelta(days=days))
    make_rest_key(acme, expires_in=timedelta(days=1))
    acme.rest_api_keys.filter(expires_at__lt=Now() + timedelta(days=2)).update(invalidated_at=Now())

    assert read(client)["quayside_keys_expiring"] == 2


@pytest.mark.django_db
def test_the_youngest_heartbeat_counts(client):
    heartbeat.beat("celery@here")
    WorkerHeartbeat.objects.update(beat_at=Now() - timedelta(seconds=7))
    WorkerHeartbeat.objects.create(name="celery@gone", beat_at=Now() - timedelta(hours=1))

    assert read(client)["quayside_heartbeat_age_seconds"] == pytest.approx(7, abs=2)


@pytest.mark.django_db
def test_a_token_closes_metrics_to_everybody_else(client, settings):
    settings.METRICS_TOKEN = "a token"

    for sent in ({}, {"Authorization": "Bearer another"}, {"Authorization": "a token"}):
        answer = client.get("/metrics", headers=sent)
        assert answer.status_code == 401
        assert b"quayside" not in answer.content
    assert read(client, Authorization="Bearer a token")["quayside_database_up"] == 1


@pytest.mark.django_db(transaction=True)
def test_without_a_database_the_counters_are_still_there(client, monkeypatch):
    connection.close()
    monkeypatch.setitem(connections["default"].settings_dict, "HOST", "127.0.0.1")
    monkeypatch.setitem(connections["default"].settings_dict, "PORT", 1)
    try:
        shown = read(client)
    finally:
        monkeypatch.undo()
        connection.close()

    assert shown["quayside_database_up"] == 0
    assert "quayside_pending_ids" not in shown
    assert "quayside_apply_seconds_count" in shown


@pytest.mark.django_db
def test_a_process_shows_what_it_counted(client):
    before = read(client).get("quayside_partner_ids_total{partner=tinyclues}", 0)

    metrics.partner_ids_total.labels(partner="tinyclues").inc(1000)

    assert read(client)["quayside_partner_ids_total{partner=tinyclues}"] == before + 1000


def test_what_several_processes_counted_is_added_up(tmp_path):
    """Also of those that have ended: a counter never goes back."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path),
    }

    def run(code):
        return subprocess.run(
            [sys.executable, "-c", code],
            cwd=configured.BASE_DIR,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    run(COUNT)
    run(COUNT)
    shown = samples(run(SHOW))

    assert shown["quayside_partner_requests_total{partner=tinyclues,status=201}"] == 2
    assert shown["quayside_apply_seconds_count"] == 2
    assert shown["quayside_apply_seconds_bucket{le=0.25}"] == 2
    assert "process_cpu_seconds_total" in shown
