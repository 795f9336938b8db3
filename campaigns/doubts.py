"""Whether the cohorts behind an audience can be believed: kept up, and not suddenly small."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from campaigns import audience
from campaigns.models import Campaign
from cohorts.models import CohortCursor
from cohorts.sizes import sizes
from segments.resolving import Plan, resolve

# A cohort is late when it is silent for so many times its partner's usual pause; one that
# came too seldom to have a usual pause, after so long.
LATE = 3
LATE_WITHOUT_RHYTHM = timedelta(days=7)
# The least pause that is taken for a rhythm: parts of one sync aren't one.
_LEAST_PAUSE_SECONDS = 3_600
SHARP_DROP = 0.2

# The median pause between days with uploads tells the rhythm, over what the ledger keeps.
_RHYTHM = """
SELECT cohort_id, percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM pause))
  FROM (SELECT cohort_id,
               received_at - lag(received_at) OVER (PARTITION BY cohort_id ORDER BY sequence)
                   AS pause
          FROM cohorts_upload WHERE cohort_id = ANY(%s)) AS uploads
 WHERE pause >= make_interval(secs => %s)
 GROUP BY cohort_id HAVING count(*) >= 2
"""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that somebody should have read before a campaign is launched."""

    cohort: str
    text: str

    def __str__(self) -> str:
        return self.text


def about(campaign: Campaign) -> list[Doubt]:
    """What speaks against launching it now. Raises `InvalidTree`."""
    plan = resolve(campaign.workspace_id, [audience.read(campaign.audience).tree()])
    now = states(campaign.workspace_id, plan)
    rhythms = _rhythms([int(key) for key in now])
    found = []
    for key, state in now.items():
        if doubt := _late(state, rhythms.get(int(key))):
            found.append(doubt)
        before = campaign.cohort_sizes.get(key)
        if before and state["size"] < before * (1 - SHARP_DROP):
            found.append(_shrunk(state, before))
    return found


def states(workspace_id: int, plan: Plan) -> dict[str, Any]:
    """Each cohort behind some trees as it is, by its id: name, partner, size, last applied."""
    cohorts = {cohort.id: (ref, cohort) for ref, cohort in plan.cohorts.items()}
    found = sizes(workspace_id, cohorts)
    applied = dict(CohortCursor.objects.filter(pk__in=cohorts).values_list("pk", "last_applied_at"))
    return {
        str(pk): {
            "name": cohort.name,
            "partner": ref.partner,
            "cohort_id": ref.external_id,
            "size": found[pk].matched,
            "last_applied_at": _iso(applied.get(pk)),
        }
        for pk, (ref, cohort) in cohorts.items()
    }


def cohort_sizes(campaign: Campaign) -> dict[str, int]:
    """What to compare with at launch. Raises `InvalidTree`."""
    plan = resolve(campaign.workspace_id, [audience.read(campaign.audience).tree()])
    return {key: state["size"] for key, state in states(campaign.workspace_id, plan).items()}


def _rhythms(cohort_ids: list[int]) -> Mapping[int, timedelta]:
    with connection.cursor() as cursor:
        cursor.execute(_RHYTHM, [cohort_ids, _LEAST_PAUSE_SECONDS])
        return {pk: timedelta(seconds=seconds) for pk, seconds in cursor}


def _late(state: Mapping[str, Any], rhythm: timedelta | None) -> Doubt | None:
    if state["last_applied_at"] is None:
        return Doubt(
            state["name"], _("%(cohort)s never received anybody.") % {"cohort": state["name"]}
        )
    last = datetime.fromisoformat(state["last_applied_at"])
    silent = timezone.now() - last
    if silent <= (rhythm * LATE if rhythm else LATE_WITHOUT_RHYTHM):
        return None
    if rhythm is None:
        text = _("%(cohort)s was last updated %(silent)s ago: export it again.")
        return Doubt(state["name"], text % {"cohort": state["name"], "silent": timesince(last)})
    text = _(
        "%(cohort)s was last updated %(silent)s ago, and usually is every %(rhythm)s: export it "
        "again."
    )
    usual = timesince(timezone.now() - rhythm)
    return Doubt(
        state["name"],
        text % {"cohort": state["name"], "silent": timesince(last), "rhythm": usual},
    )


def _shrunk(state: Mapping[str, Any], before: int) -> Doubt:
    text = _(
        "%(cohort)s shrank from %(before)s to %(now)s since the draft was saved: see whether an "
        "export went wrong."
    )
    return Doubt(
        state["name"],
        text
        % {
            "cohort": state["name"],
            "before": number_format(before),
            "now": number_format(state["size"]),
        },
    )


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
