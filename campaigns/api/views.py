"""Campaigns and Canvases over the API. Thin doors: decode, look up, answer.

Both have the same three calls. What each is named and described as stands in its views; what
they do, in the views that those are made of.
"""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.http import StreamingHttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from campaigns import details, results_export
from campaigns.api import schema
from campaigns.models import Campaign, Kind, Launch
from common import queries
from common.errors import NotFound
from common.snapshots import snapshot
from segments.api.schema import answers
from workspaces.authentication import key_of

LAST_EDIT = "last_edit.time[gt]"

_CAMPAIGN_ID = [OpenApiParameter("campaign_id", str, required=True)]
_CANVAS_ID = [OpenApiParameter("canvas_id", str, required=True)]


def _described(**schema: Any) -> Any:
    """What the OpenAPI document says of the one call of a view."""
    return extend_schema_view(get=extend_schema(**schema))


class _View(APIView):
    kind: ClassVar[Kind]


class _ListView(_View):
    # The answer's field that holds them.
    listed: ClassVar[str]

    def get(self, request: Request) -> Response:
        found = [details.summary(campaign) for campaign in self._found(request)]
        return Response({"message": "success", self.listed: found})

    def _found(self, request: Request) -> Iterable[Campaign]:
        query = request.query_params
        page = queries.page(query)
        sign = "-" if queries.is_descending(query) else ""
        found = Campaign.objects.in_workspace(key_of(request).workspace).filter(kind=self.kind)
        if not queries.flag(query, "include_archived"):
            found = found.active()
        if edited_after := queries.moment(query, LAST_EDIT):
            found = found.filter(updated_at__gt=edited_after)
        ordered = found.order_by(f"{sign}created_at", f"{sign}pk")
        return ordered.defer("audience", "description")[page]


class _DetailsView(_View):
    def get(self, request: Request) -> Response:
        key = queries.key(request.query_params, f"{self.kind}_id")
        with snapshot():
            found = details.of(key_of(request).workspace, self.kind, key)
        if found is None:
            raise NotFound
        return Response({"message": "success", **found})


class _ExportView(_View):
    def get(self, request: Request) -> StreamingHttpResponse:
        # In parts, so that an audience of millions takes no memory.
        key = queries.key(request.query_params, f"{self.kind}_id")
        workspace = key_of(request).workspace
        launch = Launch.objects.filter(
            campaign_id=key, campaign__workspace=workspace, campaign__kind=self.kind
        ).first()
        if launch is None:
            raise NotFound(errors=["There is a file once it was launched."])
        return StreamingHttpResponse(
            results_export.lines(launch),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{key}.csv"'},
        )


@_described(
    tags=["Campaigns"],
    operation_id="list_campaigns",
    summary="List campaigns in order of creation, 100 a page",
    parameters=schema.LIST_PARAMETERS,
    responses=answers(schema.CampaignList, 400),
)
class CampaignListView(_ListView):
    kind, listed, required_permission = Kind.CAMPAIGN, "campaigns", "campaigns.list"


@_described(
    tags=["Campaigns"],
    operation_id="campaign_details",
    summary="Show a campaign, whom it is for and what became of it",
    parameters=_CAMPAIGN_ID,
    responses=answers(schema.CampaignDetails, 400, 404),
)
class CampaignDetailsView(_DetailsView):
    kind, required_permission = Kind.CAMPAIGN, "campaigns.details"


@_described(
    tags=["Campaigns"],
    operation_id="export_campaign",
    summary="Download everybody whom a campaign was launched for, as CSV",
    parameters=_CAMPAIGN_ID,
    responses=answers(schema.EXPORT, 400, 404),
)
class CampaignExportView(_ExportView):
    kind, required_permission = Kind.CAMPAIGN, "campaigns.details"


@_described(
    tags=["Canvases"],
    operation_id="list_canvases",
    summary="List Canvases in order of creation, 100 a page",
    parameters=schema.LIST_PARAMETERS,
    responses=answers(schema.CanvasList, 400),
)
class CanvasListView(_ListView):
    kind, listed, required_permission = Kind.CANVAS, "canvases", "canvas.list"


@_described(
    tags=["Canvases"],
    operation_id="canvas_details",
    summary="Show a Canvas, who entered it and what became of each step",
    parameters=_CANVAS_ID,
    responses=answers(schema.CanvasDetails, 400, 404),
)
class CanvasDetailsView(_DetailsView):
    kind, required_permission = Kind.CANVAS, "canvas.details"


@_described(
    tags=["Canvases"],
    operation_id="export_canvas",
    summary="Download everybody who entered a Canvas, step by step, as CSV",
    parameters=_CANVAS_ID,
    responses=answers(schema.EXPORT, 400, 404),
)
class CanvasExportView(_ExportView):
    kind, required_permission = Kind.CANVAS, "canvas.details"
