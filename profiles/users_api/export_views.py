"""The export of users. A thin door: decode, look up, answer."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.snapshots import snapshot
from profiles import exporting, lookups
from profiles.users_api import export_schema, exports
from workspaces.models import RestApiKey


class ExportIdsView(APIView):
    required_permission = "users.export.ids"

    @extend_schema(
        tags=["Users"],
        operation_id="export_users_by_id",
        summary="Show what is known about users, and which cohorts and segments they are in",
        request=export_schema.ExportIds,
        responses=export_schema.ANSWERS,
    )
    def post(self, request: Request) -> Response:
        key = request.auth
        assert isinstance(key, RestApiKey)
        wanted = exports.decode(request.data)
        names = [one.name for one in wanted.ids if one.name is not None]
        with snapshot():
            found = lookups.find(key.workspace_id, names)
            profile_ids = dict.fromkeys(pk for name in names for pk in found.get(name, ()))
            users = exporting.export(key.workspace_id, list(profile_ids), fields=wanted.fields)
        answer: dict[str, Any] = {"message": "success", "users": users}
        if invalid := [one.text for one in wanted.ids if one.name not in found]:
            answer["invalid_user_ids"] = invalid
        return Response(answer, status=201)
