"""Two campaigns under way inside an instance, and what it says became of everyone."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

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
given = json.loads({given!r})
channel = Channel(given["channel"])
campaign = services.create(
    workspace, kind=Kind(given["kind"]), name="Spring", channel=channel, by="tests"
)
for delay, message in given["steps"]:
    step = campaign.steps.filter(message={{}}).first() or steps.add(campaign, channel, by="tests")
    step.channel = channel
    steps.change(step, name="", delay_seconds=delay, message=message, by="tests")
campaign.refresh_from_db()
launching.launch(campaign, by="tests")
"""
TELL = """
import dataclasses, json
from campaigns import results
from campaigns.models import Sending
from profiles.models import Profile

sending = Sending.objects.get(launch__campaign__workspace__slug={slug!r})
names = dict(Profile.objects.values_list("pk", "external_id"))
fates = {{}}
for profile_id, fate, *_ in results.recipients(sending):
    fates.setdefault(fate, []).append(names[profile_id])
print(json.dumps([sending.state, dataclasses.asdict(results.of_sending(sending)), fates]))
"""


@dataclass(frozen=True)
class Told:
    """A sending's state, its results, and the external ids of those with each fate."""

    state: str
    results: dict[str, Any]
    fates: dict[str, list[str]]

    @classmethod
    def of(cls, instance: Instance, slug: str) -> Self:
        return cls(*json.loads(_run(instance, TELL.format(slug=slug))))

    def having(self, fate: str) -> set[str]:
        return set(self.fates.get(fate, ()))


def launch(
    instance: Instance, slug: str, *, users: int, channel: str, message: dict[str, Any]
) -> None:
    """A workspace of its own with so many users, and a campaign to all of them, launched."""
    _launch(
        instance, slug, users, {"kind": "campaign", "channel": channel, "steps": [(0, message)]}
    )


def launch_canvas(
    instance: Instance, slug: str, *, users: int, mails: Sequence[tuple[int, dict[str, Any]]]
) -> None:
    """The same with a Canvas of emails, each so many seconds after the one before."""
    _launch(instance, slug, users, {"kind": "canvas", "channel": "email", "steps": list(mails)})


def _launch(instance: Instance, slug: str, users: int, given: dict[str, Any]) -> None:
    make_workspace(instance, slug, users)
    with instance.connect() as connection:
        connection.execute(ADDRESSES, [slug])
    _run(instance, LAUNCH.format(slug=slug, given=json.dumps(given)))


def _run(instance: Instance, code: str) -> str:
    return instance.manage("shell", "--verbosity", "0", "-c", code)
