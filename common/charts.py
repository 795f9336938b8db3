"""What `static/pages/chart.js` draws: figures beside one another, and the words beside them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal


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
            },
            ensure_ascii=False,
        )
