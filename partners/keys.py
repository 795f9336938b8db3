"""Issue the two keys of a partner's calls. Both are readable once, in what these return."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import transaction

from common import keyring
from common.keyring import IssuedKey
from common.models import ApiKey
from partners.models import DataImportKey, Integration, Partner, PartnerApiKey
from workspaces import audit
from workspaces.keys import note
from workspaces.models import RestApiKey, Workspace

LENT_FOR = timedelta(minutes=1)


@transaction.atomic
def issue_partner_api_key(
    partner: Partner, *, by: audit.Actor, label: str = "", expires_in: timedelta | None = None
) -> IssuedKey[PartnerApiKey]:
    """The key by which a partner identifies itself, whatever workspace it uploads to."""
    issued = keyring.mint(
        PartnerApiKey, created_by=str(by), expires_in=expires_in, label=label, partner=partner
    )
    note(issued.row, "issued", by=by, partner=partner.slug)
    return issued


@transaction.atomic
def issue_data_import_key(
    partner: Partner,
    workspace: Workspace,
    *,
    by: audit.Actor,
    label: str = "",
    expires_in: timedelta | None = None,
) -> IssuedKey[DataImportKey]:
    """The `client_secret` with which a partner uploads into one workspace.

    The first one there connects the two. A connection that an operator has disabled stays
    disabled: a new key is no reason to let a partner in again.
    """
    _, connected = Integration.objects.get_or_create(workspace=workspace, partner=partner)
    if connected:
        audit.record(
            workspace=workspace,
            by=by,
            action="integration.connected",
            object_type="integration",
            object_id=partner.slug,
        )
    issued = keyring.mint(
        DataImportKey,
        created_by=str(by),
        expires_in=expires_in,
        label=label,
        partner=partner,
        workspace=workspace,
    )
    note(issued.row, "issued", by=by, partner=partner.slug)
    return issued


@contextmanager
def lent_partner_api_key(partner: Partner) -> Iterator[str]:
    """The text of a partner API key that opens nothing any more once the block is left.

    For trying a data import key: whoever looks after a workspace holds that one, and not
    the key of the partner. Nobody is shown the text, and should we die in between, the key
    dies a minute later.
    """
    issued = keyring.mint(
        PartnerApiKey,
        created_by="test call",
        label="test call",
        expires_in=LENT_FOR,
        partner=partner,
    )
    try:
        yield issued.text
    finally:
        issued.row.delete()


def keys_of(workspace: Workspace) -> list[ApiKey]:
    """Every key that can change or read something in the workspace, live or not, newest first.

    Its own, and those by which the partners connected to it identify themselves.
    """
    connected = Partner.objects.filter(integrations__workspace=workspace)
    return [
        *PartnerApiKey.objects.filter(partner__in=connected),
        *DataImportKey.objects.filter(workspace=workspace),
        *RestApiKey.objects.filter(workspace=workspace),
    ]
