"""What `static/pages/chart.js` draws: figures beside one another, and the words beside them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from django.utils.formats import date_format, get_format
from django.utils.translation import gettext as _

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Series:
    """Figures under one name. `tone` is a custom property of the style, without `--chart-`.

    None where there is no figure: a gap, and no zero.
    """

    name: Any
    tone: str
    figures: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Chart:
    """`words` say what it shows to whoever doesn't see it; a table beside it has the figures.

    `unit` follows each figure, and `most` is where the axis ends when that is known.
    """

    kind: Literal["bar", "line"]
    words: Any
    labels: Sequence[str]
    series: Sequence[Series]
    unit: str = ""
    most: float | None = None

    def __str__(self) -> str:
        """As the script reads it."""
        return json.dumps(
            {
                "kind": self.kind,
                "labels": list(self.labels),
                "series": [
                    {"name": str(one.name), "tone": one.tone, "figures": list(one.figures)}
                    for one in self.series
                ],
                "unit": self.unit,
                "most": self.most,
                "separators": {
                    "group": get_format("THOUSAND_SEPARATOR"),
                    "decimal": get_format("DECIMAL_SEPARATOR"),
                },
            },
            ensure_ascii=False,
        )


def labels(moments: Sequence[date]) -> list[str]:
    """Words for days, or for moments in their order: no more than tells them apart."""
    times = [moment for moment in moments if isinstance(moment, datetime)]
    if times:
        span = times[-1] - times[0]
        if span < _DAY:
            return [date_format(moment, "TIME_FORMAT") for moment in times]
        if span / max(1, len(times) - 1) < _DAY:
            return [moment_label(moment) for moment in times]
    return [date_format(moment, "MONTH_DAY_FORMAT") for moment in moments]


def moment_label(moment: datetime) -> str:
    """A moment of these weeks: the year goes without saying."""
    day, time = date_format(moment, "MONTH_DAY_FORMAT"), date_format(moment, "TIME_FORMAT")
    return _("%(day)s, %(time)s") % {"day": day, "time": time}
