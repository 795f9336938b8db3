"""A workspace with one of everything that has a page, for tests that go through all pages.

What is made here carries the workspace's slug in its name, so that it can be told where it
isn't meant to be seen. A new page over a model needs its example here.
"""

from campaigns import services as campaigns
from campaigns.models import Campaign, Kind
from cohorts.tests.factories import Connector, make_users
from imports.tests.factories import make_job
from partners.request_log import journal
from partners.request_log_writer import write_down
from segments import services
from segments.tree import Tree
from tests.factories import make_member, make_rest_key, make_workspace
from workspaces import audit
from workspaces.models import Workspace
from workspaces.roles import Role
from workspaces.team import invitations


def furnish(slug="acme"):
    """The workspace. `secrets` are the live keys that open it; `canary` is in all names."""
    workspace = make_workspace(slug)
    workspace.canary = f"only-{slug}"
    connector = Connector(workspace=slug)
    connector.name(cohort_id=f"{workspace.canary}-spring", name=f"{workspace.canary} buyers")
    connector.add("ann", cohort_id=f"{workspace.canary}-spring")
    _call_of_nobody(connector)
    workspace.secrets = [
        connector.partner_api_key,
        connector.client_secret,
        make_rest_key(workspace, label=f"{workspace.canary} warehouse"),
    ]
    make_users(workspace, [f"{workspace.canary}-ann"])
    services.create(workspace, name=f"{workspace.canary} everyone", filters=Tree(), by="tests")
    for kind in Kind:
        name = f"{workspace.canary} {kind.value}"
        campaigns.create(workspace, kind=kind, name=name, by="tests")
    make_job(workspace)
    make_member(workspace, Role.VIEWER, f"{workspace.canary}-member")
    invited = invitations.invite(
        workspace, f"{workspace.canary}@example.com", Role.VIEWER, by=workspace.canary
    )
    workspace.secrets.append(invited.text)
    audit.record(
        workspace=workspace,
        by=workspace.canary,
        action="test.done",
        object_type="test",
        object_id=workspace.canary,
    )
    return workspace


def _call_of_nobody(connector):
    """A line of the installation log, the only one that is written."""
    journal.start_over()
    connector.post_raw("cohorts", "not JSON")
    write_down()


def example(model, workspace=None):
    """A row of that model that a page can show: the workspace's, where the model has one."""
    found = model._default_manager.order_by("pk")
    if model is Workspace and workspace:
        found = found.filter(pk=workspace.pk)
    elif workspace and any(field.name == "workspace" for field in model._meta.fields):
        found = found.filter(workspace=workspace)
    if model is Campaign:
        found = found.filter(kind=Kind.CAMPAIGN)  # a Canvas has pages of its own
    row = found.first()
    assert row is not None, f"make one {model._meta.label} in `furnish`"
    return row
