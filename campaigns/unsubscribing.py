"""Take somebody off email for good, because a message of ours asked them whether they want to."""

from dataclasses import dataclass, field

from campaigns import tracking
from campaigns.models import Deed, Sending
from campaigns.tracking import Place
from profiles import identities, rules
from profiles.activity import Tallies
from profiles.attributes import Patch
from profiles.rules import Identities
from workspaces import audit

BY = "unsubscribe link"


@dataclass(slots=True)
class _Decided:
    patches: dict[int, Patch] = field(default_factory=dict)
    tallies: Tallies = field(default_factory=dict)


def unsubscribe(place: Place, external_id: str = "") -> bool:
    """Nothing more goes to them; False when nobody knows them any more.

    Somebody who was merged into another user since is found by the external id that they
    had, which goes on naming the survivor.
    """
    sending = Sending.objects.select_related("launch__campaign__workspace").get(pk=place.sending_id)
    workspace = sending.launch.campaign.workspace
    key = rules.external_id(external_id) if external_id else None

    def decide(found: Identities) -> _Decided:
        profile_id: int | None = place.profile_id
        if profile_id not in found.external_ids:
            profile_id = found.find(key) if key else None
        if profile_id is None:
            return _Decided()
        return _Decided({profile_id: Patch({"email_subscribe": "unsubscribed"})})

    def note(decided: _Decided) -> None:
        if decided.patches:
            audit.record(
                workspace=workspace,
                by=BY,
                action="user.unsubscribed",
                object_type=sending.launch.campaign.kind,
                object_id=str(sending.launch.campaign_id),
            )

    decided = identities.settle(
        workspace.pk,
        keys=[key] if key else [],
        profile_ids=[place.profile_id],
        decide=decide,
        finish=note,
    )
    tracking.note(place, Deed.UNSUBSCRIBED)
    return bool(decided.patches)
