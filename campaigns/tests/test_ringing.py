"""The bell rings every second, so it must cost next to nothing when there is nothing to send."""

import json

import pytest
from django.db import connection

from campaigns import runner
from campaigns.models import Sending, SendingState
from campaigns.tests.factories import launched, make_campaign, make_users

pytestmark = pytest.mark.django_db(transaction=True)

OLD_SENDINGS = """
INSERT INTO campaigns_sending (id, launch_id, step_id, state, due_at, problem, failures)
SELECT gen_random_uuid(), launch_id, step_id, 'sent', due_at, '', 0
  FROM campaigns_sending, generate_series(1, 1000) WHERE id = %s
"""
FINISHED_BATCHES = """
INSERT INTO campaigns_batch (sending_id, number, profile_ids, begun, settled, attempts, finished_at)
SELECT id, n, '{1,2,3}', 3, 3, 1, now() FROM campaigns_sending, generate_series(1, 100) AS n
"""


def pages(statement, parameters=()):
    """How many pages PostgreSQL looks at for it."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", parameters)
        found = cursor.fetchone()[0]
    plan = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    return plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]


def test_a_thousand_old_sendings_don_t_make_the_bell_dear():
    make_users("ana")
    sending = launched(make_campaign())
    with connection.cursor() as cursor:
        cursor.execute(OLD_SENDINGS, [sending.pk])
        cursor.execute(FINISHED_BATCHES)
        cursor.execute("ANALYZE campaigns_sending, campaigns_batch")

    assert runner.sendable() == [sending.pk]
    assert pages(runner._SENDABLE) < 100
    assert pages(runner._FREE, [sending.pk, -1]) < 20

    Sending.objects.update(state=SendingState.SENT)
    assert runner.sendable() == []
    assert pages(runner._SENDABLE) < 100


def test_sendings_take_turns():
    make_users("ana")
    keys = sorted(launched(make_campaign(name=name)).pk for name in ("Spring", "Summer", "Autumn"))

    assert [runner.next_after(key) for key in keys] == [keys[1], keys[2], keys[0]]
    Sending.objects.filter(pk=keys[1]).update(state=SendingState.PAUSED)
    assert [runner.next_after(key) for key in keys] == [keys[2], keys[2], keys[0]]
    Sending.objects.update(state=SendingState.SENT)
    assert runner.next_after(keys[0]) is None
