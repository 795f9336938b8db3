"""A partner's export: requests of 1,000 ids over several kept connections.

The client is a process of its own with every request already encoded, so that what it
costs is little more than the system calls; the machine has that to spare for nobody.
"""

import json
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from time import monotonic, process_time

IDS_A_REQUEST = 1_000


@dataclass(frozen=True)
class Door:
    """Where a partner calls, and with which keys."""

    port: int
    partner: str
    partner_api_key: str
    client_secret: str

    def request(self, cohort: str, external_ids: Sequence[str]) -> bytes:
        body = json.dumps(
            {
                "partner_api_key": self.partner_api_key,
                "client_secret": self.client_secret,
                "cohort_id": cohort,
                "cohort_changes": [{"user_ids": external_ids}],
            }
        ).encode()
        return post(f"/partners/{self.partner}/cohorts/users", body)


@dataclass
class Sent:
    """When the first request left and the last answer came, on the machine's monotonic clock."""

    began: float
    ended: float
    latencies: list[float]
    cpu_seconds: float


def post(path: str, body: bytes, *headers: str) -> bytes:
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: localhost",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def send(port: int, requests: Sequence[bytes], connections: int) -> Sent:
    """Send them from another process, over that many connections at once.

    Raises `RuntimeError` unless every answer is a success.
    """
    ours, theirs = get_context("spawn").Pipe()
    arguments = (theirs, port, list(requests), connections)
    client = get_context("spawn").Process(target=_client, args=arguments, daemon=True)
    client.start()
    theirs.close()
    answer = ours.recv()
    client.join()
    if isinstance(answer, str):
        raise RuntimeError(answer)
    return answer


def _client(pipe: Connection, port: int, requests: list[bytes], connections: int) -> None:
    # Threads spend their time waiting; a short switch interval keeps latencies theirs.
    sys.setswitchinterval(0.0005)
    latencies: list[float] = []
    refusals: list[str] = []
    queue = iter(requests)
    lock = threading.Lock()
    arguments = (port, queue, lock, latencies, refusals)
    threads = [threading.Thread(target=_talk, args=arguments) for _ in range(connections)]
    began, cpu = monotonic(), process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ended = monotonic()
    if refusals:
        pipe.send(refusals[0])
    else:
        pipe.send(Sent(began, ended, latencies, process_time() - cpu))


def connect(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=60)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _talk(
    port: int,
    queue: Iterator[bytes],
    lock: threading.Lock,
    latencies: list[float],
    refusals: list[str],
) -> None:
    try:
        with connect(port) as connection:
            while not refusals:
                with lock:
                    request = next(queue, None)
                if request is None:
                    return
                start = monotonic()
                status, body = exchange(connection, request)
                latencies.append(monotonic() - start)
                if status not in (200, 201):
                    refusals.append(f"{status} {body.decode(errors='replace')[:300]}")
    except OSError as error:
        refusals.append(repr(error))


def exchange(connection: socket.socket, request: bytes) -> tuple[int, bytes]:
    """Status and body of the answer. Raises `OSError` when the connection ends early."""
    connection.sendall(request)
    received = b""
    while (end := received.find(b"\r\n\r\n")) < 0:
        received += _more(connection)
    head = received[:end].lower()
    length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
    body = received[end + 4 :]
    while len(body) < length:
        body += _more(connection)
    return int(head.split(b" ", 2)[1]), body


def _more(connection: socket.socket) -> bytes:
    chunk = connection.recv(65536)
    if not chunk:
        raise ConnectionResetError("The server closed the connection.")
    return chunk
