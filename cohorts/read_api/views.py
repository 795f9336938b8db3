"""What a workspace's own systems may read about its cohorts."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cohorts.models import Cohort
from cohorts.read_api import schema as read_schema
from cohorts.search import search
from cohorts.sizes import sizes
from common import queries
from common.errors import NotFound
from common.snapshots import snapshot
from common.times import stamp
from workspaces.authentication import key_of


@extend_schema(tags=["Cohorts"])
class CohortListView(APIView):
    required_permission = "cohorts.list"

    @extend_schema(
        operation_id="list_cohorts",
        summary="List cohorts, oldest first, 100 a page",
        parameters=[
            OpenApiParameter("page", int, description="From 0."),
            OpenApiParameter("partner", str, description="Slug of a partner."),
            OpenApiParameter(
                "search",
                str,
                description="Part of a name, a former name, the id or the export file name; case, "
                "separators and a file's extension make no difference.",
            ),
        ],
        responses=read_schema.answers(read_schema.CohortList, 400),
    )
    def get(self, request: Request) -> Response:
        page = queries.page(request.query_params)
        cohorts = search(_cohorts(request), request.query_params.get("search", ""))
        if "partner" in request.query_params:
            cohorts = cohorts.filter(partner__slug=queries.text(request.query_params, "partner"))
        chosen = cohorts.order_by("pk").prefetch_related("former_names")
        listed = [_summary(cohort) for cohort in chosen[page]]
        return Response({"message": "success", "cohorts": listed})


@extend_schema(tags=["Cohorts"])
class CohortDetailsView(APIView):
    required_permission = "cohorts.details"

    @extend_schema(
        operation_id="cohort_details",
        summary="Show a cohort's exact size, and how far its uploads are applied",
        parameters=[
            OpenApiParameter("partner", str, required=True, description="Slug of the partner."),
            OpenApiParameter("cohort_id", str, required=True),
        ],
        responses=read_schema.answers(read_schema.CohortDetails, 400, 404),
    )
    def get(self, request: Request) -> Response:
        query = request.query_params
        partner, external_id = queries.text(query, "partner"), queries.text(query, "cohort_id")
        with snapshot():
            wanted = _cohorts(request).filter(partner__slug=partner, external_id=external_id)
            cohort = wanted.prefetch_related("former_names").first()
            if cohort is None:
                raise NotFound
            size = sizes(cohort.workspace_id, [cohort.pk])[cohort.pk]
        details = {
            "size": size.matched,
            "waiting": size.waiting,
            "received": cohort.head.ids_received,
            "pending": cohort.head.ids_received - cohort.cursor.ids_applied,
        }
        return Response({"message": "success", **_summary(cohort), **details})


def _cohorts(request: Request) -> Any:
    found = Cohort.objects.filter(workspace=key_of(request).workspace)
    return found.select_related("partner", "head", "cursor")


def _summary(cohort: Cohort) -> dict[str, Any]:
    return {
        "partner": cohort.partner.slug,
        "cohort_id": cohort.external_id,
        "name": cohort.display_name,
        "named": bool(cohort.name),
        "former_names": [former.name for former in cohort.former_names.all()],
        "export_file_name": cohort.export_file_name,
        "archived": cohort.archived_at is not None,
        "created_at": stamp(cohort.created_at),
        "last_received_at": stamp(cohort.head.last_received_at),
        "last_applied_at": stamp(cohort.cursor.last_applied_at),
    }
