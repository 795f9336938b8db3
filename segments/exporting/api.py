"""Exports of whole segments over the API. Thin doors: decode, hand over, answer."""

from typing import Any
from urllib.parse import urlencode

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.errors import NotFound, RateLimited
from imports import jobs, results
from imports.models import Job
from imports.progress import Progress
from segments.api.requests import refuse
from segments.api.schema import answers
from segments.exporting import kind, requests, schema
from segments.exporting.membership import Order
from segments.exporting.packing import ENDINGS, pack
from segments.models import Segment
from segments.reading import InvalidTree
from workspaces.authentication import key_of
from workspaces.models import RestApiKey

PATH = "/users/export/segment"
# Exports of a workspace that wait or run at once.
MOST_UNFINISHED = 100
RETRY_SECONDS = 60


@extend_schema(tags=["Users"])
class SegmentExportView(APIView):
    required_permission = "users.export.segment"

    @extend_schema(
        operation_id="export_segment",
        summary="Export everybody in a segment, in the background",
        request=schema.SegmentExportRequest,
        responses=answers(schema.SegmentExportBegun, 400, 404, 429, status=201),
    )
    def post(self, request: Request) -> Response:
        key = key_of(request)
        wanted = requests.decode(request.data)
        segment = Segment.objects.in_workspace(key.workspace).filter(pk=wanted.segment).first()
        if segment is None:
            raise NotFound
        if _exports(key).unfinished().count() >= MOST_UNFINISHED:
            raise RateLimited(retry_after=RETRY_SECONDS)
        order = Order(
            str(segment.pk), segment.name, wanted.format, wanted.fields, wanted.attributes
        )
        try:
            job = kind.begin(segment, order, by=key)
        except InvalidTree as error:
            refuse(error)
        begun = {
            "message": "success",
            "export_id": str(job.pk),
            "object_prefix": f"segment-export-{job.pk}",
            "url": _url(request, job, wanted.packing),
        }
        return Response(begun, status=201)


@extend_schema(tags=["Users"])
class SegmentExportStatusView(APIView):
    required_permission = "users.export.segment"

    @extend_schema(
        operation_id="segment_export_status",
        summary="Show how far an export is",
        parameters=[schema.EXPORT_ID],
        responses=answers(schema.SegmentExportStatus, 400, 404),
    )
    def get(self, request: Request) -> Response:
        job = _job(request, request.query_params)
        status: dict[str, Any] = {
            "message": "success",
            "export_id": str(job.pk),
            "status": job.state,
            "percent": Progress(job).percent,
            "exported": job.counts.get("exported", 0),
        }
        if job.error:
            status["error"] = job.error
        if results.result_of(job) is not None:
            status["url"] = _url(request, job, "zip")
        return Response(status)


@extend_schema(tags=["Users"])
class SegmentExportDownloadView(APIView):
    required_permission = "users.export.segment"

    @extend_schema(
        operation_id="download_segment_export",
        summary="Download what an export has made",
        parameters=[schema.EXPORT_ID, schema.PACKING],
        responses=answers(OpenApiTypes.BINARY, 400, 404),
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        packing = requests.packing(request.query_params)
        result = results.result_of(_job(request, request.query_params))
        if result is None:
            raise NotFound
        types = {"zip": "application/zip", "gzip": "application/gzip"}
        answer = StreamingHttpResponse(
            pack(result.name, result.read(), packing),
            content_type=types.get(packing, result.content_type),
        )
        name = f"{result.name}{ENDINGS[packing]}"
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer


@extend_schema(tags=["Users"])
class SegmentExportCancelView(APIView):
    required_permission = "users.export.segment"

    @extend_schema(
        operation_id="cancel_segment_export",
        summary="Stop an export",
        request=schema.SegmentExportId,
        responses=answers(schema.SegmentExportCancelled, 400, 404),
    )
    def post(self, request: Request) -> Response:
        body = request.data if isinstance(request.data, dict) else {}
        jobs.cancel(_job(request, body), by=key_of(request))
        return Response({"message": "success"})


def _job(request: Request, query: Any) -> Job:
    """The export that a call names. Raises `NotFound` for any other job."""
    job: Job | None = _exports(key_of(request)).filter(pk=requests.export_id(query)).first()
    if job is None:
        raise NotFound
    return job


def _exports(key: RestApiKey) -> Any:
    return Job.objects.in_workspace(key.workspace).filter(kind=kind.SEGMENT_EXPORT.name)


def _url(request: Request, job: Job, packing: str) -> str:
    query = urlencode({"export_id": job.pk, "output_format": packing})
    return request.build_absolute_uri(f"{PATH}/download?{query}")
