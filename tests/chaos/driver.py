"""A partner's connector that never stops uploading, and remembers what it was told.

Every request names one id that no other names, its *marker*. Nobody is known by it, so it
waits, and the ledger row that added it is the row of that request: the test can tell what
became of a request even when the answer to it was lost.
"""

import http.client
import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.chaos.workspace import Keys

USERS = 2_000
IDS_A_REQUEST = 100


@dataclass
class Sent:
    """One request: what it asked for, and whether it was acknowledged."""

    marker: str
    cohort: str
    client: int
    objects: list[tuple[bool, list[str]]]  # (remove, external ids), in order
    status: int | None = None  # None: no answer came

    @property
    def acknowledged(self) -> bool:
        return self.status == 201

    def body(self, keys: Keys) -> bytes:
        changes = [{"user_ids": ids, "should_remove": remove} for remove, ids in self.objects]
        return json.dumps(
            {
                "partner_api_key": keys.partner_api_key,
                "client_secret": keys.client_secret,
                "cohort_id": self.cohort,
                "cohort_changes": changes,
            }
        ).encode()


@dataclass
class Driver:
    """Clients that upload one request after another, each time to a cohort drawn by chance."""

    url: str
    keys: Keys
    cohorts: list[str]
    seed: int
    clients: int = 4
    pause: float = 0.0
    sent: list[Sent] = field(default_factory=list)
    slowest_seconds: float = 0.0
    _stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def running(self) -> Iterator["Driver"]:
        threads = [threading.Thread(target=self._upload, args=(n,)) for n in range(self.clients)]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    @property
    def acknowledged(self) -> list[Sent]:
        return [request for request in self.sent if request.acknowledged]

    def await_acknowledged(self, more: int, seconds: float = 60) -> None:
        """Return once that many further requests were acknowledged."""
        target, until = len(self.acknowledged) + more, time.monotonic() + seconds
        while len(self.acknowledged) < target:
            assert time.monotonic() < until, f"only {len(self.acknowledged)} of {target} came"
            time.sleep(0.02)

    def _upload(self, client: int) -> None:
        draw = random.Random(self.seed * 1_000 + client)
        number = 0
        connection: http.client.HTTPConnection | None = None
        while not self._stop.is_set():
            number += 1
            request = compose(draw, f"marker-{self.seed}-{client}-{number}", client, self.cohorts)
            self.sent.append(request)
            started = time.monotonic()
            try:
                connection = connection or self._connect()
                connection.request(
                    "POST",
                    "/partners/tinyclues/cohorts/users",
                    body=request.body(self.keys),
                    headers={"Content-Type": "application/json"},
                )
                answer = connection.getresponse()
                answer.read()
                request.status = answer.status
            except (OSError, http.client.HTTPException):
                connection = None
                time.sleep(0.05)
            self.slowest_seconds = max(self.slowest_seconds, time.monotonic() - started)
            if request.status != 201 or self.pause:
                time.sleep(self.pause or 0.05)

    def _connect(self) -> http.client.HTTPConnection:
        address = urlsplit(self.url)
        assert address.hostname
        return http.client.HTTPConnection(address.hostname, address.port, timeout=10)


def compose(draw: random.Random, marker: str, client: int, cohorts: list[str]) -> Sent:
    def some() -> list[str]:
        return [f"user-{draw.randrange(USERS)}" for _ in range(draw.randrange(1, IDS_A_REQUEST))]

    objects = [(False, [marker, *some()])]
    if draw.random() < 0.6:
        objects.append((True, some()))
    if draw.random() < 0.2:
        objects.append((False, some()))
    return Sent(marker, draw.choice(cohorts), client, objects)
