"""The product, played on from outside with the calls of `cohorts.tests.reference`."""

import csv
import json
import tempfile
from collections import defaultdict
from datetime import timedelta
from io import StringIO
from pathlib import Path

from django.core.management import call_command
from django.db.models import F
from django.test import Client
from django.utils import timezone

from cohorts import blocks, erasure
from cohorts.applying.apply import apply_batch
from cohorts.applying.folding import COUNTS
from cohorts.models import Upload
from cohorts.sizes import Size, sizes
from cohorts.tests.factories import Connector, make_cohort
from cohorts.tests.reference import ALIAS, DEVICE, EXTERNAL_ID
from common import bitmaps
from profiles import known, purging, tasks, waiting
from profiles.importing import users
from profiles.models import Activity, Identifier, IdentifierState, Profile
from profiles.tests.backend import BackEnd
from workspaces.models import Workspace

# Making one looks through all static files.
CLIENT = Client()
KINDS = {1: EXTERNAL_ID, 2: ALIAS, 3: DEVICE}


class Product:
    """A workspace of its own, its back end, and a partner with those cohorts."""

    def __init__(self, slug, cohorts, *, keep_days=30, cap=10_000):
        self.back_end = BackEnd(slug)
        self.partner = Connector(slug)
        self.back_end.client = self.partner.client = CLIENT
        self.workspace = self.back_end.workspace
        self._keep(keep_days)
        Workspace.objects.filter(pk=self.workspace.pk).update(waiting_cap=cap)
        self.cohorts = {name: make_cohort(self.workspace, name).pk for name in cohorts}
        self._name_of = {pk: name for name, pk in self.cohorts.items()}

    def track(self, items):
        return self._each("/users/track", "attributes", [self._item(item) for item in items])

    def track_events(self, items):
        at = "2026-05-04T10:00:00Z"
        return self._each(
            "/users/track",
            "events",
            [self._user(id) | {"name": event, "time": at} for id, event in items],
        )

    def _item(self, item):
        entry = dict(item.attributes)
        if item.devices:
            entry["devices"] = [{"device_id": device} for _, device in item.devices]
        if item.existing_only is not None:
            entry["_update_existing_only"] = item.existing_only
        return entry | ({"_create_anonymous": True} if item.name is None else self._user(item.name))

    def alias_new(self, items):
        entries = [
            as_alias(alias) | ({"external_id": external_id[1]} if external_id else {})
            for alias, external_id in items
        ]
        return self._each("/users/alias/new", "user_aliases", entries)

    def alias_update(self, items):
        entries = [
            {"alias_label": old[1], "old_alias_name": old[2], "new_alias_name": new[2]}
            for old, new in items
        ]
        return self._each("/users/alias/update", "alias_updates", entries)

    def identify(self, items):
        entries = [
            {"user_alias": as_alias(alias), "external_id": external_id[1]}
            for alias, external_id in items
        ]
        return self._each("/users/identify", "aliases_to_identify", entries)

    def merge(self, items):
        sides = ("identifier_to_merge", "identifier_to_keep")
        entries = [dict(zip(sides, map(self._user, item), strict=True)) for item in items]
        _, said = self._each("/users/merge", "merge_updates", entries)
        return said

    def delete(self, names):
        """All named in the same way, as the call wants it."""
        entries = [self._user(name) for name in names]
        (way,) = {way for entry in entries for way in entry}
        array = {"external_id": "external_ids", "user_alias": "user_aliases"}.get(way, "braze_ids")
        answer = self.back_end.post("/users/delete", {array: [entry[way] for entry in entries]})
        assert answer.status_code == 201, answer.json()
        return answer.json()["deleted"]

    def delete_while_uploading(self, names, cohort, request):
        """As if the request's transaction had begun before the deletion and ended after it."""
        before = timezone.now()
        deleted = self.delete(names)
        accepted = Upload.objects.filter(cohort_id=self.cohorts[cohort]).count()
        self.upload(cohort, request)
        late = Upload.objects.filter(cohort_id=self.cohorts[cohort], sequence__gt=accepted)
        late.update(received_at=before)
        return deleted

    def import_users(self, rows, form):
        with tempfile.NamedTemporaryFile("w", suffix=f".{form}") as file:
            (write_csv if form == "csv" else write_ndjson)(file, rows)
            file.flush()
            job = users.run(self.workspace, Path(file.name), by="tests")
        return job.counts["created"], job.counts["updated"], job.rows_rejected

    def upload(self, cohort, request):
        answer = self.partner.change([as_change(*each) for each in request], cohort)
        assert answer.status_code == 201, answer.json()

    def apply(self, cohort, most_ids):
        """What became of the ids of each request that was applied, in order."""
        uploads = Upload.objects.filter(cohort_id=self.cohorts[cohort])
        done = uploads.filter(applied_at__isnull=False).count()
        apply_batch(self.workspace.pk, self.cohorts[cohort], most_ids=most_ids)
        return self.outcomes(cohort)[done:]

    def outcomes(self, cohort):
        applied = Upload.objects.filter(cohort_id=self.cohorts[cohort], applied_at__isnull=False)
        return [
            {count: number for count in COUNTS if (number := getattr(upload, count))}
            for upload in applied.order_by("sequence")
        ]

    def purge(self, *, keep_days):
        self._keep(keep_days)
        return purging.purge(self.workspace, by="tests")

    def _keep(self, days):
        Workspace.objects.filter(pk=self.workspace.pk).update(waiting_retention_days=days)

    def let_days_pass(self, days):
        waiting = Identifier.objects.filter(
            workspace=self.workspace, state=IdentifierState.RESERVED
        )
        waiting.update(last_named_at=F("last_named_at") - timedelta(days=days))

    def tidy(self):
        """What the scheduler has done every few seconds, and nobody notices."""
        tasks.fold_known()
        erasure.tidy()

    def check(self):
        call_command("check_membership", workspace=self.workspace.slug, stdout=StringIO())

    def picture(self):
        """As the reference has it; every count that the product keeps must say the same."""
        members, named, waits = self._members(), *self._identifiers()
        users = self._users(members, named)
        assert waiting.count(self.workspace.pk) == len(waits)
        assert known.count(self.workspace.pk) == len(users)
        for pk, size in sizes(self.workspace.pk, self.cohorts.values()).items():
            held = members[self._name_of[pk]]
            assert size == Size(len(held - waits.keys()), len(held & waits.keys()))
        return (
            [seen for seen, _ in users],
            {id: cohorts_of(members, number) for number, id in waits.items()},
        )

    def _users(self, members, named):
        """What there is to see of each user, and the profile id, in order."""
        profiles = Profile.objects.filter(workspace=self.workspace)
        rows = profiles.values_list("pk", "external_id", "attributes")
        done = self._done()
        seen = [
            (
                external_id or "",
                sorted(named[number]),
                sorted(attributes.items()),
                sorted(done[number]),
                cohorts_of(members, number),
            )
            for number, external_id, attributes in rows
        ]
        return sorted(zip(seen, (number for number, *_ in rows), strict=True))

    def _done(self):
        """What users did and how often, by profile id."""
        done = defaultdict(list)
        rows = Activity.objects.filter(workspace=self.workspace)
        for number, name, times in rows.values_list("profile_id", "name", "count"):
            done[number].append((name, times))
        return done

    def _members(self):
        """Whom each cohort holds, by profile id."""
        return {name: set(bitmaps.join(blocks.of(pk))) for name, pk in self.cohorts.items()}

    def _identifiers(self):
        """By profile id: the ids of users, each with whether it matches, and the one that waits."""
        named, waits = defaultdict(list), {}
        found = Identifier.objects.filter(workspace=self.workspace)
        for number, state, *key in found.values_list(
            "profile_id", "state", "kind", "label", "value"
        ):
            if state == IdentifierState.RESERVED:
                waits[number] = as_id(*key)
            else:
                named[number].append((as_id(*key), state == IdentifierState.LIVE))
        return named, waits

    def _each(self, path, array, entries):
        answer = self.back_end.post(path, {array: entries}).json()
        assert answer["message"] == "success", answer
        processed = next((answer[name] for name in answer if name.endswith("_processed")), None)
        return processed, [error["index"] for error in answer.get("errors", [])]

    def _user(self, name):
        """How a call names the user with that id, or in that place."""
        if isinstance(name, int):
            named, _ = self._identifiers()
            in_order = self._users(self._members(), named)
            return {"braze_id": str(in_order[name][1]) if name < len(in_order) else "999999999"}
        return (
            {"external_id": name[1]} if name[0] == EXTERNAL_ID else {"user_alias": as_alias(name)}
        )


