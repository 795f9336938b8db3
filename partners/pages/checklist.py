"""Connecting a partner, step by step. Each step is ticked by what has happened, not by hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from partners.deliveries import Deliveries
from partners.models import DataImportKey, Integration


@dataclass(frozen=True, slots=True)
class Step:
    """`hint` says what to do while it isn't done, `at` and `detail` what has happened."""

    name: str
    title: str
    is_done: bool
    hint: str
    at: datetime | None = None
    detail: str = ""


def steps(
    integration: Integration | None, keys: Sequence[DataImportKey], deliveries: Deliveries
) -> list[Step]:
    used = [key for key in keys if key.last_used_at]
    return [
        _generated(keys),
        _handed_over(integration, used),
        _called(used),
        _named(deliveries),
        _matched(deliveries),
    ]


def _generated(keys: Sequence[DataImportKey]) -> Step:
    first = min((key.created_at for key in keys), default=None)
    return Step(
        "generated",
        _("Key generated"),
        bool(keys),
        _("Generate a data import key on this page."),
        first,
    )


def _handed_over(integration: Integration | None, used: Sequence[DataImportKey]) -> Step:
    """A partner that calls has its key, whether or not anybody said so."""
    at = integration.handed_over_at if integration else None
    return Step(
        "handed-over",
        _("Handed over"),
        bool(at or used),
        _("Give the partner the endpoint and the key, then say here that you did."),
        at,
    )


def _called(used: Sequence[DataImportKey]) -> Step:
    last = max(used, key=_used_at, default=None)
    address = last.last_used_from if last else None
    return Step(
        "called",
        _("First call received"),
        last is not None,
        _("Waits for the partner to call with the key."),
        detail=_("Calls come from %(address)s.") % {"address": address} if address else "",
    )


def _named(deliveries: Deliveries) -> Step:
    words = ngettext("%(n)d cohort", "%(n)d cohorts", deliveries.count) % {"n": deliveries.count}
    return Step(
        "named",
        _("First cohort named"),
        deliveries.is_any_named,
        _("Waits for the partner's first export."),
        detail=words if deliveries.is_any_named else "",
    )


def _matched(deliveries: Deliveries) -> Step:
    if deliveries.count and not deliveries.matched:
        hint = _("Cohorts have arrived, and nobody in them is known here yet: import users.")
    else:
        hint = _("Waits for a cohort with users that are known here.")
    return Step("matched", _("First users matched"), deliveries.matched > 0, hint)


def _used_at(key: DataImportKey) -> datetime:
    assert key.last_used_at
    return key.last_used_at
