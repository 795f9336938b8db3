"""The calls about who is who. Thin doors: decode, hand over, answer."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from profiles import aliases as naming_service
from profiles import deletion, merging
from profiles.results import Result
from profiles.users_api import aliases, deletions, identity_schema, merges
from profiles.users_api.decoding import errors
from profiles.users_api.naming import Problem
from workspaces.authentication import key_of


class AliasNewView(APIView):
    required_permission = "users.alias.new"

    @extend_schema(
        tags=["Users"],
        operation_id="add_user_aliases",
        summary="Give users aliases, and create users who have nothing else",
        request=identity_schema.NewAliases,
        responses=identity_schema.answers("users.alias.new", identity_schema.AliasesProcessed),
    )
    def post(self, request: Request) -> Response:
        key = key_of(request)
        items, undecoded = aliases.decode_new(request.data)
        result = naming_service.add(key.workspace, items, by=key)
        return _aliases_processed(aliases.NEW, undecoded, result)


class AliasUpdateView(APIView):
    required_permission = "users.alias.update"

    @extend_schema(
        tags=["Users"],
        operation_id="rename_user_aliases",
        summary="Give users another alias name under the same label",
        request=identity_schema.AliasUpdates,
        responses=identity_schema.answers("users.alias.update", identity_schema.AliasesProcessed),
    )
    def post(self, request: Request) -> Response:
        key = key_of(request)
        items, undecoded = aliases.decode_updates(request.data)
        result = naming_service.rename(key.workspace, items, by=key)
        return _aliases_processed(aliases.UPDATES, undecoded, result)


class IdentifyView(APIView):
    required_permission = "users.identify"

    @extend_schema(
        tags=["Users"],
        operation_id="identify_users",
        summary="Give anonymous users an external id, or merge them into its user",
        request=identity_schema.Identify,
        responses=identity_schema.answers("users.identify", identity_schema.AliasesProcessed),
    )
    def post(self, request: Request) -> Response:
        key = key_of(request)
        items, undecoded = aliases.decode_identify(request.data)
        result = merging.identify(key.workspace, items, by=key)
        return _aliases_processed(aliases.TO_IDENTIFY, undecoded, result)


class MergeView(APIView):
    required_permission = "users.merge"

    @extend_schema(
        tags=["Users"],
        operation_id="merge_users",
        summary="Merge users into others, at once and in order",
        request=identity_schema.Merge,
        responses=identity_schema.answers("users.merge", identity_schema.Merged, status=202),
    )
    def post(self, request: Request) -> Response:
        key = key_of(request)
        items, undecoded = merges.decode(request.data)
        result = merging.merge(key.workspace, items, by=key)
        failed = errors(merges.UPDATES, undecoded, result)
        return Response({"message": "success", **failed}, status=202)


class DeleteView(APIView):
    required_permission = "users.delete"

    @extend_schema(
        tags=["Users"],
        operation_id="delete_users",
        summary="Delete users for good",
        request=identity_schema.Delete,
        responses=identity_schema.answers("users.delete", identity_schema.Deleted),
    )
    def post(self, request: Request) -> Response:
        key = key_of(request)
        doomed = deletions.decode(request.data)
        deleted = deletion.delete(
            key.workspace, keys=doomed.keys, profile_ids=doomed.profile_ids, by=key
        )
        failed = errors(doomed.array, doomed.problems)
        return Response({"deleted": deleted, "message": "success", **failed}, status=201)


def _aliases_processed(array: str, undecoded: list[Problem], result: Result) -> Response:
    answer: dict[str, Any] = {"aliases_processed": result.processed, "message": "success"}
    return Response(answer | errors(array, undecoded, result), status=201)
