"""Campaigns and Canvases as the OpenAPI document describes them. `details` makes the answers."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from campaigns.models import Channel, State
from campaigns.results_export import COLUMNS
from segments.api.schema import FilterTree

LIST_PARAMETERS = [
    OpenApiParameter("page", int, description="From 0."),
    OpenApiParameter("sort_direction", str, enum=["asc", "desc"]),
    OpenApiParameter("include_archived", bool, description="False unless given."),
    OpenApiParameter(
        "last_edit.time[gt]", OpenApiTypes.DATETIME, description="Edited after that time."
    ),
]
EXPORT = OpenApiResponse(
    OpenApiTypes.BINARY,
    f"CSV with the columns {', '.join(COLUMNS)}: a line for each user and step, then the "
    "control group.",
)
CHANNELS = [one.value for one in Channel]
STATES = [one.value for one in State]


def _texts(**options: Any) -> serializers.ListField:
    return serializers.ListField(child=serializers.CharField(), **options)


class CanvasSummary(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    last_edited = serializers.DateTimeField()
    name = serializers.CharField()
    tags = _texts()


class CampaignSummary(CanvasSummary):
    is_api_campaign = serializers.BooleanField()


class CampaignList(serializers.Serializer[Any]):
    message = serializers.CharField()
    campaigns = CampaignSummary(many=True)


class CanvasList(serializers.Serializer[Any]):
    message = serializers.CharField()
    canvases = CanvasSummary(many=True)


class AudienceSegment(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField(allow_null=True)


class AudienceCohort(serializers.Serializer[Any]):
    name = serializers.CharField()
    partner = serializers.CharField(help_text="The partner's slug.")
    cohort_id = serializers.CharField()
    size = serializers.IntegerField(
        help_text="Members at the launch; of a draft, when its audience was saved."
    )
    last_applied_at = serializers.DateTimeField(allow_null=True)


class CampaignAudience(serializers.Serializer[Any]):
    segments = AudienceSegment(many=True, help_text="A user must be in all of them.")
    filters = FilterTree(help_text="And must pass these.")
    control_percent = serializers.IntegerField(help_text="Held out, and sent nothing.")
    cohorts = AudienceCohort(many=True, help_text="Those behind it, at whatever depth.")
    launched_at = serializers.DateTimeField(allow_null=True)
    size = serializers.IntegerField(
        allow_null=True, help_text="At the launch, with the control group; null before it."
    )
    control_size = serializers.IntegerField(allow_null=True)


class _Numbers(serializers.Serializer[Any]):
    recipients = serializers.IntegerField(help_text="The next five add up to it.")
    sent = serializers.IntegerField()
    left_out = serializers.IntegerField()
    failed = serializers.IntegerField()
    unknown = serializers.IntegerField(help_text="Cut off while being sent; it may have arrived.")
    waiting = serializers.IntegerField()
    opened = serializers.IntegerField(help_text="Users, not times.")
    clicked = serializers.IntegerField(help_text="Users, not times.")
    unsubscribed = serializers.IntegerField()


class CohortResults(_Numbers):
    name = serializers.CharField(help_text="At the launch, as all of this.")
    partner = serializers.CharField(help_text="The partner's slug.")
    cohort_id = serializers.CharField()


class CampaignResults(_Numbers):
    reasons = serializers.DictField(
        child=serializers.IntegerField(), help_text="Why not sent, by the number of users."
    )
    cohorts = CohortResults(
        many=True,
        help_text="The same for each cohort that fed the audience. A user in several counts for "
        "each.",
    )


class CampaignMessage(serializers.Serializer[Any]):
    channel = serializers.ChoiceField(choices=CHANNELS)
    subject = serializers.CharField(required=False, help_text="Of an email, as a template.")
    body = serializers.CharField(required=False, help_text="Its HTML.")
    text = serializers.CharField(required=False)
    from_name = serializers.CharField(required=False)
    reply_to = serializers.CharField(required=False)
    track_opens = serializers.BooleanField(required=False)
    track_clicks = serializers.BooleanField(required=False)
    url = serializers.CharField(required=False, help_text="Of a webhook.")
    request_method = serializers.CharField(required=False)
    headers = _texts(required=False, help_text="Their names; what they hold may be secret.")
    properties = serializers.DictField(child=serializers.CharField(), required=False)


class _Details(serializers.Serializer[Any]):
    message = serializers.CharField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    archived = serializers.BooleanField()
    draft = serializers.BooleanField()
    enabled = serializers.BooleanField(help_text="Whether it may still send something.")
    has_post_launch_draft = serializers.BooleanField(help_text="Always false.")
    state = serializers.ChoiceField(choices=STATES)
    name = serializers.CharField()
    description = serializers.CharField()
    schedule_type = serializers.CharField(help_text="Always time_based.")
    scheduled_at = serializers.DateTimeField(allow_null=True)
    channels = serializers.ListField(child=serializers.ChoiceField(choices=CHANNELS))
    tags = _texts()
    teams = _texts()
    audience = CampaignAudience()


class CampaignDetails(_Details):
    first_sent = serializers.DateTimeField(allow_null=True)
    last_sent = serializers.DateTimeField(allow_null=True)
    messages = serializers.DictField(child=CampaignMessage())
    results = CampaignResults(allow_null=True, help_text="Null before the launch.")
    conversion_behaviors = _texts()


class CanvasVariant(serializers.Serializer[Any]):
    name = serializers.CharField()
    id = serializers.CharField()
    first_step_ids = _texts()
    first_step_id = serializers.CharField(allow_null=True)


class CanvasPath(serializers.Serializer[Any]):
    name = serializers.CharField()
    next_step_id = serializers.CharField()


class CanvasStep(serializers.Serializer[Any]):
    name = serializers.CharField()
    type = serializers.CharField(help_text="Always message.")
    id = serializers.CharField()
    next_step_ids = _texts()
    next_paths = CanvasPath(many=True)
    delay_seconds = serializers.IntegerField(help_text="After the step before it, or the launch.")
    channels = serializers.ListField(child=serializers.ChoiceField(choices=CHANNELS))
    messages = serializers.DictField(child=CampaignMessage())
    results = CampaignResults(allow_null=True, help_text="Null before the launch.")


class CanvasDetails(_Details):
    first_entry = serializers.DateTimeField(allow_null=True, help_text="The launch.")
    last_entry = serializers.DateTimeField(allow_null=True, help_text="Likewise.")
    variants = CanvasVariant(many=True, help_text="The one that there is.")
    steps = CanvasStep(many=True)
