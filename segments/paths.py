"""Where the pages of segments are."""

from uuid import UUID

from django.urls import reverse


def page_of(segment_id: UUID | str) -> str:
    return reverse("admin:segments_segment_detail", args=[segment_id])


def builder_of(segment_id: UUID | str) -> str:
    return reverse("admin:segments_segment_change", args=[segment_id])


def version_of(segment_id: UUID | str, number: int) -> str:
    return reverse("admin:segments_segment_version", args=[segment_id, number])


def listing() -> str:
    return reverse("admin:segments_segment_changelist")
