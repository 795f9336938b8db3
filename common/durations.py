import re
from datetime import timedelta

UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
LONGEST = timedelta(days=3650)

_SHAPE = re.compile(r"([1-9][0-9]{0,7})([mhdw])", re.ASCII)


def parse(text: str) -> timedelta:
    """A duration as people type it: `30m`, `12h`, `90d`, `4w`.

    Raises `ValueError` for anything else, and for more than ten years.
    """
    match = _SHAPE.fullmatch(text.strip())
    duration = timedelta(**{UNITS[match[2]]: int(match[1])}) if match else None
    if duration is None or duration > LONGEST:
        raise ValueError("a number and m, h, d or w, as in 90d, and at most ten years")
    return duration
