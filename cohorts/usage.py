"""What uses a cohort. Whoever can, registers a finder here, in `AppConfig.ready()`."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

from cohorts.models import Cohort


class Use(NamedTuple):
    """Something with a kind ("segment"), a name and a page of its own, if it has one.

    `through` names the segments through which it reaches the cohort, if it doesn't name it
    itself: it has to let go of nothing for the cohort to be archived, those segments have.
    """

    kind: str
    name: str
    url: str = ""
    through: tuple[str, ...] = ()


# Of one workspace's cohorts, what uses each, by its primary key; in one go for all of them.
Finder = Callable[[int, Collection[Cohort]], Mapping[int, Sequence[Use]]]

_finders: list[Finder] = []


def register(finder: Finder) -> None:
    if finder not in _finders:
        _finders.append(finder)


def uses(workspace_id: int, cohorts: Collection[Cohort]) -> dict[int, list[Use]]:
    """What would change if one of these cohorts did, by its primary key."""
    found: dict[int, list[Use]] = {cohort.pk: [] for cohort in cohorts}
    for finder in _finders if found else ():
        for cohort_id, users in finder(workspace_id, cohorts).items():
            found[cohort_id] += users
    return found
