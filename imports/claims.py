"""The claim to run a workspace's jobs: an advisory lock of the session, gone with its holder.

One holder a workspace, so that its files are worked in one after another: of two about the
same users, the later has the last word. The claim only spares work: that nothing is stored twice
is up to `Job.batches`.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager

from django.db import connection

from common import advisory
from common.advisory import Namespace

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


def claim(workspace_id: int) -> AbstractContextManager[bool]:
    """Whether the workspace's jobs are ours to run, until the end of the block."""
    return advisory.claim(Namespace.JOBS, workspace_id)


def unclaimed() -> Sequence[int]:
    """Workspaces with jobs to run that nobody is running."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE, [Namespace.JOBS])
        return [workspace_id for (workspace_id,) in cursor]
