"""Users, uploads and applies, made as plainly as the tests need them."""

import json
import uuid
from datetime import UTC, datetime

from django.test import Client
from pyroaring import BitMap64

from cohorts import blocks, registry
from cohorts.applying import runner
from cohorts.applying.folding import COUNTS
from cohorts.models import Cohort, Upload
from cohorts.partner_api import inbox
from cohorts.partner_api.changes import parse
from common import bitmaps
from partners.authentication import Caller
from partners.limits import Quota
from profiles import known
from profiles.facets import changes
from profiles.models import Identifier, IdentifierKind, IdentifierState, Profile
from tests.factories import make_keys, make_partner, make_workspace


class Connector:
    """A partner's client with the keys of one workspace, as it posts from outside."""

    def __init__(self, workspace="acme", partner="tinyclues", **client_options):
        self.partner = make_partner(partner)
        self.workspace = make_workspace(workspace)
        self.partner_api_key, self.client_secret = make_keys(self.workspace, self.partner)
        self.client = Client(**client_options)

    def post(self, path, fields, headers=None, **options):
        """POST to a path below the partner's, with the keys beside `fields`."""
        keys = {"partner_api_key": self.partner_api_key, "client_secret": self.client_secret}
        return self.post_raw(path, json.dumps({**keys, **fields}), headers, **options)

    def post_raw(self, path, body, headers=None, content_type="application/json", **options):
        return self.client.post(
            f"/partners/{self.partner.slug}/{path}",
            body,
            content_type=content_type,
            headers=headers or {},
            **options,
        )

    def name(self, cohort_id="spring", name="Spring buyers", headers=None, **fields):
        created_at = fields.pop("created_at", "2026-05-04T10:00:00Z")
        fields = {"cohort_id": cohort_id, "name": name, "created_at": created_at, **fields}
        return self.post("cohorts", fields, headers)

    def change(self, cohort_changes, cohort_id="spring", headers=None, **fields):
        fields = {"cohort_id": cohort_id, "cohort_changes": cohort_changes, **fields}
        return self.post("cohorts/users", fields, headers)

    def add(self, *user_ids, cohort_id="spring"):
        return self.change([{"user_ids": user_ids}], cohort_id)

    def remove(self, *user_ids, cohort_id="spring"):
        return self.change([{"user_ids": user_ids, "should_remove": True}], cohort_id)


def adds(*user_ids):
    return {"user_ids": list(user_ids)}


def removes(*user_ids):
    return {"user_ids": list(user_ids), "should_remove": True}


def alias(label, name):
    return {"alias_label": label, "alias_name": name}


def make_users(workspace, external_ids):
    """Identified users with nothing but their external id; their profile ids by it."""
    profiles = Profile.objects.bulk_create(
        [Profile(workspace=workspace, external_id=external_id) for external_id in external_ids]
    )
    for profile in profiles:
        name_user(profile, IdentifierKind.EXTERNAL_ID, profile.external_id)
    profile_ids = [profile.pk for profile in profiles]
    known.write_blocks(workspace.pk, BitMap64(profile_ids))
    changes.note(workspace.pk, (profile_ids, changes.EVERYTHING))
    return {profile.external_id: profile.pk for profile in profiles}


def make_anonymous(workspace):
    profile = Profile.objects.create(workspace=workspace)
    known.write_blocks(workspace.pk, BitMap64([profile.pk]))
    changes.note(workspace.pk, ([profile.pk], changes.EVERYTHING))
    return profile


def name_user(profile, kind, value, *, label=""):
    """Give the user one more id; a device of an identified user is muted."""
    muted = kind == IdentifierKind.DEVICE and profile.is_identified
    return Identifier.objects.create(
        workspace_id=profile.workspace_id,
        kind=kind,
        label=label,
        value=value,
        profile_id=profile.pk,
        state=IdentifierState.MUTED if muted else IdentifierState.LIVE,
    )


def make_cohort(workspace, external_id="spring", partner="tinyclues"):
    pk = registry.find_or_create(workspace.pk, make_partner(partner).pk, external_id)
    return Cohort.objects.get(pk=pk)


def accept(cohort, *objects):
    """Store a request as the partner call does once it is checked; its sequence number."""
    changes = parse(json.dumps(objects).encode())
    caller = Caller(cohort.partner_id, cohort.workspace_id, 0, 0, Quota(10**9), False)
    _, sequence = inbox.accept(caller, cohort.external_id, changes, request_id=uuid.uuid4())
    return sequence


def apply_all():
    """Ring until nothing is pending."""
    while cohort_ids := list(runner.pending_cohorts()):
        for cohort_id in cohort_ids:
            runner.run(cohort_id)


def members_of(cohort):
    return set(bitmaps.join(blocks.of(cohort.pk)))


def known_members_of(cohort):
    existing = bitmaps.join(known.read_known(cohort.workspace_id))
    return members_of(cohort) & set(existing)


def outcome_of(cohort, sequence):
    """The counts of that request that aren't 0."""
    upload = Upload.objects.get(cohort=cohort, sequence=sequence)
    assert upload.applied_at, "not applied yet"
    return {count: number for count in COUNTS if (number := getattr(upload, count))}


def waiting_id(workspace, value, kind=IdentifierKind.EXTERNAL_ID, label=""):
    """The reserved profile id of an id that waits."""
    return Identifier.objects.get(
        workspace=workspace, kind=kind, label=label, value=value, state=IdentifierState.RESERVED
    ).profile_id


def moment(text):
    return datetime.fromisoformat(text).astimezone(UTC)
