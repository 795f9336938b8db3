"""The calls about who is who, as the OpenAPI document describes them."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse, inline_serializer
from rest_framework import serializers

from profiles.users_api.decoding import MOST_ITEMS
from profiles.users_api.naming import LONGEST_ALIAS, LONGEST_ID
from profiles.users_api.schema import PROBLEMS

UP_TO = f"Up to {MOST_ITEMS}."


def _external_id(**options: Any) -> serializers.CharField:
    return serializers.CharField(min_length=1, max_length=LONGEST_ID, **options)


def _alias_part(**options: Any) -> serializers.CharField:
    return serializers.CharField(min_length=1, max_length=LONGEST_ALIAS, **options)


def _alias(name: str, **options: Any) -> Any:
    return inline_serializer(
        name, {"alias_label": _alias_part(), "alias_name": _alias_part()}, **options
    )


def _many(name: str, fields: dict[str, Any], **options: Any) -> Any:
    return inline_serializer(name, fields, many=True, max_length=MOST_ITEMS, **options)


def _identifier(name: str, help_text: str) -> Any:
    return inline_serializer(
        name,
        {
            "external_id": _external_id(required=False),
            "user_alias": _alias(f"{name}Alias", required=False),
            "braze_id": serializers.CharField(
                required=False, help_text="Quayside's own id of the user."
            ),
        },
        help_text=help_text,
    )


NewAliases = inline_serializer(
    "NewAliases",
    {
        "user_aliases": _many(
            "NewAlias",
            {
                "external_id": _external_id(
                    required=False, help_text="Whose alias it is; without, a new user's."
                ),
                "alias_label": _alias_part(),
                "alias_name": _alias_part(),
            },
            help_text=UP_TO,
        )
    },
)
AliasUpdates = inline_serializer(
    "AliasUpdates",
    {
        "alias_updates": _many(
            "AliasUpdate",
            {
                "alias_label": _alias_part(),
                "old_alias_name": _alias_part(),
                "new_alias_name": _alias_part(),
            },
            help_text=UP_TO,
        )
    },
)
Identify = inline_serializer(
    "Identify",
    {
        "aliases_to_identify": _many(
            "AliasToIdentify",
            {"external_id": _external_id(), "user_alias": _alias("AnonymousAlias")},
            help_text=UP_TO,
        )
    },
)
Merge = inline_serializer(
    "Merge",
    {
        "merge_updates": _many(
            "MergeUpdate",
            {
                "identifier_to_merge": _identifier("UserToMerge", "Who is gone afterwards."),
                "identifier_to_keep": _identifier("UserToKeep", "Who is both afterwards."),
            },
            help_text=f"{UP_TO} They are carried out in order.",
        )
    },
)
Delete = inline_serializer(
    "Delete",
    {
        "external_ids": serializers.ListField(
            child=_external_id(), required=False, max_length=MOST_ITEMS
        ),
        "user_aliases": _alias("DoomedAlias", many=True, required=False, max_length=MOST_ITEMS),
        "braze_ids": serializers.ListField(
            child=serializers.CharField(),
            required=False,
            max_length=MOST_ITEMS,
            help_text="Quayside's own ids of the users.",
        ),
    },
    help_text="Exactly one of the three.",
)


def _answer(name: str, fields: dict[str, Any]) -> Any:
    return inline_serializer(
        name, {**fields, "message": serializers.CharField(), "errors": PROBLEMS}
    )


AliasesProcessed = _answer("AliasesProcessed", {"aliases_processed": serializers.IntegerField()})
Merged = _answer("Merged", {})
Deleted = _answer(
    "Deleted", {"deleted": serializers.IntegerField(help_text="Users who are gone now.")}
)


def answers(permission: str, body: Any, *, status: int = 201) -> dict[int, OpenApiResponse]:
    """The answers that every call here has."""
    return {
        status: OpenApiResponse(body, "Done and in force, but for the items in errors."),
        400: OpenApiResponse(description="The body can't be taken; nothing was changed."),
        401: OpenApiResponse(description="The key opens nothing."),
        403: OpenApiResponse(description=f"The key lacks {permission}."),
    }
