"""What is wrong with a filter, for the person at its row: parse's sentences, put into theirs."""

import re
from collections.abc import Mapping

from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

# By the input that the values were given with (see `segments.builder.choices`).
_VALUES: Mapping[str, object] = {
    "text": _("Type what to compare with."),
    "texts": _("Type at least one value; each may have 5,000 characters."),
    "number": _("Type a number, such as 12 or 3.5."),
    "two_numbers": _("Type two numbers, the smaller one first."),
    "time": _("Choose a date."),
    "two_times": _("Choose two dates, the earlier one first."),
    "day": _("Choose a date."),
    "days": _("Type a whole number of days, 36,500 at most."),
}
_KNOWN: Mapping[re.Pattern[str], object] = {
    re.compile(r"cohorts\[\d+\] is not a cohort"): _(
        "A cohort that is picked here isn’t one of this workspace. Take it away or pick another."
    ),
    re.compile(r"partner is not a technology partner"): _(
        "This partner isn’t there any more. Remove the filter."
    ),
    re.compile(r"segment is not a segment"): _(
        "The segment that is picked here isn’t one of this workspace. Pick another."
    ),
    re.compile(r"name is not "): _("No user has this attribute. Choose another."),
    re.compile(r"segment would form a circle: (?P<names>.*)"): _(
        "A segment can’t be made of itself: %(names)s."
    ),
}


def in_words(problem: str, asked: str) -> str:
    """The problem of a row whose values are `asked` for by that input."""
    if re.match(r"values\b|ids\b", problem) and asked in _VALUES:
        return str(_VALUES[asked])
    for pattern, sentence in _KNOWN.items():
        if found := pattern.match(problem):
            return str(sentence) % found.groupdict() if found.groupdict() else str(sentence)
    return f"{capfirst(problem)}."
