"""The export of users, as the OpenAPI document describes it. `exports` checks the calls."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse, inline_serializer
from rest_framework import serializers

from profiles.attributes import FLAGS, STANDARD
from profiles.exporting import FIELDS
from profiles.users_api.decoding import MOST_ITEMS


def _text(**options: Any) -> serializers.CharField:
    return serializers.CharField(required=False, **options)


def _alias(name: str, **options: Any) -> Any:
    parts: dict[str, Any] = {
        "alias_name": serializers.CharField(),
        "alias_label": serializers.CharField(),
    }
    return inline_serializer(name, parts, many=True, required=False, **options)


def _list(name: str, fields: dict[str, Any], **options: Any) -> Any:
    return inline_serializer(name, fields, many=True, required=False, **options)


def _done(name: str) -> Any:
    return _list(
        name,
        {
            "name": serializers.CharField(),
            "first": serializers.DateTimeField(),
            "last": serializers.DateTimeField(),
            "count": serializers.IntegerField(),
        },
    )


ExportIds = inline_serializer(
    "ExportIds",
    {
        "external_ids": serializers.ListField(
            child=serializers.CharField(), required=False, max_length=MOST_ITEMS
        ),
        "user_aliases": _alias("AliasToExport", max_length=MOST_ITEMS),
        "braze_id": _text(help_text="Quayside's own id of the user."),
        "device_id": _text(),
        "email_address": _text(help_text="Finds every user with it, up to 50."),
        "phone": _text(help_text="Likewise, however it is written."),
        "fields_to_export": serializers.ListField(
            child=serializers.CharField(),
            required=False,
            help_text=f"All unless given. Those there are: {', '.join(FIELDS)}. Others that "
            "Braze has are taken and have nothing to say.",
        ),
    },
    help_text=f"At least one id; up to {MOST_ITEMS} external ids and aliases together.",
)
ExportedUser = inline_serializer(
    "ExportedUser",
    {
        "created_at": _text(help_text="As 2020-07-10 15:00:00.000 UTC."),
        "external_id": _text(),
        "user_aliases": _alias("ExportedAlias"),
        "braze_id": _text(),
        "random_bucket": serializers.IntegerField(required=False, min_value=0, max_value=9_999),
        **{name: _text() for name in STANDARD if name not in FLAGS},
        **{name: serializers.BooleanField(required=False) for name in STANDARD if name in FLAGS},
        "custom_attributes": serializers.DictField(required=False),
        "custom_events": _done("ExportedEvent"),
        "purchases": _done("ExportedPurchase"),
        "devices": _list("ExportedDevice", {"device_id": serializers.CharField()}),
        "cohorts": _list(
            "ExportedCohort",
            {
                "partner": serializers.CharField(help_text="The partner's slug."),
                "cohort_id": serializers.CharField(),
                "name": serializers.CharField(help_text="Its id until it has a name."),
                "since": serializers.DateTimeField(
                    required=False, help_text="When the upload that added the user was applied."
                ),
                "upload": serializers.IntegerField(
                    required=False,
                    help_text="The number of that upload in the cohort's ledger. Both are left "
                    "out when the ledger doesn't tell any more.",
                ),
            },
            help_text="Quayside's own.",
        ),
        "segments": _list(
            "ExportedSegment",
            {"segment_id": serializers.UUIDField(), "name": serializers.CharField()},
            help_text="Quayside's own: those whose filters match the user now.",
        ),
    },
    many=True,
    help_text="What is empty is left out.",
)
Exported = inline_serializer(
    "Exported",
    {
        "message": serializers.CharField(),
        "users": ExportedUser,
        "invalid_user_ids": serializers.ListField(
            child=serializers.CharField(),
            required=False,
            help_text="Ids that nobody has; an alias is written as label:name.",
        ),
    },
)
ANSWERS = {
    201: OpenApiResponse(Exported, "The users, each once, all as of one moment."),
    400: OpenApiResponse(description="The body can't be taken."),
    401: OpenApiResponse(description="The key opens nothing."),
    403: OpenApiResponse(description="The key lacks users.export.ids."),
}
