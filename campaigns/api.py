"""Campaigns and Canvases over the API. Thin doors: decode, look up, answer."""

from collections.abc import Iterable

from django.http import StreamingHttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from campaigns import details, results_export, schema
from campaigns.models import Campaign, Kind, Launch
from common import queries
from common.errors import NotFound
from common.snapshots import snapshot
from segments.schema import answers
from workspaces.authentication import key_of

LAST_EDIT = "last_edit.time[gt]"


@extend_schema(tags=["Campaigns"])
class CampaignListView(APIView):
    required_permission = "campaigns.list"

    @extend_schema(
        operation_id="list_campaigns",
        summary="List campaigns in order of creation, 100 a page",
        parameters=schema.LIST_PARAMETERS,
        responses=answers(schema.CampaignList, 400),
    )
    def get(self, request: Request) -> Response:
        listed = [
            {**details.summary(campaign), "is_api_campaign": False}
            for campaign in _listed(request, Kind.CAMPAIGN)
        ]
        return Response({"message": "success", "campaigns": listed})


@extend_schema(tags=["Campaigns"])
class CampaignDetailsView(APIView):
    required_permission = "campaigns.details"

    @extend_schema(
        operation_id="campaign_details",
        summary="Show a campaign, whom it is for and what became of it",
        parameters=[OpenApiParameter("campaign_id", str, required=True)],
        responses=answers(schema.CampaignDetails, 400, 404),
    )
    def get(self, request: Request) -> Response:
        key = queries.key(request.query_params, "campaign_id")
        with snapshot():
            found = details.of_campaign(key_of(request).workspace, key)
        if found is None:
            raise NotFound
        return Response({"message": "success", **found})


@extend_schema(tags=["Campaigns"])
class CampaignExportView(APIView):
    required_permission = "campaigns.details"

    @extend_schema(
        operation_id="export_campaign",
        summary="Download everybody whom a campaign was launched for, as CSV",
        parameters=[OpenApiParameter("campaign_id", str, required=True)],
        responses=answers(schema.EXPORT, 400, 404),
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        return _export(request, Kind.CAMPAIGN)


@extend_schema(tags=["Canvases"])
class CanvasListView(APIView):
    required_permission = "canvas.list"

    @extend_schema(
        operation_id="list_canvases",
        summary="List Canvases in order of creation, 100 a page",
        parameters=schema.LIST_PARAMETERS,
        responses=answers(schema.CanvasList, 400),
    )
    def get(self, request: Request) -> Response:
        listed = [details.summary(canvas) for canvas in _listed(request, Kind.CANVAS)]
        return Response({"message": "success", "canvases": listed})


@extend_schema(tags=["Canvases"])
class CanvasDetailsView(APIView):
    required_permission = "canvas.details"

    @extend_schema(
        operation_id="canvas_details",
        summary="Show a Canvas, who entered it and what became of each step",
        parameters=[OpenApiParameter("canvas_id", str, required=True)],
        responses=answers(schema.CanvasDetails, 400, 404),
    )
    def get(self, request: Request) -> Response:
        key = queries.key(request.query_params, "canvas_id")
        with snapshot():
            found = details.of_canvas(key_of(request).workspace, key)
        if found is None:
            raise NotFound
        return Response({"message": "success", **found})


@extend_schema(tags=["Canvases"])
class CanvasExportView(APIView):
    required_permission = "canvas.details"

    @extend_schema(
        operation_id="export_canvas",
        summary="Download everybody who entered a Canvas, step by step, as CSV",
        parameters=[OpenApiParameter("canvas_id", str, required=True)],
        responses=answers(schema.EXPORT, 400, 404),
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        return _export(request, Kind.CANVAS)


def _listed(request: Request, kind: Kind) -> Iterable[Campaign]:
    query = request.query_params
    page = queries.page(query)
    sign = "-" if queries.is_descending(query) else ""
    found = Campaign.objects.in_workspace(key_of(request).workspace).filter(kind=kind)
    if not queries.flag(query, "include_archived"):
        found = found.active()
    if edited_after := queries.moment(query, LAST_EDIT):
        found = found.filter(updated_at__gt=edited_after)
    return found.order_by(f"{sign}created_at", f"{sign}pk").defer("audience", "description")[page]


def _export(request: Request, kind: Kind) -> StreamingHttpResponse:
    """The file in parts, so that an audience of millions takes no memory."""
    key = queries.key(request.query_params, f"{kind}_id")
    workspace = key_of(request).workspace
    launch = Launch.objects.filter(
        campaign_id=key, campaign__workspace=workspace, campaign__kind=kind
    ).first()
    if launch is None:
        raise NotFound(errors=["There is a file once it was launched."])
    return StreamingHttpResponse(
        results_export.lines(launch),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{key}.csv"'},
    )
