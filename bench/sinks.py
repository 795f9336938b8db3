"""A mail server and a webhook's receiver that take everything, in a process of their own.

They read no more of it than they need to tell who got what how often, so that they cost the
machine little.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection

RECIPIENT = b'"properties": '
TAKEN = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


@dataclass(frozen=True)
class Taken:
    """Messages, and how many different addresses they went to; recipients of calls, and how many
    of them are left if each batch is taken once, by its id.
    """

    mails: int
    addresses: int
    called: int
    recipients: int


@dataclass
class _Book:
    mails: Counter[bytes] = field(default_factory=Counter)  # by address
    called: int = 0
    batches: dict[bytes, int] = field(default_factory=dict)  # recipients by id

    def read(self) -> Taken:
        mails, recipients = self.mails.total(), sum(self.batches.values())
        return Taken(mails, len(self.mails), self.called, recipients)


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
    book = _Book()
    ports = []
    for talk in (_smtp, _http):
        server = await asyncio.start_server(partial(talk, book), "127.0.0.1", 0, limit=2**26)
        ports.append(server.sockets[0].getsockname()[1])
    pipe.send(ports)
    while True:
        await asyncio.to_thread(pipe.recv)
        pipe.send(book.read())


async def _smtp(book: _Book, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 sink\r\n")
    address = b""
    # A client that is killed says nothing more.
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while line := await reader.readline():
            word = line[:4].upper()
            if word == b"RCPT":
                address = line
            if word == b"DATA":
                writer.write(b"354 Go on\r\n")
                await reader.readuntil(b"\r\n.\r\n")
                book.mails[address] += 1
            writer.write(b"221 Bye\r\n" if word == b"QUIT" else b"250 OK\r\n")
            if word == b"QUIT":
                break
    writer.close()


async def _http(book: _Book, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while not reader.at_eof():
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            body = await reader.readexactly(int(_header(head, b"content-length")))
            recipients = body.count(RECIPIENT)
            book.called += recipients
            book.batches[_header(head, b"webhook-id")] = recipients
            writer.write(TAKEN)
    writer.close()


def _header(head: bytes, name: bytes) -> bytes:
    return head.partition(b"\r\n%b:" % name)[2].partition(b"\r\n")[0].strip()
