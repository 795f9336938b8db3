"""A cohort's size and what came and went over time, for charts and the tables beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db import connection
from django.utils.translation import gettext as _

from cohorts.models import Cohort, CohortSize
from cohorts.sizes import Size
from common.charts import Chart, Series, labels

# Steps of the size that are drawn, the latest ones, and days of what came and went.
STEPS = 90
DAYS = 30

_FLOW = """
SELECT (applied_at AT TIME ZONE 'UTC')::date AS day, sum(added), sum(waiting), sum(removed)
  FROM cohorts_upload WHERE cohort_id = %s AND applied_at >= %s GROUP BY day
"""


@dataclass(frozen=True, slots=True)
class Step:
    at: datetime
    size: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Flow:
    """What a day brought: `came` are users and waiting ids."""

    day: date
    came: int
    went: int


def steps(cohort: Cohort, now: Size, at: datetime) -> list[Step]:
    """How large it has been, oldest first, up to what it is now."""
    recorded = CohortSize.objects.filter(cohort=cohort).order_by("-at")[:STEPS]
    past = [Step(one.at, one.size, one.waiting) for one in reversed(recorded)]
    return [*past, Step(at, now.matched, now.waiting)]


def flow(cohort: Cohort, today: date) -> list[Flow]:
    """What came and went on each of the last days, oldest first, quiet ones too."""
    first = today - timedelta(days=DAYS - 1)
    start = datetime.combine(first, datetime.min.time(), UTC)
    with connection.cursor() as cursor:
        cursor.execute(_FLOW, [cohort.pk, start])
        by_day = {
            day: Flow(day, int(added + waiting), int(removed))
            for day, added, waiting, removed in cursor
        }
    days = [first + timedelta(days=number) for number in range(DAYS)]
    return [by_day.get(day, Flow(day, 0, 0)) for day in days]


def size_chart(found: Sequence[Step]) -> Chart:
    return Chart(
        kind="line",
        words=_("Size over time: the table below has the figures."),
        labels=labels([step.at for step in found]),
        series=[
            Series(_("People"), "good", [step.size for step in found]),
            Series(_("Waiting ids"), "warn", [step.waiting for step in found]),
        ],
    )


def flow_chart(found: Sequence[Flow]) -> Chart:
    return Chart(
        kind="bar",
        words=_("Ids that came and went on each day: the table below has the figures."),
        labels=labels([one.day for one in found]),
        series=[
            Series(_("Came"), "good", [one.came for one in found]),
            Series(_("Went"), "bad", [-one.went for one in found]),
        ],
    )
