"""The pages of REST API keys: what each may do, and from where."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from common.keyring import IssuedKey
from workspaces import keys
from workspaces.key_pages import permissions
from workspaces.key_pages.admin import WorkspaceKeyAdmin
from workspaces.key_pages.rest_form import RestKeyForm
from workspaces.models import RestApiKey


class RestKeyPages(WorkspaceKeyAdmin):
    list_template = "keys/rest/list.html"
    key_form = RestKeyForm
    form_template = "keys/rest/generate.html"
    key_template = "keys/rest/key.html"
    issued_template = "keys/rest/issued.html"

    def issue(self, request: HttpRequest, **kept: Any) -> IssuedKey[RestApiKey]:
        return keys.issue_rest_api_key(self.workspace(request), **kept)

    def stops(self, key: RestApiKey) -> str:
        return _("Every call that is made with it is answered 401 Unauthorized.")

    def about(self, request: HttpRequest, key: RestApiKey, text: str = "") -> dict[str, Any]:
        return {
            "groups": permissions.granted(key.permissions),
            "networks": key.allowed_networks,
        }
