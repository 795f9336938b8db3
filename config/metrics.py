"""`GET /metrics`: what the database knows, and what the processes counted, as Prometheus text."""

import hmac
import os
from collections.abc import Iterator

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Metric,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from common.snapshots import snapshot
from profiles.known import read_known
from workspaces.models import Workspace

EXPIRES_SOON_DAYS = 14

# Gauge by the column that it shows.
GAUGES = {
    "pending_ids": "Ids accepted and not applied yet.",
    "pending_requests": "Requests accepted and not applied yet.",
    "oldest_pending_seconds": "Age of the oldest request that isn't applied yet; 0 without one.",
    "parked_cohorts": "Cohorts whose next request keeps failing and waits for an operator.",
    "cohorts": "Cohorts.",
    "heartbeat_age_seconds": "Since a worker last showed life; -1 if none ever did.",
    "keys_expiring": f"Live keys that expire within {EXPIRES_SOON_DAYS} days.",
}

# The next request of a pending cohort is found by its primary key.
_STATE = f"""
WITH state AS (
    SELECT head.ids_received - cursor.ids_applied AS ids,
           head.sequence - cursor.sequence AS requests,
           cursor.parked_at IS NOT NULL AS parked,
           upload.received_at
      FROM cohorts_cohorthead AS head
      JOIN cohorts_cohortcursor AS cursor USING (cohort_id)
      LEFT JOIN cohorts_upload AS upload
             ON upload.cohort_id = head.cohort_id AND upload.sequence = cursor.sequence + 1
            AND head.sequence > cursor.sequence
), expiring AS (
    SELECT expires_at, invalidated_at FROM partners_partnerapikey
    UNION ALL SELECT expires_at, invalidated_at FROM partners_dataimportkey
    UNION ALL SELECT expires_at, invalidated_at FROM workspaces_restapikey
)
SELECT coalesce(sum(ids), 0), coalesce(sum(requests), 0),
       coalesce(extract(epoch FROM now() - min(received_at)), 0),
       count(*) FILTER (WHERE parked), count(*),
       (SELECT coalesce(extract(epoch FROM now() - max(beat_at)), -1)
          FROM workspaces_workerheartbeat),
       (SELECT count(*) FROM expiring
         WHERE invalidated_at IS NULL
           AND expires_at BETWEEN now() AND now() + interval '{EXPIRES_SOON_DAYS} days')
  FROM state
"""


class DatabaseCollector(Collector):
    """Gauges of this moment. Without a database, only that it is away."""

    def collect(self) -> Iterator[Metric]:
        try:
            with snapshot():
                gauges = [*_totals(), _users()]
        except DatabaseError:
            gauges = []
        yield _gauge("database_up", "Whether PostgreSQL answered.", float(bool(gauges)))
        yield from gauges


def _totals() -> Iterator[Metric]:
    with connection.cursor() as cursor:
        cursor.execute(_STATE)
        values = cursor.fetchone()
    for (name, text), value in zip(GAUGES.items(), values, strict=True):
        yield _gauge(name, text, float(value))


def _users() -> Metric:
    gauge = GaugeMetricFamily("quayside_users", "Users, by workspace.", labels=["workspace"])
    for workspace_id, slug in Workspace.objects.values_list("pk", "slug"):
        users = sum(len(positions) for positions in read_known(workspace_id).values())
        gauge.add_metric([slug], float(users))
    return gauge


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"quayside_{name}", text, value=value)


def _text() -> bytes:
    registry = CollectorRegistry()
    registry.register(DatabaseCollector())
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:  # the client's own variable; see common.metrics
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        ProcessCollector(registry=registry)
        return generate_latest(registry)
    return generate_latest(registry) + generate_latest(REGISTRY)


def _admitted(request: HttpRequest) -> bool:
    if not settings.METRICS_TOKEN:
        return True
    sent = request.headers.get("Authorization", "")
    return hmac.compare_digest(sent.encode(), f"Bearer {settings.METRICS_TOKEN}".encode())


def metrics(request: HttpRequest) -> HttpResponse:
    """Open to whoever can reach it, unless `METRICS_TOKEN` asks for `Authorization: Bearer`."""
    if not _admitted(request):
        refusal = HttpResponse("Unauthorized\n", status=401, content_type="text/plain")
        refusal["WWW-Authenticate"] = 'Bearer realm="metrics"'
        return refusal
    return HttpResponse(_text(), content_type=CONTENT_TYPE_LATEST)
