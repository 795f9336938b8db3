"""A partner's calls, made as a partner makes them: over HTTP, against the running web server."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Self
from urllib.parse import urlsplit

SECONDS = 30


class CallFailed(Exception):
    """What came back instead of success, in one sentence; never a key."""


@dataclass
class PartnerCalls:
    """One partner's connection to the web server, kept open from call to call."""

    url: str
    partner: str
    partner_api_key: str = field(repr=False)
    client_secret: str = field(repr=False)

    def __post_init__(self) -> None:
        self._connection = connect(self.url)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._connection.close()

    def name(self, **body: str) -> None:
        """Name a cohort, with the fields of that call beside the keys."""
        self._post("cohorts", body)

    def change(self, cohort_id: str, cohort_changes: list[dict[str, Any]]) -> None:
        """Add and remove up to 1,000 ids."""
        self._post("cohorts/users", {"cohort_id": cohort_id, "cohort_changes": cohort_changes})

    def _post(self, path: str, fields: dict[str, Any]) -> None:
        keys = {"partner_api_key": self.partner_api_key, "client_secret": self.client_secret}
        body = json.dumps(keys | fields).encode()
        headers = {"Content-Type": "application/json"}
        path = f"/partners/{self.partner}/{path}"
        try:
            self._connection.request("POST", path, body, headers)
            response = self._connection.getresponse()
            answer = response.read()
        except (OSError, HTTPException) as error:
            raise CallFailed(f"{self.url}{path} broke off: {error}.") from error
        if response.status != 201:
            text = answer[:200].decode(errors="replace")
            raise CallFailed(f"{self.url}{path} answered {response.status}: {text}")


def connect(url: str) -> HTTPConnection:
    """A connection that opens with its first call."""
    parts = urlsplit(url)
    kind: Callable[..., HTTPConnection]
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    return kind(parts.hostname or "localhost", parts.port, timeout=SECONDS)


def answers(url: str) -> bool:
    """Whether a web server is there."""
    connection = connect(url)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
