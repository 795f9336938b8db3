"""The cohort reads as the OpenAPI document describes them."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers

from cohorts.partner_api.schema import Refusal


class CohortSummary(serializers.Serializer[Any]):
    partner = serializers.CharField()
    cohort_id = serializers.CharField()
    name = serializers.CharField(help_text="The id until a name arrives.")
    named = serializers.BooleanField()
    former_names = serializers.ListField(child=serializers.CharField())
    export_file_name = serializers.CharField(allow_blank=True)
    archived = serializers.BooleanField()
    created_at = serializers.DateTimeField(help_text="When it was first named here.")
    last_received_at = serializers.DateTimeField(allow_null=True)
    last_applied_at = serializers.DateTimeField(allow_null=True)


class CohortList(serializers.Serializer[Any]):
    message = serializers.CharField()
    cohorts = CohortSummary(many=True)


class CohortDetails(CohortSummary):
    message = serializers.CharField()
    size = serializers.IntegerField(help_text="Members who exist, exactly.")
    waiting = serializers.IntegerField(help_text="Ids that match nobody yet.")
    received = serializers.IntegerField(help_text="Ids in accepted requests, adds and removes.")
    pending = serializers.IntegerField(help_text="Of those, not applied yet.")


REFUSALS = {
    400: "A parameter is wrong.",
    401: "No valid key.",
    403: "The key lacks the permission, or isn't allowed from here.",
    404: "No such cohort.",
}


def answers(success: Any, *refusals: int) -> dict[int, Any]:
    """What a call answers by status; every call of the REST API may refuse the key."""
    codes = sorted({*refusals, 401, 403})
    return {200: success} | {code: OpenApiResponse(Refusal, REFUSALS[code]) for code in codes}
