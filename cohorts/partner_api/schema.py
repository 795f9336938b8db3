"""The partner calls as the OpenAPI document describes them; `requests` beside it checks them."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse, inline_serializer
from rest_framework import serializers


class PartnerKeys(serializers.Serializer[Any]):
    partner_api_key = serializers.CharField(help_text="Says which partner is calling.")
    client_secret = serializers.CharField(help_text="The data import key of the partner's page.")
    cohort_id = serializers.CharField(min_length=1, max_length=255)


class CohortName(PartnerKeys):
    name = serializers.CharField(min_length=1, max_length=255)
    created_at = serializers.DateTimeField(help_text="ISO-8601; UTC without an offset.")
    export_file_name = serializers.CharField(required=False, max_length=255, allow_blank=True)


class Alias(serializers.Serializer[Any]):
    alias_name = serializers.CharField(min_length=1, max_length=255)
    alias_label = serializers.CharField(min_length=1, max_length=255)


def _ids(help_text: str) -> serializers.ListField:
    child = serializers.CharField(min_length=1, max_length=512)
    return serializers.ListField(child=child, required=False, help_text=help_text)


class CohortChange(serializers.Serializer[Any]):
    user_ids = _ids("External ids.")
    device_ids = _ids("Matched for anonymous users only.")
    aliases = serializers.ListField(child=Alias(), required=False)
    should_remove = serializers.BooleanField(required=False, default=False)


class CohortUsers(PartnerKeys):
    cohort_changes = CohortChange(
        many=True, help_text="Taken in order; at most 1,000 ids over all objects and kinds."
    )


Message = inline_serializer("Message", {"message": serializers.CharField()})
Refusal = inline_serializer(
    "Refusal",
    {
        "message": serializers.CharField(),
        "errors": serializers.ListField(child=serializers.CharField(), required=False),
    },
)

PARTNER_ANSWERS = {
    201: OpenApiResponse(Message, "Stored durably; changes are applied within seconds."),
    400: OpenApiResponse(Refusal, "A field is wrong; nothing was stored."),
    401: OpenApiResponse(Refusal, "A key doesn't open this partner or workspace."),
    404: OpenApiResponse(Refusal, "No such partner."),
    413: OpenApiResponse(Refusal, "The body is over 4 MiB."),
    415: OpenApiResponse(Refusal, "Not JSON, or compressed."),
    422: OpenApiResponse(Refusal, "The Idempotency-Key came with another body before."),
    429: OpenApiResponse(Refusal, "The hour's requests are used up; see Retry-After."),
    503: OpenApiResponse(Refusal, "Not stored: try again; see Retry-After."),
}
