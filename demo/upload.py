"""Upload the demo's audiences through the partner API, with keys made for that alone."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from time import monotonic, sleep

from django.db.models import F

from cohorts.models import Cohort
from common import keyring
from common.models import ApiKey
from demo.audiences import Audience, exports
from demo.calls import PartnerCalls
from demo.people import Person
from partners.keys import issue_data_import_key, issue_partner_api_key
from partners.models import DataImportKey, Partner, PartnerApiKey
from workspaces import keys
from workspaces.models import Workspace

BY = "manage.py load_demo"
LABEL = "Demo upload"
PARTNERS = ("tinyclues", "segment")

Say = Callable[[str], None]


def upload(
    workspace: Workspace, people: Sequence[Person], *, url: str, now: datetime, say: Say
) -> None:
    """Name every cohort and send its users, as the partners would.

    Sending it all again changes no membership. Raises `CallFailed`.
    """
    with _connections(workspace, url) as calls:
        for export in exports(people, now.date()):
            audience = export.audience
            say(f"Uploading “{audience.name}” in {len(export.requests)} requests.")
            _name(audience, calls[audience.partner], now)
            for changes in export.requests:
                calls[audience.partner].change(audience.cohort_id, changes)


def _name(audience: Audience, calls: PartnerCalls, now: datetime) -> None:
    fields = {"cohort_id": audience.cohort_id, "created_at": now.isoformat()}
    if audience.export_file_name:
        fields["export_file_name"] = audience.export_file_name
    for name in filter(None, (audience.former_name, audience.name)):
        calls.name(name=name, **fields)


@contextmanager
def _connections(workspace: Workspace, url: str) -> Iterator[dict[str, PartnerCalls]]:
    """Calls of each partner, with fresh keys that stop working afterwards: nobody has them."""
    calls = {}
    with ExitStack() as opened:
        opened.callback(_invalidate_keys, workspace)
        for partner in Partner.objects.filter(slug__in=PARTNERS):
            api_key = issue_partner_api_key(partner, by=BY, label=LABEL)
            secret = issue_data_import_key(partner, workspace, by=BY, label=LABEL)
            mine = PartnerCalls(url, partner.slug, api_key.text, secret.text)
            calls[partner.slug] = opened.enter_context(mine)
        yield calls


def _invalidate_keys(workspace: Workspace) -> None:
    """End the keys of this upload, and of one that was killed before."""
    ours = {"label": LABEL, "created_by": BY}
    owned: list[ApiKey] = [
        *PartnerApiKey.objects.filter(keyring.LIVE, **ours),
        *DataImportKey.objects.filter(keyring.LIVE, workspace=workspace, **ours),
    ]
    for key in owned:
        keys.invalidate(key, by=BY)


def await_applied(workspace: Workspace, *, seconds: float) -> bool:
    """Whether everything accepted is applied, within that time."""
    until = monotonic() + seconds
    behind = Cohort.objects.filter(workspace=workspace, cursor__sequence__lt=F("head__sequence"))
    while behind.exists():
        if monotonic() > until:
            return False
        sleep(0.1)
    return True
