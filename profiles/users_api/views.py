"""The Users API. Thin doors: decode, hand over, answer."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from profiles.users_api import schema, track, updates
from workspaces.models import RestApiKey


class TrackView(APIView):
    required_permission = "users.track"

    @extend_schema(
        tags=["Users"],
        operation_id="track_users",
        summary="Create and update users, and count what they did",
        request=schema.Track,
        responses=schema.TRACK_ANSWERS,
    )
    def post(self, request: Request) -> Response:
        key = request.auth
        assert isinstance(key, RestApiKey)
        items, problems = track.decode(request.data)
        result = updates.apply(key.workspace, items, by=key)
        answer: dict[str, Any] = {"message": "success"}
        for array in track.ARRAYS:
            if array in request.data:
                answer[f"{array}_processed"] = result.processed[array]
        if failed := track.in_order(problems + result.problems):
            answer["errors"] = [problem.as_json() for problem in failed]
        return Response(answer, status=201)
