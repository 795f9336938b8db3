"""When a launch's messages were sent, opened and clicked, hour by hour and later day by day."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.models import Deed, Launch
from common.charts import Chart, Series, labels

# What is charted by the hour; anything longer by the day.
BY_HOUR = timedelta(hours=72)
MOST_DAYS = 90

# Who was sent it in a batch is everybody in it without an outcome; a person's first deed counts.
_SENT = """
SELECT date_trunc(%(unit)s, batch.finished_at, 'UTC'),
       sum(batch.settled - (SELECT count(*) FROM campaigns_outcome WHERE batch_id = batch.id))
  FROM campaigns_batch AS batch JOIN campaigns_sending AS sending ON sending.id = sending_id
 WHERE launch_id = %(launch)s AND batch.finished_at >= %(since)s GROUP BY 1
"""
_DONE = """
SELECT date_trunc(%(unit)s, first_at, 'UTC'), count(*)
  FROM (SELECT sending_id, profile_id, min(first_at) AS first_at
          FROM campaigns_engagement
          JOIN campaigns_sending AS sending ON sending.id = sending_id
         WHERE launch_id = %(launch)s AND deed = %(deed)s
         GROUP BY sending_id, profile_id) AS firsts
 WHERE first_at >= %(since)s GROUP BY 1
"""


def chart(launch: Launch) -> Chart | None:
    """None until somebody was sent something. Times are UTC."""
    now = timezone.now()
    by_hour = now - launch.at <= BY_HOUR
    unit, step = ("hour", timedelta(hours=1)) if by_hour else ("day", timedelta(days=1))
    since = max(launch.at, now - MOST_DAYS * timedelta(days=1)).replace(
        minute=0, second=0, microsecond=0
    )
    since = since if by_hour else since.replace(hour=0)
    since -= step  # a line begins where there was nothing yet
    moments = [since + step * passed for passed in range((now - since) // step + 1)]
    asked: dict[str, Any] = {"launch": launch.pk, "unit": unit, "since": since}
    sent = _counted(_SENT, asked, moments)
    if not any(sent):
        return None
    return Chart(
        "line",
        _("Messages sent, and users who opened one or followed a link"),
        labels(moments),
        [
            Series(_("sent"), "text", sent),
            Series(_("opened"), "good", _counted(_DONE, {**asked, "deed": Deed.OPENED}, moments)),
            Series(_("clicked"), "warn", _counted(_DONE, {**asked, "deed": Deed.CLICKED}, moments)),
        ],
    )


def _counted(statement: str, asked: dict[str, Any], moments: list[datetime]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, asked)
        found = {moment: int(number) for moment, number in cursor.fetchall()}
    return [found.get(moment, 0) for moment in moments]
