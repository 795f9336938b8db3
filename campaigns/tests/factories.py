"""Campaigns, and the users to send them to."""

from uuid import UUID

from campaigns import audience, cutting, launching, runner, services
from campaigns.models import Channel, Kind, Outcome
from campaigns.steps import add, change
from profiles.models import Profile
from profiles.tests.backend import BackEnd
from segments.tree import parse
from tests.factories import make_workspace

BY = "tests"

EMAIL = {"subject": "Hello {{ user.first_name | default: 'you' }}", "text": "Come and look."}


def make_users(*names, workspace="acme", **attributes):
    """Identified users with an address each: ana has ana@example.com."""
    shop = BackEnd(workspace)
    users = [
        {"external_id": name, "email": f"{name}@example.com", "first_name": name, **attributes}
        for name in names
    ]
    for start in range(0, len(users), 75):
        shop.track(*users[start : start + 75])
    return shop


def make_campaign(
    *steps, kind=Kind.CAMPAIGN, name="Spring", segments=(), filters=None, control_percent=0
):
    """A draft to everybody unless it is said to whom, with one email unless it is said what."""
    campaign = services.create(make_workspace(), kind=kind, name=name, by=BY)
    chosen = audience.Audience(
        segments=tuple(UUID(str(key)) for key in segments),
        filters=parse(filters) if filters else audience.Tree(),
        control_percent=control_percent,
    )
    services.target(campaign, chosen, by=BY)
    for step in steps or [email()]:
        kept = campaign.steps.filter(message={}).first() or add(campaign, step["channel"], by=BY)
        kept.channel = step["channel"]
        change(kept, name="", delay_seconds=step["delay_seconds"], message=step["message"], by=BY)
    campaign.refresh_from_db()
    return campaign


def email(delay_seconds=0, **message):
    return {
        "channel": Channel.EMAIL,
        "delay_seconds": delay_seconds,
        "message": {**EMAIL, **message},
    }


def webhook(url, delay_seconds=0, **message):
    return {
        "channel": Channel.WEBHOOK,
        "delay_seconds": delay_seconds,
        "message": {"url": url, "headers": {}, "properties": {}, **message},
    }


def launched(campaign, **options):
    """Its first sending, cut into batches."""
    launch = launching.launch(campaign, by=BY, **options)
    sending = launch.sendings.order_by("due_at").first()
    assert cutting.begin(sending.pk)
    return fresh(sending)


def sent(sending, seconds=20):
    """The sending after everything that can be sent was."""
    while runner.run(sending.pk, seconds=seconds):
        pass
    return fresh(sending)


def fresh(row):
    return type(row).objects.get(pk=row.pk)


def fates(sending):
    """Fate and reason by external id, of whoever wasn't simply sent the message."""
    names = dict(Profile.objects.values_list("pk", "external_id"))
    rows = Outcome.objects.filter(batch__sending=sending, resent_at=None)
    return {names.get(each.profile_id): (each.fate, each.reason) for each in rows}
