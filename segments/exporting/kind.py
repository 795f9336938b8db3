"""Exports of segments: a kind of job, whose file says what to export and of whom."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy

from common.snapshots import snapshot
from imports import jobs, pieces
from imports.kinds import Outcome
from imports.models import Job, JobState, Role
from imports.rejects import AsObjects, Format
from imports.sources import Source
from segments import evaluation
from segments.exporting import membership, rows
from segments.exporting.membership import Order, Place
from segments.models import Segment
from segments.tree import parse
from workspaces import audit

# Users that are read and stored at once: half a mebibyte, as they usually are.
BATCH_USERS = 2_500


@dataclass(slots=True)
class Batch:
    order: Order
    profile_ids: list[int]
    offset: int
    checkpoint: dict[str, Any]

    @property
    def rows(self) -> int:
        return len(self.profile_ids)


class SegmentExport:
    """Members as of the moment of the order, each with what is known when their turn comes.

    Whoever is deleted in between is left out.
    """

    name = "segment_export"
    title = gettext_lazy("Export a segment")
    counts: Mapping[str, Any] = {"exported": gettext_lazy("exported")}
    guide = ""  # its orders come from segments
    reads_only = True
    audited: Mapping[str, str] = {
        JobState.DONE: "segment.exported",
        JobState.CANCELLED: "segment.export_cancelled",
        JobState.FAILED: "segment.export_failed",
    }

    def check(self, source: Source) -> None:
        """We wrote the file ourselves."""

    def rejects(self, source: Source) -> Format:
        return AsObjects()  # of which there are none

    def read(self, source: Source, checkpoint: Mapping[str, Any]) -> Iterator[Batch]:
        order, start = membership.read_order(source)
        place = Place(**checkpoint) if checkpoint else start
        if place.offset >= source.size and not checkpoint:
            yield Batch(order, [], place.offset, place.to_json())  # a table has its header
        for part in membership.read(source, place, most=BATCH_USERS):
            yield Batch(order, part.profile_ids, part.offset, part.place.to_json())

    def store(self, job: Job, batch: Batch) -> Outcome:
        order = batch.order
        users = rows.users_of(
            job.workspace_id, batch.profile_ids, fields=order.fields, attributes=order.attributes
        )
        if order.format == "csv":
            content = b"" if job.batches else rows.header(order.fields)
            content += rows.as_table(users, order.fields)
        else:
            content = rows.as_objects(users)
        if content or not job.batches:  # a file without a line is a file too
            pieces.append(job.pk, Role.RESULT, job.batches, content)
        return Outcome({"exported": len(users)})

    def clean_up(self, job: Job) -> None:
        """Nothing is left over."""


SEGMENT_EXPORT = SegmentExport()


def begin(segment: Segment, order: Order, *, by: audit.Actor) -> Job:
    """Note whom the segment reaches at this moment, and have them exported in the background.

    Raises `InvalidTree`.
    """
    with snapshot():
        blocks = evaluation.members_of(segment.workspace_id, parse(segment.filters))
        content = list(membership.write(order, blocks))
    return jobs.begin(
        segment.workspace,
        SEGMENT_EXPORT,
        title=f"{segment.name}.{order.format}",
        chunks=content,
        by=by,
    )
