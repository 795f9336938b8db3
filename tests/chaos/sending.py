"""Campaigns under way inside an instance."""

import json
from typing import Any

from config.local.instance import Instance
from tests.chaos.workspace import make_workspace

ADDRESSES = """
UPDATE profiles_profile
   SET attributes = jsonb_build_object('email', external_id || '@example.com')
 WHERE workspace_id = (SELECT id FROM workspaces_workspace WHERE slug = %s)
"""
LAUNCH = """
import json
from campaigns import launching, services, steps
from campaigns.models import Channel, Kind
from workspaces.models import Workspace

workspace = Workspace.objects.get(slug={slug!r})
campaign = services.create(
    workspace, kind=Kind.CAMPAIGN, name="Spring", channel=Channel({channel!r}), by="tests"
)
message = json.loads({message!r})
steps.change(campaign.steps.get(), name="", delay_seconds=0, message=message, by="tests")
campaign.refresh_from_db()
launching.launch(campaign, by="tests")
"""


def launch(
    instance: Instance, slug: str, *, users: int, channel: str, message: dict[str, Any]
) -> None:
    """A workspace of its own with so many users, and a campaign to all of them, launched."""
    make_workspace(instance, slug, users)
    with instance.connect() as connection:
        connection.execute(ADDRESSES, [slug])
    code = LAUNCH.format(slug=slug, channel=channel, message=json.dumps(message))
    instance.manage("shell", "--verbosity", "0", "-c", code)
