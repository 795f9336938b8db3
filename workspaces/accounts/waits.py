"""How long somebody has to wait, in words."""

import math
from datetime import datetime

from django.utils import timezone
from django.utils.translation import ngettext

MINUTE = 60


def sentence(until: datetime) -> str:
    seconds = max(1, math.ceil((until - timezone.now()).total_seconds()))
    if seconds < MINUTE:
        return ngettext(
            "Too many wrong codes: try again in %(n)d second.",
            "Too many wrong codes: try again in %(n)d seconds.",
            seconds,
        ) % {"n": seconds}
    minutes = math.ceil(seconds / MINUTE)
    return ngettext(
        "Too many wrong codes: try again in %(n)d minute.",
        "Too many wrong codes: try again in %(n)d minutes.",
        minutes,
    ) % {"n": minutes}
