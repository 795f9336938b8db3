"""A mail server and a webhook's receiver that take everything, in a process of their own.

They read no more of it than they need to count it, so that they cost the machine little.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection

RECIPIENT = b'"properties": '
TAKEN = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


@dataclass
class Taken:
    """Messages, and recipients of calls."""

    mails: int = 0
    recipients: int = 0


@dataclass(frozen=True)
class Sinks:
    smtp_port: int
    http_port: int
    _pipe: Connection

    @property
    def env(self) -> dict[str, str]:
        """What an instance needs to know so as to send here."""
        return {
            "EMAIL_URL": f"smtp://127.0.0.1:{self.smtp_port}",
            "WEBHOOK_PRIVATE_HOSTS": "127.0.0.1",
        }

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}/"

    def taken(self) -> Taken:
        """So far."""
        self._pipe.send(None)
        taken: Taken = self._pipe.recv()
        return taken


@contextmanager
def running() -> Iterator[Sinks]:
    ours, theirs = get_context("spawn").Pipe()
    process = get_context("spawn").Process(target=_serve, args=[theirs], daemon=True)
    process.start()
    theirs.close()
    try:
        yield Sinks(*ours.recv(), ours)
    finally:
        process.terminate()
        process.join()


def _serve(pipe: Connection) -> None:
    asyncio.run(_listen(pipe))


async def _listen(pipe: Connection) -> None:
    taken = Taken()
    ports = []
    for talk in (_smtp, _http):
        server = await asyncio.start_server(partial(talk, taken), "127.0.0.1", 0, limit=2**26)
        ports.append(server.sockets[0].getsockname()[1])
    pipe.send(ports)
    while True:
        await asyncio.to_thread(pipe.recv)
        pipe.send(taken)


async def _smtp(taken: Taken, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 sink\r\n")
    while line := await reader.readline():
        word = line[:4].upper()
        if word == b"DATA":
            writer.write(b"354 Go on\r\n")
            await reader.readuntil(b"\r\n.\r\n")
            taken.mails += 1
        writer.write(b"221 Bye\r\n" if word == b"QUIT" else b"250 OK\r\n")
        if word == b"QUIT":
            break
    writer.close()


async def _http(taken: Taken, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while not reader.at_eof():
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
        except asyncio.IncompleteReadError:
            break
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        taken.recipients += (await reader.readexactly(length)).count(RECIPIENT)
        writer.write(TAKEN)
    writer.close()
