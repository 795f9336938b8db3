"""How the OpenAPI document shows the REST API's keys. Loaded with the app."""

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from workspaces.authentication import SCHEME


class RestApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "workspaces.authentication.RestApiKeyAuthentication"
    name = "rest_api_key"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": SCHEME.lower(),
            "bearerFormat": "qs_rak_…",
            "description": "A REST API key of the workspace.",
        }
