"""The Segments API as the OpenAPI document describes it. `segments.tree` checks the trees."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse, PolymorphicProxySerializer
from rest_framework import serializers

from cohorts.partner_api.schema import Refusal
from profiles.buckets import BUCKETS
from segments.channels import Channel
from segments.filters import created_at, random_bucket
from segments.filters.base import Membership
from segments.filters.identifier import Having, IdKind
from segments.filters.identity import Identity
from segments.operators import OPERATORS
from segments.tree import VERSION, Match

# Named in the settings, so that the document has a name for each.
MEMBERSHIP_OPERATORS = [one.value for one in Membership]
IDENTITY_OPERATORS = [one.value for one in Identity]
IDENTIFIER_OPERATORS = [one.value for one in Having]
ATTRIBUTE_OPERATORS = list(OPERATORS)
TIME_OPERATORS = list(created_at.OPERATORS)
BUCKET_OPERATORS = list(random_bucket.OPERATORS)


class CohortFilterNode(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=["cohort"])
    partner = serializers.CharField(help_text="Slug of the technology partner.")
    operator = serializers.ChoiceField(choices=MEMBERSHIP_OPERATORS)
    cohorts = serializers.ListField(
        child=serializers.CharField(),
        min_length=1,
        help_text="The partner's ids; a user in any of them is included.",
    )


class SegmentFilterNode(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=["segment"])
    operator = serializers.ChoiceField(choices=MEMBERSHIP_OPERATORS)
    segment = serializers.UUIDField()


class AttributeFilterNode(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=["attribute"])
    name = serializers.CharField(help_text="A standard field, or an attribute that users have.")
    operator = serializers.ChoiceField(choices=ATTRIBUTE_OPERATORS)
    values = serializers.ListField(
        child=serializers.JSONField(),
        required=False,
        help_text="Texts, numbers or ISO-8601 times, as many as the operator takes.",
    )


class CreatedAtFilterNode(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=["created_at"])
    operator = serializers.ChoiceField(choices=TIME_OPERATORS)
    values = serializers.ListField(
        child=serializers.JSONField(), help_text="ISO-8601 times or dates, or a number of days."
    )


class RandomBucketFilterNode(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=["random_bucket"])
    operator = serializers.ChoiceField(choices=BUCKET_OPERATORS)
    values = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=BUCKETS - 1),
        min_length=2,
        max_length=2,
    )


class IdentityFilterNode(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=["identity"])
    operator = serializers.ChoiceField(choices=IDENTITY_OPERATORS)


class IdentifierFilterNode(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=["identifier"])
    of = serializers.ChoiceField(choices=[one.value for one in IdKind])
    label = serializers.CharField(  # type: ignore[assignment]  # a field of that name, no label
        required=False, help_text="Of aliases, which need it."
    )
    operator = serializers.ChoiceField(choices=IDENTIFIER_OPERATORS)
    values = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        help_text="Ids, byte for byte, for is_any_of and is_none_of.",
    )


FilterNode = PolymorphicProxySerializer(
    component_name="FilterNode",
    serializers={
        "cohort": CohortFilterNode,
        "segment": SegmentFilterNode,
        "attribute": AttributeFilterNode,
        "created_at": CreatedAtFilterNode,
        "random_bucket": RandomBucketFilterNode,
        "identity": IdentityFilterNode,
        "identifier": IdentifierFilterNode,
    },
    resource_type_field_name="kind",
    many=True,
)


class FilterGroup(serializers.Serializer[Any]):
    name = serializers.CharField(required=False, allow_blank=True, max_length=255)
    match = serializers.ChoiceField(choices=[one.value for one in Match], required=False)
    filters = FilterNode


class FilterTree(serializers.Serializer[Any]):
    version = serializers.ChoiceField(choices=[VERSION])
    match = serializers.ChoiceField(
        choices=[one.value for one in Match], required=False, help_text="Between the groups."
    )
    groups = FilterGroup(many=True, required=False, help_text="None at all match everyone.")
    exclusions = FilterGroup(many=True, required=False, help_text="Taken away at the end.")


class ReachRequest(serializers.Serializer[Any]):
    filters = FilterTree()
    channels = serializers.BooleanField(
        required=False, help_text="Whether to count who can be written to, by channel."
    )


class FilterReach(serializers.Serializer[Any]):
    alone = serializers.IntegerField(help_text="Reached with nothing else in the tree.")
    running = serializers.IntegerField(
        help_text="Reached if the tree ended here, exclusions left aside."
    )


class GroupReach(FilterReach):
    filters = FilterReach(many=True)


class ExclusionReach(serializers.Serializer[Any]):
    removed = serializers.IntegerField(help_text="Taken of those whom earlier exclusions left.")


class ChannelReach(serializers.Serializer[Any]):
    channel = serializers.ChoiceField(choices=[one.value for one in Channel])
    reachable = serializers.IntegerField()
    without_address = serializers.IntegerField(help_text="No email address, or no device.")
    unsubscribed = serializers.IntegerField(help_text="With an address, and unsubscribed.")


class Reach(serializers.Serializer[Any]):
    message = serializers.CharField()
    total = serializers.IntegerField()
    everyone = serializers.IntegerField(help_text="All users of the workspace.")
    groups = GroupReach(many=True)
    exclusions = ExclusionReach(many=True)
    channels = ChannelReach(many=True, required=False, help_text="Where it was asked for.")


class SegmentRequest(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=255)
    description = serializers.CharField(required=False, allow_blank=True)
    tags = serializers.ListField(child=serializers.CharField(max_length=64), required=False)
    filters = FilterTree()


class SegmentCreated(serializers.Serializer[Any]):
    message = serializers.CharField()
    segment_id = serializers.UUIDField()


class SegmentSummary(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    analytics_tracking_enabled = serializers.BooleanField()
    tags = serializers.ListField(child=serializers.CharField())


class SegmentList(serializers.Serializer[Any]):
    message = serializers.CharField()
    segments = SegmentSummary(many=True)


class SegmentDetails(serializers.Serializer[Any]):
    message = serializers.CharField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    name = serializers.CharField()
    description = serializers.CharField(help_text="The filters in words.")
    text_description = serializers.CharField(help_text="As somebody typed it.")
    tags = serializers.ListField(child=serializers.CharField())
    teams = serializers.ListField(child=serializers.CharField())
    size = serializers.IntegerField(help_text="Exact, as of now.")
    filters = FilterTree()


class SizeAtTime(serializers.Serializer[Any]):
    time = serializers.DateTimeField()
    size = serializers.IntegerField(help_text="Exact, as it was counted last before that time.")


class SegmentDataSeries(serializers.Serializer[Any]):
    message = serializers.CharField()
    data = SizeAtTime(many=True)  # type: ignore[assignment]  # the name is Braze's


_REFUSALS = {
    400: "Something is wrong, with its path in `errors`.",
    401: "No valid key.",
    403: "The key lacks the permission, or isn't allowed from here.",
    404: "There is no such thing.",
    429: "Too many at once; `Retry-After` says when to come back.",
}


def answers(success: Any, *refusals: int, status: int = 200) -> dict[int, Any]:
    """What a call answers by status; every call may refuse the key."""
    codes = sorted({*refusals, 401, 403})
    return {status: success} | {code: OpenApiResponse(Refusal, _REFUSALS[code]) for code in codes}
