"""The export of segments, as the OpenAPI document describes it."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from imports.models import JobState
from profiles.exporting import FIELDS
from segments.exporting.requests import FORMATS, MOST_ATTRIBUTES, PACKINGS

EXPORT_ID = OpenApiParameter("export_id", str, required=True)
PACKING = OpenApiParameter(
    "output_format", str, enum=list(PACKINGS), description="zip unless given."
)


class SegmentExportRequest(serializers.Serializer[Any]):
    segment_id = serializers.UUIDField()
    fields_to_export = serializers.ListField(
        child=serializers.CharField(),
        help_text=f"Those there are: {', '.join(FIELDS)}. Others that Braze has are taken and "
        "have nothing to say, beside one that there is.",
    )
    custom_attributes_to_export = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        max_length=MOST_ATTRIBUTES,
        help_text="Only these of the custom attributes, unless fields_to_export has all of them.",
    )
    output_format = serializers.ChoiceField(
        choices=list(PACKINGS), required=False, help_text="How the download is packed: zip."
    )
    file_format = serializers.ChoiceField(
        choices=list(FORMATS), required=False, help_text="Quayside's own: ndjson unless given."
    )


class SegmentExportBegun(serializers.Serializer[Any]):
    message = serializers.CharField()
    export_id = serializers.CharField()
    object_prefix = serializers.CharField()
    url = serializers.URLField(help_text="Where the file will be, for the same key.")


class SegmentExportStatus(serializers.Serializer[Any]):
    message = serializers.CharField()
    export_id = serializers.CharField()
    status = serializers.ChoiceField(choices=JobState.values)
    percent = serializers.IntegerField(min_value=0, max_value=100)
    exported = serializers.IntegerField(help_text="Users in the file so far.")
    error = serializers.CharField(required=False, help_text="Why it failed.")
    url = serializers.URLField(required=False, help_text="Once it can be downloaded.")


class SegmentExportId(serializers.Serializer[Any]):
    export_id = serializers.CharField()


class SegmentExportCancelled(serializers.Serializer[Any]):
    message = serializers.CharField()
