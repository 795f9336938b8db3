"""Everybody in a segment, exported over the API by the job in the background."""

import gzip
import json
from dataclasses import dataclass
from http.client import HTTPConnection
from time import monotonic, sleep
from typing import Any

import psycopg

from bench.setting import Setting
from bench.workspace import Workspace

POLL_SECONDS = 0.1
LONGEST_SECONDS = 1_800
EVERYONE = {"version": 1}
FIELDS = ["external_id", "email", "country", "user_aliases"]

ATTRIBUTES = """
UPDATE profiles_profile
   SET attributes = jsonb_build_object('email', 'user' || id || '@example.com', 'country', 'FR')
 WHERE workspace_id = %s
"""


@dataclass
class Exported:
    users: int
    ordering: float  # seconds until the order was answered
    working: float  # and from there until the file was there
    downloading: float
    size: int  # bytes of the file, compressed


def measure(connection: psycopg.Connection, workspace: Workspace, setting: Setting) -> Exported:
    """Export every user with an email address. Raises `AssertionError` if one is missing."""
    connection.execute(ATTRIBUTES, [workspace.id])
    connection.execute("VACUUM (ANALYZE) profiles_profile")
    connection.execute("CHECKPOINT")
    client = _Client(workspace)
    segment = client.post("/segments/create", name="Everyone", filters=EVERYONE)["segment_id"]
    start = monotonic()
    begun = client.post("/users/export/segment", segment_id=segment, fields_to_export=FIELDS)
    ordered = monotonic()
    query = f"export_id={begun['export_id']}"
    while json.loads(client.get(f"/users/export/segment/status?{query}"))["status"] != "done":
        assert monotonic() - start < LONGEST_SECONDS, "The export isn't done."
        sleep(POLL_SECONDS)
    done = monotonic()
    content = client.get(f"/users/export/segment/download?{query}&output_format=gzip")
    downloaded = monotonic()
    lines = gzip.decompress(content).splitlines()
    assert len({json.loads(line)["external_id"] for line in lines}) == len(lines) == setting.users
    return Exported(setting.users, ordered - start, done - ordered, downloaded - done, len(content))


class _Client:
    def __init__(self, workspace: Workspace) -> None:
        self.port = workspace.door.port
        self.headers = {
            "Authorization": f"Bearer {workspace.rest_api_key}",
            "Content-Type": "application/json",
        }

    def post(self, path: str, **body: object) -> Any:
        return json.loads(self._call("POST", path, json.dumps(body).encode()))

    def get(self, path: str) -> bytes:
        return self._call("GET", path)

    def _call(self, method: str, path: str, body: bytes | None = None) -> bytes:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=300)
        try:
            connection.request(method, path, body, self.headers)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        assert answer.status < 300, content[:300]
        return content
