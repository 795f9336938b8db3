"""The Users API as the OpenAPI document describes it. `track` checks the calls."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse, inline_serializer
from rest_framework import serializers

from profiles.users_api.naming import LONGEST_ALIAS, LONGEST_ID
from profiles.users_api.occurrences import LONGEST_NAME, MOST_AT_ONCE
from profiles.users_api.track import MOST_ITEMS

USER = {
    "external_id": serializers.CharField(
        required=False, min_length=1, max_length=LONGEST_ID, help_text="Creates an unknown user."
    ),
    "user_alias": inline_serializer(
        "UserAlias",
        {
            "alias_label": serializers.CharField(min_length=1, max_length=LONGEST_ALIAS),
            "alias_name": serializers.CharField(min_length=1, max_length=LONGEST_ALIAS),
        },
        required=False,
    ),
    "braze_id": serializers.CharField(required=False, help_text="Quayside's own id of the user."),
    "_update_existing_only": serializers.BooleanField(
        required=False, help_text="True creates nobody, and is the default with user_alias."
    ),
}
ATTRIBUTES = {
    **USER,
    "devices": inline_serializer(
        "UserDevice",
        {"device_id": serializers.CharField(min_length=1, max_length=LONGEST_ID)},
        many=True,
        required=False,
    ),
    "_create_anonymous": serializers.BooleanField(
        required=False, help_text="With devices instead of an id: an anonymous user."
    ),
    "email": serializers.CharField(
        required=False,
        allow_null=True,
        help_text=(
            'As every other attribute, standard or custom: null removes it. {"inc": 1} increases a '
            'custom whole number, {"add": ["a"], "remove": ["b"]} changes a custom array; what '
            "doesn't fit the value there is leaves it as it is and is reported."
        ),
    ),
}
OCCURRENCE = {
    **USER,
    "time": serializers.CharField(help_text="ISO-8601. What lies in the future happened now."),
    "properties": serializers.DictField(required=False, allow_null=True, help_text="Not kept."),
    "app_id": serializers.CharField(required=False, help_text="Not kept."),
}
EVENT = {"name": serializers.CharField(min_length=1, max_length=LONGEST_NAME), **OCCURRENCE}
PURCHASE = {
    "product_id": serializers.CharField(min_length=1, max_length=LONGEST_NAME),
    "currency": serializers.RegexField("^[A-Za-z]{3}$", help_text="ISO 4217. Not kept."),
    "price": serializers.FloatField(help_text="Not kept."),
    "quantity": serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=MOST_AT_ONCE,
        help_text="A purchase of several counts as that many. 1 unless given.",
    ),
    **OCCURRENCE,
}


def _items(name: str, fields: dict[str, Any]) -> Any:
    return inline_serializer(
        name, fields, many=True, required=False, help_text=f"Up to {MOST_ITEMS}."
    )


Track = inline_serializer(
    "Track",
    {
        "attributes": _items("TrackedAttributes", ATTRIBUTES),
        "events": _items("TrackedEvent", EVENT),
        "purchases": _items("TrackedPurchase", PURCHASE),
    },
)
PROBLEMS = inline_serializer(
    "ItemProblem",
    {
        "index": serializers.IntegerField(),
        "type": serializers.CharField(),
        "input_array": serializers.CharField(),
    },
    many=True,
    required=False,
    help_text="Items that failed, alone.",
)
Tracked = inline_serializer(
    "Tracked",
    {
        "message": serializers.CharField(),
        "attributes_processed": serializers.IntegerField(required=False),
        "events_processed": serializers.IntegerField(required=False),
        "purchases_processed": serializers.IntegerField(required=False),
        "errors": PROBLEMS,
    },
)
TRACK_ANSWERS = {
    201: OpenApiResponse(Tracked, "Stored, but for the items in errors."),
    400: OpenApiResponse(description="The body holds no items, or too many; nothing was stored."),
    401: OpenApiResponse(description="The key opens nothing."),
    403: OpenApiResponse(description="The key lacks users.track."),
}
