"""A user looked up beside a segment that is being built: reached or not, and by which filters."""

from dataclasses import dataclass

from profiles import search
from profiles.models import Profile
from segments import explaining
from segments.explaining import Explanation, FilterAnswer
from segments.tree import Tree


@dataclass(frozen=True, slots=True)
class Looked:
    """`user` is the first whom the text may mean, `others` counts those it may mean as well.

    Without one, `is_waiting` tells that a cohort named the id before its user is known.
    """

    user: Profile | None
    others: int = 0
    is_waiting: bool = False
    explanation: Explanation | None = None

    @property
    def answers(self) -> list[FilterAnswer]:
        """Of every filter, in the tree's order."""
        if self.explanation is None:
            return []
        groups = (*self.explanation.groups, *self.explanation.exclusions)
        return [answer for group in groups for answer in group.filters]


def look_up(workspace_id: int, tree: Tree, text: str) -> Looked:
    """Whoever has that id of any kind, address or phone number, and what the tree makes of them."""
    found = search.find(workspace_id, text)
    if not found.profiles:
        return Looked(None, is_waiting=bool(found.waiting))
    user, *others = found.profiles
    explanation = explaining.explain(workspace_id, tree, user.pk)
    return Looked(user, len(others), explanation=explanation)
