"""A workspace with users and keys, inside an instance of real processes."""

import time
from dataclasses import dataclass

from config.local.instance import Instance, tail

PARTNER = "tinyclues"

PENDING = """
SELECT coalesce(sum(head.sequence - cursor.sequence), 0)
  FROM cohorts_cohorthead AS head JOIN cohorts_cohortcursor AS cursor USING (cohort_id)
"""
CURSORS = """
SELECT cohort_id, head.sequence - cursor.sequence, attempts, failures, error, retry_at, parked_at,
       last_applied_at, clock_timestamp()
  FROM cohorts_cohorthead AS head JOIN cohorts_cohortcursor AS cursor USING (cohort_id)
"""
APPLIED = "SELECT count(*) FROM cohorts_upload WHERE applied_at IS NOT NULL"


@dataclass(frozen=True)
class Keys:
    partner_api_key: str
    client_secret: str


def make_workspace(instance: Instance, slug: str, users: int) -> Keys:
    instance.manage("create_workspace", slug)
    file = instance.home.path / f"{slug}.csv"
    file.write_text("external_id\n" + "".join(f"user-{number}\n" for number in range(users)))
    instance.manage("import_users", str(file), "--workspace", slug)
    return Keys(
        instance.manage("issue_partner_api_key", PARTNER).strip(),
        instance.manage("issue_data_import_key", PARTNER, "--workspace", slug).strip(),
    )


def count(instance: Instance, statement: str) -> int:
    with instance.connect() as connection:
        row = connection.execute(statement).fetchone()
    assert row
    return int(row[0])


def await_drained(instance: Instance, seconds: float = 90) -> None:
    """Return once every accepted request is applied."""
    until = time.monotonic() + seconds
    while pending := count(instance, PENDING):
        assert time.monotonic() < until, f"{pending} requests are pending: {state(instance)}"
        time.sleep(0.1)


def state(instance: Instance) -> str:
    """Where apply stands, and what its worker said last, for a test that waited in vain."""
    with instance.connect() as connection:
        cursors = connection.execute(CURSORS).fetchall()
    return f"{cursors}\n{tail(instance.home.log / 'worker.log')}"


def await_next_apply(instance: Instance, seconds: float) -> float:
    """Seconds until one more request is applied than now."""
    started, before = time.monotonic(), count(instance, APPLIED)
    while count(instance, APPLIED) == before:
        waited = time.monotonic() - started
        assert waited < seconds, f"nothing was applied for {waited:.1f} s"
        time.sleep(0.02)
    return time.monotonic() - started