def as_id(kind, label, value):
    return (ALIAS, label, value) if KINDS[kind] == ALIAS else (KINDS[kind], value)


def as_alias(id):
    _, label, name = id
    return {"alias_label": label, "alias_name": name}


def as_change(ids, remove):
    return {
        "user_ids": [id[1] for id in ids if id[0] == EXTERNAL_ID],
        "device_ids": [id[1] for id in ids if id[0] == DEVICE],
        "aliases": [as_alias(id) for id in ids if id[0] == ALIAS],
        "should_remove": remove,
    }


def cohorts_of(members, number):
    return sorted(cohort for cohort, held in members.items() if number in held)


def as_columns(id):
    if id[0] == ALIAS:
        return as_alias(id)
    return {"external_id" if id[0] == EXTERNAL_ID else "device_id": id[1]}


def write_csv(file, rows):
    """A value of None is a blank cell, which changes nothing."""
    names = {name for _, attributes in rows for name in attributes}
    writer = csv.DictWriter(file, [*as_columns(rows[0][0]), *sorted(names)])
    writer.writeheader()
    writer.writerows(as_columns(id) | attributes for id, attributes in rows)


def write_ndjson(file, rows):
    for id, attributes in rows:
        file.write(json.dumps(as_columns(id) | attributes) + "\n")
