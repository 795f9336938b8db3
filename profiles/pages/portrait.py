"""A user as their page shows them: ids, attributes, what they did and what they are in."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from profiles import belonging
from profiles.belonging import Belonging
from profiles.models import (
    Activity,
    ActivityKind,
    Identifier,
    IdentifierKind,
    Profile,
)
from profiles.pages import wording


@dataclass
class Portrait:
    """What is known about one user; each part is read when it is first asked for."""

    profile: Profile

    @cached_property
    def handle(self) -> str:
        """What an anonymous user can be told apart by."""
        return handle_of(self.identifiers)

    @cached_property
    def identifiers(self) -> list[Identifier]:
        """Every id that names the user, in the order of kinds."""
        named = Identifier.objects.filter(
            workspace_id=self.profile.workspace_id, profile_id=self.profile.pk
        )
        return list(named.order_by("kind", "label", "value"))

    @property
    def former_ids(self) -> list[Identifier]:
        """External ids of users that were merged into this one, which go on naming them."""
        own = self.profile.external_id
        return [one for one in self._of(IdentifierKind.EXTERNAL_ID) if one.value != own]

    @property
    def aliases(self) -> list[Identifier]:
        return self._of(IdentifierKind.ALIAS)

    @property
    def devices(self) -> list[Identifier]:
        return self._of(IdentifierKind.DEVICE)

    @cached_property
    def standard(self) -> list[wording.Attribute]:
        return wording.standard(self.profile.attributes)

    @cached_property
    def custom(self) -> list[wording.Attribute]:
        return wording.custom(self.profile.attributes)

    @property
    def events(self) -> list[Activity]:
        return self._activity[ActivityKind.EVENT]

    @property
    def purchases(self) -> list[Activity]:
        return self._activity[ActivityKind.PURCHASE]

    @property
    def cohorts(self) -> Sequence[Belonging]:
        return self._belongings["cohorts"]

    @property
    def segments(self) -> Sequence[Belonging]:
        return self._belongings["segments"]

    def _of(self, kind: IdentifierKind) -> list[Identifier]:
        return [one for one in self.identifiers if one.kind == kind]

    @cached_property
    def _activity(self) -> dict[int, list[Activity]]:
        done: dict[int, list[Activity]] = {kind.value: [] for kind in ActivityKind}
        for row in Activity.objects.filter(profile_id=self.profile.pk).order_by("-last_at", "name"):
            done[row.kind].append(row)
        return done

    @cached_property
    def _belongings(self) -> dict[str, Sequence[Belonging]]:
        return belongings(self.profile.workspace_id, [self.profile.pk])[self.profile.pk]


def belongings(
    workspace_id: int, profile_ids: Sequence[int]
) -> dict[int, dict[str, Sequence[Belonging]]]:
    """For each id, an existing user's or a waiting one, the cohorts and segments it is in."""
    read = belonging.read(workspace_id, profile_ids)
    return {
        profile_id: {
            what: read.get(what, {}).get(profile_id, ()) for what in ("cohorts", "segments")
        }
        for profile_id in profile_ids
    }


def handles(workspace_id: int, profiles: Iterable[Profile]) -> Mapping[int, str]:
    """What to tell each of those who are anonymous apart by, in one query for all."""
    anonymous = [profile.pk for profile in profiles if not profile.is_identified]
    if not anonymous:
        return {}
    named = Identifier.objects.filter(workspace_id=workspace_id, profile_id__in=anonymous)
    by_profile: dict[int, list[Identifier]] = {}
    for identifier in named.order_by("kind", "label", "value"):
        by_profile.setdefault(identifier.profile_id, []).append(identifier)
    return {pk: handle_of(identifiers) for pk, identifiers in by_profile.items()}


def handle_of(identifiers: Sequence[Identifier]) -> str:
    """An alias, else a device, else nothing."""
    for identifier in identifiers:
        if identifier.kind == IdentifierKind.ALIAS:
            return str(identifier)
    for identifier in identifiers:
        if identifier.kind == IdentifierKind.DEVICE:
            return _("device %(id)s") % {"id": identifier.value}
    return ""
