"""What a marketer would send to the demo's segment: a campaign to a few, and a draft Canvas."""

from django.conf import settings

from campaigns import audience, launching, services, steps
from campaigns.launching import CannotLaunch
from campaigns.models import Campaign, Channel, Kind
from demo import segment
from segments import tree
from segments.models import Segment
from workspaces import audit
from workspaces.models import Workspace

CAMPAIGN, CANVAS = "Advent mailing", "Welcome back"
DAY = 86_400
ADVENT = {
    "subject": "{{ user.first_name | default: 'Hello' }}, Advent begins early",
    "text": "Your calendar is waiting: https://shop.example/advent",
    "html": (
        "<h1>Advent begins early</h1><p>{{ user.first_name | default: 'Hello' }}, "
        '<a href="https://shop.example/advent">your calendar is waiting</a>.</p>'
    ),
}
WELCOME = (
    ("We kept your basket", 0, "Come back and have a look: https://shop.example/basket"),
    ("Still there, for two days", 3 * DAY, "Then it goes back: https://shop.example/basket"),
)
# A twentieth of everybody, so that sending is over within seconds.
A_FEW = {
    "version": 1,
    "match": "all",
    "groups": [
        {
            "name": "A twentieth",
            "match": "all",
            "filters": [{"kind": "random_bucket", "operator": "between", "values": [0, 499]}],
        }
    ],
}


def make(workspace: Workspace, *, by: audit.Actor) -> None:
    """Once its cohorts are applied: nobody is in the audience before."""
    if not Campaign.objects.filter(workspace=workspace, name=CAMPAIGN).exists():
        campaign = services.create(
            workspace, kind=Kind.CAMPAIGN, name=CAMPAIGN, tags=["Christmas"], by=by
        )
        steps.change(campaign.steps.get(), name="", delay_seconds=0, message=ADVENT, by=by)
        services.target(campaign, _audience(workspace, A_FEW), by=by)
        campaign.refresh_from_db()
        _launch(campaign, by=by)
    if not Campaign.objects.filter(workspace=workspace, name=CANVAS).exists():
        canvas = services.create(workspace, kind=Kind.CANVAS, name=CANVAS, by=by)
        for number, (subject, delay_seconds, text) in enumerate(WELCOME):
            step = steps.add(canvas, Channel.EMAIL, by=by) if number else canvas.steps.get()
            message = {"subject": subject, "text": text}
            steps.change(step, name="", delay_seconds=delay_seconds, message=message, by=by)
        services.target(canvas, _audience(workspace), by=by)


def _audience(workspace: Workspace, filters: object = None) -> audience.Audience:
    found = Segment.objects.filter(workspace=workspace, name=segment.NAME)
    return audience.Audience(
        tuple(found.values_list("pk", flat=True)),
        tree.parse(filters) if filters else tree.Tree(),
    )


def _launch(campaign: Campaign, *, by: audit.Actor) -> None:
    """Where mail becomes files. Invented addresses are nothing to trouble a mail server with."""
    if settings.PRODUCTION or settings.EMAIL_URL:
        return
    try:
        launching.launch(campaign, by=by, confirmed=True)
    except CannotLaunch:
        return  # too few users for a twentieth of them: it stays a draft
