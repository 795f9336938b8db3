"""How each partner of a workspace is doing, in one word: what the gallery's tiles show."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import TextChoices
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from workspaces.models import Workspace

# Most partners export once a day: one missed export is worth a look.
SILENT_AFTER = timedelta(days=2)

# For each connected partner the last hour with calls in it, out of a week.
STATES = """
WITH calls AS (
    SELECT partner_id, hour, accepted AS fine, 0 AS wrong,
           last_accepted_at AS fine_at, NULL::timestamptz AS wrong_at
      FROM partners_requestcount
     WHERE workspace_id = %(workspace)s AND hour > now() - interval '7 days'
    UNION ALL
    SELECT partner_id, hour, unstored, refused + failed, last_unstored_at, last_error_at
      FROM partners_hourlyfigures
     WHERE workspace_id = %(workspace)s AND hour > now() - interval '7 days'
       AND unstored + refused + failed > 0
), hours AS (
    SELECT DISTINCT ON (partner_id) partner_id, sum(fine) AS fine, sum(wrong) AS wrong,
           max(fine_at) AS fine_at, max(wrong_at) AS wrong_at
      FROM calls GROUP BY partner_id, hour ORDER BY partner_id, hour DESC
), used AS (
    SELECT partner_id, max(last_used_at) AS at FROM partners_dataimportkey
     WHERE workspace_id = %(workspace)s GROUP BY partner_id
)
SELECT integration.partner_id, integration.disabled_at, used.at,
       coalesce(hours.fine, 0), coalesce(hours.wrong, 0), hours.fine_at, hours.wrong_at
  FROM partners_integration AS integration
  LEFT JOIN hours USING (partner_id)
  LEFT JOIN used USING (partner_id)
 WHERE integration.workspace_id = %(workspace)s
"""


class Kind(TextChoices):
    NOT_CONNECTED = "not_connected", _("not connected")
    CONNECTED = "connected", _("connected")  # and never heard of
    RECEIVING = "receiving", _("receiving")
    SILENT = "silent", _("silent")
    FAILING = "failing", _("failing")
    DISABLED = "disabled", _("disabled")


# How django-unfold colours each.
TONES = {
    Kind.NOT_CONNECTED: "",
    Kind.CONNECTED: "info",
    Kind.RECEIVING: "success",
    Kind.SILENT: "warning",
    Kind.FAILING: "danger",
    Kind.DISABLED: "danger",
}


@dataclass(frozen=True, slots=True)
class State:
    """Where a partner stands. `last_call_at` is that of its last call that went well."""

    kind: Kind
    last_call_at: datetime | None = None

    @property
    def silent_days(self) -> int:
        return (timezone.now() - self.last_call_at).days if self.last_call_at else 0

    @property
    def words(self) -> str:
        if self.kind is not Kind.SILENT:
            return str(self.kind.label)
        days = self.silent_days
        return ngettext("silent for %(days)d day", "silent for %(days)d days", days) % {
            "days": days
        }

    @property
    def tone(self) -> str:
        return TONES[self.kind]


NOT_CONNECTED = State(Kind.NOT_CONNECTED)


def states(workspace: Workspace) -> dict[int, State]:
    """The state of every partner that is connected to the workspace, by its id; one query.

    A partner that isn't in it is `NOT_CONNECTED`.
    """
    with connection.cursor() as cursor:
        cursor.execute(STATES, {"workspace": workspace.pk})
        return {partner_id: _state(*row) for partner_id, *row in cursor.fetchall()}


def _state(
    disabled_at: datetime | None,
    used_at: datetime | None,
    fine: int,
    wrong: int,
    fine_at: datetime | None,
    wrong_at: datetime | None,
) -> State:
    last_call_at = max((at for at in (used_at, fine_at) if at), default=None)
    return State(_kind(disabled_at, last_call_at, fine, wrong, wrong_at), last_call_at)


def _kind(
    disabled_at: Any, last_call_at: datetime | None, fine: int, wrong: int, wrong_at: Any
) -> Kind:
    """Failing means: the last call went wrong, and so did most of that hour."""
    if disabled_at:
        return Kind.DISABLED
    if wrong_at and wrong >= fine and (last_call_at is None or wrong_at > last_call_at):
        return Kind.FAILING
    if last_call_at is None:
        return Kind.CONNECTED
    silent = timezone.now() - last_call_at > SILENT_AFTER
    return Kind.SILENT if silent else Kind.RECEIVING
