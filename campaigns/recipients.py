"""The users of a batch as they are now: what templates see, and who may be written to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from campaigns.reasons import Reason
from profiles.models import Profile


@dataclass(frozen=True, slots=True)
class Recipient:
    profile_id: int
    external_id: str | None
    attributes: Mapping[str, Any]

    @property
    def email(self) -> str:
        return str(self.attributes.get("email", "")).strip()

    def values(self) -> dict[str, Any]:
        """What templates know as `user`: every attribute by its name, and the external id."""
        return {**self.attributes, "external_id": self.external_id or ""}


def read(workspace_id: int, profile_ids: Sequence[int]) -> dict[int, Recipient]:
    """Those of them who still exist."""
    rows = Profile.objects.filter(workspace_id=workspace_id, pk__in=profile_ids)
    return {
        key: Recipient(key, external_id, attributes)
        for key, external_id, attributes in rows.values_list("pk", "external_id", "attributes")
    }


def unmailable(recipient: Recipient | None) -> Reason | None:
    """Why no email may go to them, decided anew for each message; None where it may."""
    if recipient is None:
        return Reason.GONE
    if recipient.attributes.get("email_subscribe") == "unsubscribed":
        return Reason.UNSUBSCRIBED
    if not recipient.email:
        return Reason.NO_ADDRESS
    return None
