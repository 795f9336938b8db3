"""A back end with a REST API key, as it calls the Users API from outside."""

from django.test import Client

from profiles.models import Identifier, Profile
from tests.factories import bearer, make_rest_key, make_workspace


class BackEnd:
    def __init__(self, workspace="acme", permissions="all"):
        self.workspace = make_workspace(workspace)
        self.key = make_rest_key(self.workspace, permissions)
        self.client = Client()

    def post(self, path, body):
        return self.client.post(path, body, "application/json", **bearer(self.key))

    def track(self, *attributes):
        answer = self.post("/users/track", {"attributes": list(attributes)})
        assert "errors" not in answer.json(), answer.json()
        return answer

    def alias_new(self, *user_aliases):
        return self.post("/users/alias/new", {"user_aliases": list(user_aliases)})

    def alias_update(self, *alias_updates):
        return self.post("/users/alias/update", {"alias_updates": list(alias_updates)})

    def identify(self, *pairs):
        """Each pair: an alias, and the external id that its user is to have."""
        items = [{"user_alias": alias, "external_id": external_id} for alias, external_id in pairs]
        return self.post("/users/identify", {"aliases_to_identify": items})

    def merge(self, *pairs):
        """Each pair: the identifier to merge and the one to keep."""
        updates = [
            {"identifier_to_merge": source, "identifier_to_keep": target}
            for source, target in pairs
        ]
        return self.post("/users/merge", {"merge_updates": updates})

    def delete(self, *external_ids, **body):
        return self.post("/users/delete", body or {"external_ids": list(external_ids)})

    def known_by(self, external_id):
        """The user whom that external id finds, or None."""
        identifier = Identifier.objects.filter(
            workspace=self.workspace, kind=1, value=external_id, state=1
        ).first()
        return identifier and Profile.objects.get(pk=identifier.profile_id)


def user(external_id):
    return {"external_id": external_id}


def alias(name, label="crm"):
    return {"alias_label": label, "alias_name": name}


def by_alias(name, label="crm"):
    return {"user_alias": alias(name, label)}


def visitor(name, *devices, **attributes):
    """Attributes of an anonymous user with an alias, who is created if need be."""
    return {
        **by_alias(name),
        "_update_existing_only": False,
        "devices": [{"device_id": device} for device in devices],
        **attributes,
    }


def customer(external_id, *devices, **attributes):
    return {
        **user(external_id),
        "devices": [{"device_id": device} for device in devices],
        **attributes,
    }


def reasons(answer):
    """What an answer says of the items that failed, by index."""
    return {error["index"]: error["type"] for error in answer.json().get("errors", [])}
