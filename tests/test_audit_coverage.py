"""Every change of a key, partner, cohort, segment, user or setting leaves its row, or is undone."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.urls import reverse

from cohorts.applying import attempts
from cohorts.tests.factories import accept, make_cohort, make_users
from partners import connections, directory
from partners.keys import issue_data_import_key, issue_partner_api_key
from partners.models import DataImportKey, Integration, PartnerApiKey
from profiles.models import Profile
from segments import services
from segments.tree import Tree
from tests.factories import make_keys, make_operator, make_partner, make_rest_key, make_workspace
from workspaces import keys
from workspaces.models import AuditEntry, RestApiKey

pytestmark = pytest.mark.django_db

EVERYONE = Tree()

REFUSE = """
CREATE FUNCTION refuse_audit() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'no audit row today'; END $$;
CREATE TRIGGER refuse_audit BEFORE INSERT ON workspaces_auditentry
    FOR EACH ROW EXECUTE FUNCTION refuse_audit();
"""


class Scene:
    """Acme with one of everything, and Olga, who changes it."""

    def __init__(self):
        self.acme, self.tinyclues = make_workspace(), make_partner()
        make_keys(self.acme, self.tinyclues)
        make_rest_key(self.acme)
        self.ann = make_users(self.acme, ["ann"])["ann"]
        self.cohort = make_cohort(self.acme)
        accept(self.cohort, {"user_ids": ["ann"]})
        attempts.park(self.cohort.pk, "a trial")
        self.segment = services.create(self.acme, name="Spring", filters=EVERYONE, by="tests")
        self.gone = services.create(self.acme, name="Gone", filters=EVERYONE, by="tests")
        services.archive(self.gone, by="tests")
        self.olga = make_operator()
        self.client = Client()
        self.client.force_login(self.olga)

    def send(self, name, thing, form):
        answer = self.client.post(reverse(f"admin:{name}", args=[thing.pk]), form)
        assert answer.status_code == 302, answer.context and answer.context.get("errors")

    def rotate(self, model):
        keys.rotate(model.objects.get(), grace=timedelta(hours=1), by=self.olga)

    def invalidate(self, model):
        keys.invalidate(model.objects.get(), by=self.olga)


def users(scene, call, body):
    answer = scene.client.post(
        f"/users/{call}",
        body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {make_rest_key(scene.acme)}"},
    )
    assert answer.status_code < 300, answer.content


# What leaves which row; `by` is Olga, whether over a page or a service that a page calls.
DEEDS = {
    "partner_api_key.issued": lambda s: issue_partner_api_key(s.tinyclues, by=s.olga),
    "partner_api_key.rotated": lambda s: s.rotate(PartnerApiKey),
    "partner_api_key.invalidated": lambda s: s.invalidate(PartnerApiKey),
    "data_import_key.issued": lambda s: issue_data_import_key(s.tinyclues, s.acme, by=s.olga),
    "data_import_key.rotated": lambda s: s.rotate(DataImportKey),
    "data_import_key.invalidated": lambda s: s.invalidate(DataImportKey),
    "rest_api_key.issued": lambda s: keys.issue_rest_api_key(
        s.acme, permissions=["all"], by=s.olga
    ),
    "rest_api_key.rotated": lambda s: s.rotate(RestApiKey),
    "rest_api_key.invalidated": lambda s: s.invalidate(RestApiKey),
    "partner.added": lambda s: directory.add(slug="ours", by=s.olga),
    "partner.renamed": lambda s: directory.rename(s.tinyclues, name="Splio", by=s.olga),
    "integration.connected": lambda s: issue_data_import_key(
        make_partner("segment"), s.acme, by=s.olga
    ),
    "integration.handed_over": lambda s: connections.hand_over(
        Integration.objects.get(), by=s.olga
    ),
    "integration.disabled": lambda s: connections.disable(Integration.objects.get(), by=s.olga),
    "cohort.retried": lambda s: attempts.retry(s.cohort, by=s.olga),
    "cohort.skipped": lambda s: attempts.skip(s.cohort, by=s.olga),
    "segment.created": lambda s: services.create(
        s.acme, name="Summer", filters=EVERYONE, by=s.olga
    ),
    "segment.changed": lambda s: services.rename(s.segment, name="Autumn", by=s.olga),
    "segment.archived": lambda s: services.archive(s.segment, by=s.olga),
    "segment.restored": lambda s: services.restore(s.gone, by=s.olga),
    "workspace.changed": lambda s: s.send(
        "workspaces_workspace_change",
        s.acme,
        {"name": "Acme Ltd", "waiting_retention_days": 7, "waiting_cap": 10},
    ),
    "user.deleted": lambda s: s.send(
        "profiles_profile_delete", Profile.objects.get(pk=s.ann), {"post": "yes"}
    ),
}

# By a key, over the API.
CALLS = {
    "users.track": ("track", {"attributes": [{"external_id": "bob"}]}),
    "users.alias.new": (
        "alias/new",
        {
            "user_aliases": [
                {"external_id": "ann", "alias_name": "a", "alias_label": "crm"},
            ]
        },
    ),
    "user.deleted": ("delete", {"external_ids": ["ann"]}),
}


@pytest.fixture
def scene():
    found = Scene()
    AuditEntry.objects.all().delete()
    return found


def everything_stored():
    """Every row of every table but that of sessions. Fails where half a change is left behind."""
    with connection.cursor() as cursor:
        stored = {}
        for table in connection.introspection.table_names(cursor):
            if table != "django_session":
                cursor.execute(f'SELECT stored::text FROM "{table}" AS stored')
                stored[table] = sorted(row for (row,) in cursor.fetchall())
    return stored


@pytest.mark.parametrize("action", DEEDS)
def test_a_person_s_change_is_noted_under_their_name(scene, action):
    DEEDS[action](scene)

    entry = AuditEntry.objects.get(action=action)
    assert entry.actor == "olga"
    assert entry.object_id


@pytest.mark.parametrize("action", CALLS)
def test_a_call_s_change_is_noted_under_its_key(scene, action):
    users(scene, *CALLS[action])

    entry = AuditEntry.objects.get(action=action)
    assert entry.actor.startswith("qs_rak_")
    assert entry.address == "127.0.0.1"


@pytest.mark.parametrize("action", DEEDS)
def test_a_change_that_cannot_be_noted_is_not_made(scene, action):
    with connection.cursor() as cursor:
        cursor.execute(REFUSE)
    before = everything_stored()

    with pytest.raises(DatabaseError, match="no audit row today"):
        DEEDS[action](scene)

    assert everything_stored() == before
