"""The claim to run a workspace's jobs: an advisory lock of the session, gone with its holder.

One holder a workspace, so that its jobs run one after another: of two files about the same
users, the later has the last word. A killed worker's claim ends with its connection, and a
frozen one's when PostgreSQL ends a session that has been idle for `MOST_IDLE`. The claim
only spares work: that nothing is stored twice is up to `Job.batches`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import InterfaceError, OperationalError, connection

_NAMESPACE = 0x5155  # beside those of profiles.locks
MOST_IDLE = "60s"

_DUE = """
SELECT DISTINCT workspace_id FROM imports_job
 WHERE state IN ('waiting', 'running')
   AND (retry_at IS NULL OR retry_at <= clock_timestamp() OR cancel_requested_at IS NOT NULL)
   AND workspace_id NOT IN (
       SELECT objid::bigint FROM pg_locks
        WHERE locktype = 'advisory' AND classid = %s AND objsubid = 2 AND granted
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
 ORDER BY workspace_id
"""


@contextmanager
def claim(workspace_id: int) -> Iterator[bool]:
    """Whether the workspace's jobs are ours to run, until the end of the block."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_NAMESPACE, workspace_id])
        taken = bool(cursor.fetchone()[0])
    if not taken:
        yield False
        return
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SET idle_session_timeout = '{MOST_IDLE}'")
        yield True
    finally:
        _release(workspace_id)


def _release(workspace_id: int) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("RESET idle_session_timeout")
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_NAMESPACE, workspace_id])
    except (OperationalError, InterfaceError):
        connection.close()  # and the claim with it


def unclaimed() -> Sequence[int]:
    """Workspaces with jobs to run that nobody is running."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE, [_NAMESPACE])
        return [workspace_id for (workspace_id,) in cursor]
