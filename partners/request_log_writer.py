"""Write down what the journal has collected: a thread of the web server, once a second."""

import logging
import os
import threading
import time
from collections.abc import Sequence
from datetime import datetime
from multiprocessing.util import Finalize

from django.db import DatabaseError, InterfaceError, connection, transaction

from common.http import is_database_away
from partners import redaction
from partners.models import LoggedCall
from partners.origins import Origins
from partners.request_log import Batch, Entry, Tally, journal

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0
RETRY_SECONDS = 5.0
# Stands for the workspace, or the partner, of a call that named none.
NOBODY = 0
# Of the hour's figures, the row that calls are counted in.
CALLS = 0

COUNT = """
INSERT INTO partners_hourlyfigures AS figures
       (workspace_id, partner_id, hour, slot, refused, failed, unstored,
        last_error_at, last_unstored_at)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::smallint[],
                     %s::bigint[], %s::bigint[], %s::bigint[],
                     %s::timestamptz[], %s::timestamptz[])
ON CONFLICT (workspace_id, partner_id, hour, slot) DO UPDATE
   SET refused = figures.refused + excluded.refused,
       failed = figures.failed + excluded.failed,
       unstored = figures.unstored + excluded.unstored,
       last_error_at = greatest(figures.last_error_at, excluded.last_error_at),
       last_unstored_at = greatest(figures.last_unstored_at, excluded.last_unstored_at)
"""

Hour = tuple[int, int, datetime]

_writing = threading.Lock()


def keep_writing() -> None:
    """From now on, in this process and its forks, have what is noted written a second later."""
    _start()
    os.register_at_fork(after_in_child=_start_over)


def _start() -> None:
    threading.Thread(target=_write_on, name="request log", daemon=True).start()
    # Before the process ends. Not `atexit`, which a server's worker processes don't come by.
    Finalize(None, write_down, exitpriority=1)


def _start_over() -> None:
    journal.start_over()
    _start()


def _write_on() -> None:
    while True:
        journal.wait()
        time.sleep(PAUSE_SECONDS if write_down() else RETRY_SECONDS)


def write_down() -> bool:
    """Write what was noted until now. False: the database is away, and it is kept for later.

    Raises nothing. What the database refuses is dropped, and said in the server's log.
    """
    with _writing:
        batch = journal.take()
        try:
            if batch.tallies:
                with transaction.atomic():
                    _write(batch)
        except (DatabaseError, InterfaceError) as error:
            if is_database_away(error):
                journal.give_back(batch)
                connection.close()
                return False
            logger.exception("request log dropped lines=%s", len(batch.lines))
    return True


def _write(batch: Batch) -> None:
    origins = Origins({origin for origin, _ in batch.tallies} | {e.origin for e in batch.lines})
    LoggedCall.objects.bulk_create(_line(entry, origins) for entry in batch.lines)
    hours: dict[Hour, Tally] = {}
    for (origin, hour), tally in batch.tallies.items():
        workspace_id, partner_id = origins.place(origin)
        hours.setdefault((workspace_id or NOBODY, partner_id or NOBODY, hour), Tally()).add(tally)
    _count(sorted(hours.items(), key=lambda item: item[0]))  # in one order: no deadlock


def _line(entry: Entry, origins: Origins) -> LoggedCall:
    workspace_id, partner_id = origins.place(entry.origin)
    return LoggedCall(
        workspace_id=workspace_id,
        partner_id=partner_id,
        at=entry.at,
        path=redaction.plain(entry.path, most=200),
        status=entry.status,
        reason=origins.reason(entry),
        errors=[redaction.plain(error, most=300) for error in entry.errors],
        cohort=redaction.plain(entry.cohort, most=255),
        ids=entry.ids,
        request_id=entry.request_id,
        address=entry.address,
        client_secret=entry.origin.client_secret,
        partner_api_key=entry.origin.partner_api_key,
    )


def _count(hours: Sequence[tuple[Hour, Tally]]) -> None:
    rows = [
        (
            *hour,
            CALLS,
            tally.refused,
            tally.failed,
            tally.unstored,
            tally.last_error_at,
            tally.last_unstored_at,
        )
        for hour, tally in hours
    ]
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [list(column) for column in zip(*rows, strict=True)])
