from typing import Any

from rest_framework.negotiation import BaseContentNegotiation


class AlwaysJson(BaseContentNegotiation):
    """Answer in JSON whatever `Accept` says: connectors send all kinds of it."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        media_type = (request.content_type or "application/json").partition(";")[0].strip()
        return next((parser for parser in parsers if parser.media_type == media_type), None)

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type
