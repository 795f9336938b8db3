"""The OpenAPI document and the page that shows it, from this server alone: no CDN."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
)
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView
from rest_framework.negotiation import DefaultContentNegotiation


class SchemaView(SpectacularAPIView):
    """JSON unless the client asks for YAML."""

    content_negotiation_class = DefaultContentNegotiation
    renderer_classes = [OpenApiJsonRenderer2, OpenApiJsonRenderer, OpenApiYamlRenderer]  # noqa: RUF012


class DocsView(SpectacularSwaggerView):
    content_negotiation_class = DefaultContentNegotiation


def without_trailing_slash(
    endpoints: list[tuple[str, str, str, Callable[..., Any]]],
) -> list[tuple[str, str, str, Callable[..., Any]]]:
    """The paths as the contract writes them. Each answers with the slash, too."""
    return [(path.rstrip("/"), regex, method, view) for path, regex, method, view in endpoints]
