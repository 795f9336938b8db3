"""What a partner's data engineer pastes into a shell to try both calls."""

import json
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from partners.models import Partner

PARTNER_API_KEY = "YOUR_PARTNER_API_KEY"
DATA_IMPORT_KEY = "YOUR_DATA_IMPORT_KEY"


@dataclass(frozen=True, slots=True)
class Sample:
    """A call: what it does, the path below the endpoint, and the shell command that makes it."""

    name: str
    title: str
    path: str
    command: str


def endpoint(request: HttpRequest) -> str:
    """Where partners call, without a slash at its end."""
    return settings.REST_ENDPOINT or request.build_absolute_uri("/").rstrip("/")


def samples(
    endpoint: str,
    partner: Partner,
    *,
    client_secret: str = "",
    partner_api_key: str = "",
) -> list[Sample]:
    """Both calls, with placeholders for the keys that aren't given."""
    keys = {
        "partner_api_key": partner_api_key or PARTNER_API_KEY,
        "client_secret": client_secret or DATA_IMPORT_KEY,
        "cohort_id": "spring",
    }
    naming = {**keys, "name": "Spring collection", "created_at": "2026-03-01T08:00:00Z"}
    change = {**keys, "cohort_changes": [{"user_ids": ["user-1", "user-2"]}]}
    path = f"/partners/{partner.slug}/cohorts"
    return [
        Sample("naming", _("Name a cohort"), path, _command(endpoint + path, naming)),
        Sample(
            "change",
            _("Add users to it"),
            f"{path}/users",
            _command(f"{endpoint}{path}/users", change),
        ),
    ]


def _command(address: str, body: dict[str, Any]) -> str:
    fields = ",\n".join(f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in body.items())
    return f"curl {address} -H 'Content-Type: application/json' -d '{{\n{fields}\n}}'"
