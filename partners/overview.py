"""What the overview says of partners: what arrived, and who is silent or fails."""

from datetime import timedelta

from django.db import connection
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.ages import age
from common.charts import Chart, Series, labels
from partners import health_states
from partners.health_states import Kind, State
from partners.models import DataImportKey, Partner
from workspaces.models import Workspace
from workspaces.overview import MOST, Figure, Matter, Panel, Part, Urgency
from workspaces.overview_parts import expiring

DAYS = 14

# Some hundred rows a partner and day at most, by the index of the primary key.
_ARRIVED = """
SELECT date_trunc('day', hour, 'UTC') AS day, sum(ids)::bigint, sum(accepted)::bigint
  FROM partners_requestcount WHERE workspace_id = %s AND hour >= %s
 GROUP BY day
"""

keys = expiring(DataImportKey, page="admin:partners_dataimportkey_change")


def arrivals(workspace: Workspace) -> Part:
    """Ids that partners sent, today and on the days before; days are those of UTC."""
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    since = today - timedelta(days=DAYS - 1)
    with connection.cursor() as cursor:
        cursor.execute(_ARRIVED, [workspace.pk, since])
        found = {day: (ids, requests) for day, ids, requests in cursor.fetchall()}
    days = [since + timedelta(days=passed) for passed in range(DAYS)]
    ids = [found.get(day, (0, 0))[0] for day in days]
    requests = found.get(today, (0, 0))[1]
    path = reverse("admin:partners_partner_changelist")
    text = ngettext("ids in %(requests)s request", "ids in %(requests)s requests", requests)
    figure = Figure(
        _("Arrived today"), ids[-1], path, "move_to_inbox",
        text % {"requests": number_format(requests)},
    )  # fmt: skip
    chart = Chart(
        "bar",
        _("Ids that partners sent, day by day"),
        labels(days),
        [Series(_("ids"), "good", ids)],
    )
    content = {"chart": chart if any(ids) else None, "days": DAYS, "total": sum(ids)}
    panel = Panel(_("What arrived"), "partners/overview/arrivals.html", content, path)
    return Part(figures=[figure], panels=[panel])


def troubles(workspace: Workspace) -> Part:
    """Partners that fail or fell silent."""
    states = health_states.states(workspace)
    bad = {pk: state for pk, state in states.items() if state.kind in _BAD}
    partners = Partner.objects.filter(pk__in=bad).order_by("name")
    found = [_trouble(partner, bad[partner.pk]) for partner in partners]
    found.sort(key=lambda matter: matter.urgency is not Urgency.BROKEN)
    return Part(matters=found[:MOST])


_BAD = {Kind.FAILING, Kind.SILENT}


def _trouble(partner: Partner, state: State) -> Matter:
    path = reverse("admin:partners_partner_change", args=[partner.pk])
    if state.kind is Kind.FAILING:
        words = _("Its last calls went wrong: its page says why, and what to change.")
        return Matter(partner.name, words, path, Urgency.BROKEN)
    text = _("Its last call was %(when)s: see whether its exports still run.")
    when = age(state.last_call_at) if state.last_call_at else "-"
    return Matter(partner.name, text % {"when": when}, path)
