"""The Segments API. Thin doors: decode, hand over, answer."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common import queries
from common.errors import BadRequest, NotFound
from common.snapshots import snapshot
from common.times import stamp
from segments import evaluation, history, services, wording
from segments.api import requests, schema
from segments.models import Segment
from segments.reading import InvalidTree
from segments.resolving import resolve
from segments.tree import parse
from workspaces.authentication import key_of


@extend_schema(tags=["Segments"])
class SegmentReachView(APIView):
    required_permission = "segments.details"

    @extend_schema(
        operation_id="segment_reach",
        summary="Count exactly whom filters reach",
        request=schema.ReachRequest,
        responses=schema.answers(schema.Reach, 400),
    )
    def post(self, request: Request) -> Response:
        tree = requests.filters(request.data)
        workspace_id = key_of(request).workspace_id
        try:
            if not requests.with_channels(request.data):
                found = evaluation.reach_of(workspace_id, tree)
                return Response({"message": "success", **asdict(found)})
            found, channels = evaluation.reach_by_channel(workspace_id, tree)
        except InvalidTree as error:
            requests.refuse(error)
        by_channel = [asdict(one) for one in channels]
        return Response({"message": "success", **asdict(found), "channels": by_channel})


@extend_schema(tags=["Segments"])
class SegmentCreateView(APIView):
    required_permission = "segments.create"

    @extend_schema(
        operation_id="create_segment",
        summary="Create a segment",
        request=schema.SegmentRequest,
        responses=schema.answers(schema.SegmentCreated, 400, status=201),
    )
    def post(self, request: Request) -> Response:
        key = key_of(request)
        new = requests.new_segment(request.data)
        try:
            segment = services.create(
                key.workspace,
                name=new.name,
                description=new.description,
                tags=new.tags,
                filters=new.filters,
                by=key,
            )
        except InvalidTree as error:
            requests.refuse(error)
        except services.InvalidSegment as error:
            raise BadRequest(str(error)) from error
        return Response({"message": "success", "segment_id": str(segment.pk)}, status=201)


@extend_schema(tags=["Segments"])
class SegmentListView(APIView):
    required_permission = "segments.list"

    @extend_schema(
        operation_id="list_segments",
        summary="List segments in order of creation, 100 a page",
        parameters=[
            OpenApiParameter("page", int, description="From 0."),
            OpenApiParameter("sort_direction", str, enum=["asc", "desc"]),
        ],
        responses=schema.answers(schema.SegmentList, 400),
    )
    def get(self, request: Request) -> Response:
        page = queries.page(request.query_params)
        sign = "-" if queries.is_descending(request.query_params) else ""
        segments = Segment.objects.in_workspace(key_of(request).workspace).active()
        chosen = segments.order_by(f"{sign}created_at", f"{sign}pk").defer("filters")
        return Response(
            {
                "message": "success",
                "segments": [
                    {
                        "id": str(segment.pk),
                        "name": segment.name,
                        "analytics_tracking_enabled": False,
                        "tags": segment.tags,
                    }
                    for segment in chosen[page]
                ],
            }
        )


@extend_schema(tags=["Segments"])
class SegmentDetailsView(APIView):
    required_permission = "segments.details"

    @extend_schema(
        operation_id="segment_details",
        summary="Show a segment, its filters and its exact size",
        parameters=[OpenApiParameter("segment_id", str, required=True)],
        responses=schema.answers(schema.SegmentDetails, 400, 404),
    )
    def get(self, request: Request) -> Response:
        workspace = key_of(request).workspace
        segment_id = queries.key(request.query_params, "segment_id")
        with snapshot():
            segment = Segment.objects.in_workspace(workspace).filter(pk=segment_id).first()
            if segment is None:
                raise NotFound
            return Response({"message": "success", **_details(segment)})


@extend_schema(tags=["Segments"])
class SegmentDataSeriesView(APIView):
    required_permission = "segments.data_series"

    @extend_schema(
        operation_id="segment_data_series",
        summary="Show how a segment's size developed, day by day",
        parameters=[
            OpenApiParameter("segment_id", str, required=True),
            OpenApiParameter("length", int, required=True, description="Days, from 1 to 100."),
            OpenApiParameter("ending_at", str, description="ISO-8601; now unless given."),
        ],
        responses=schema.answers(schema.SegmentDataSeries, 400, 404),
    )
    def get(self, request: Request) -> Response:
        query = request.query_params
        segment_id, length = queries.key(query, "segment_id"), requests.length(query)
        ending_at = requests.ending_at(query)
        segments = Segment.objects.in_workspace(key_of(request).workspace)
        segment = segments.filter(pk=segment_id).first()
        if segment is None:
            raise NotFound
        sizes = history.series(segment, length=length, ending_at=ending_at)
        data = [{"time": stamp(moment), "size": size} for moment, size in sizes]
        return Response({"message": "success", "data": data})


def _details(segment: Segment) -> dict[str, Any]:
    tree = parse(segment.filters)
    plan = resolve(segment.workspace_id, [tree])
    return {
        "created_at": stamp(segment.created_at),
        "updated_at": stamp(segment.updated_at),
        "name": segment.name,
        "description": wording.describe(tree, plan),
        "text_description": segment.description,
        "tags": segment.tags,
        "teams": [],
        "size": evaluation.sizes_of(segment.workspace_id, [tree])[0],
        "filters": tree.to_json(),
    }
