"""The cast and their things, made through the services that the product itself uses."""

from partners.keys import issue_data_import_key, issue_partner_api_key
from partners.models import Partner
from workspaces import tenancy
from workspaces.keys import issue_rest_api_key
from workspaces.models import Membership, User, Workspace
from workspaces.roles import Role

BY = "tests"

# Whoever has just that role, by the name that they go by.
CAST = {
    Role.ADMINISTRATOR: "ada",
    Role.OPERATOR: "omar",
    Role.MARKETER: "marta",
    Role.VIEWER: "vera",
}


def make_workspace(slug="acme"):
    """Acme or Globex, who must never see each other's things."""
    found = Workspace.objects.filter(slug=slug).first()
    return found or tenancy.create(slug=slug, name=slug.title(), by=BY)


def make_partner(slug="tinyclues"):
    """Found where the migration shipped it; a test that empties the database makes it anew."""
    partner, _ = Partner.objects.get_or_create(slug=slug, defaults={"name": slug.title()})
    return partner


def make_keys(workspace, partner):
    """Texts of the partner API key and the client secret that a partner's calls need."""
    partner_api_key = issue_partner_api_key(partner, by=BY)
    client_secret = issue_data_import_key(partner, workspace, by=BY)
    return partner_api_key.text, client_secret.text


def make_rest_key(workspace, permissions="all", **others):
    """Text of a REST API key. `permissions` is one name, or several with commas between."""
    issued = issue_rest_api_key(workspace, permissions=permissions.split(","), by=BY, **others)
    return issued.text


def bearer(text):
    """The header of a REST call, as keyword arguments of a test client's call."""
    return {"headers": {"Authorization": f"Bearer {text}"}}


def make_operator(username="olga", password=None):
    """Olga operates the installation: she may do everything, everywhere.

    Hashing a password takes half a second: ask for it.
    """
    return User.objects.create_superuser(username, password=password)


def make_member(workspace, role, username="", password=None):
    """Somebody who has that role in the workspace, and none elsewhere."""
    person = make_nobody(username or CAST[role], password)
    Membership.objects.create(user=person, workspace=workspace, role=role)
    return person


def make_marketer(workspace=None):
    """Marta does marketing, at Acme unless it is said where."""
    return make_member(workspace or make_workspace(), Role.MARKETER)


def make_nobody(username="noor", password=None):
    """May sign in, and is in no team."""
    return User.objects.create_user(username, password=password, is_staff=True)
