"""What an instance runs: the command line of each child, and how each wants to be treated."""

import http.client
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from config.local.child import Program
from config.local.home import CHECKOUT, Home
from config.local.postgres import Postgres
from config.local.redis_server import RedisServer

EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104

# Celery's advice for servers, at length on every start in a container.
AS_ROOT = "You're running the worker with superuser privileges"


@dataclass(frozen=True)
class Size:
    """How many of each: for two cores, which PostgreSQL shares."""

    web_workers: int = 2
    web_threads: int = 4
    worker_processes: int = 2


@dataclass(frozen=True)
class Setting:
    """What web server, worker and scheduler have in common."""

    home: Home
    size: Size
    host: str
    port: int
    environment: Mapping[str, str]
    echo: Callable[[str], None] | None

    def program(self, name: str) -> Program:
        return {"web": web, "worker": worker, "beat": beat}[name](self)

    @property
    def reachable_host(self) -> str:
        return "127.0.0.1" if self.host in EVERYWHERE else self.host

    def log(self, name: str) -> Path:
        return self.home.log / f"{name}.log"


def web(setting: Setting) -> Program:
    size = setting.size
    command = [
        *(sys.executable, "-m", "granian", "--interface", "wsgi"),
        *("--host", setting.host, "--port", str(setting.port)),
        *("--workers", str(size.web_workers), "--blocking-threads", str(size.web_threads)),
        # One that was killed comes back at once; the default waits 3.5 seconds.
        *("--respawn-failed-workers", "--respawn-interval", "0.1"),
        *("--workers-kill-timeout", "5", "--log-level", "warning", "--no-access-log"),
        "config.wsgi:application",
    ]
    return Program(
        name="web",
        command=lambda: command,
        log=setting.log("web"),
        environment=setting.environment,
        folder=CHECKOUT,
        ready=lambda: healthy(setting.reachable_host, setting.port),
        stop_signals=((signal.SIGTERM, 8.0),),
        # Its workers don't notice when it is killed; it must end them.
        orphan_signal=signal.SIGTERM,
        echo=setting.echo,
    )


def worker(setting: Setting) -> Program:
    command = [
        *(sys.executable, "-W", f"ignore:{AS_ROOT}", "-m", "celery"),
        *("--quiet", "-A", "config.celery", "worker"),
        *("--pool", "prefork", "--concurrency", str(setting.size.worker_processes)),
        # No talk among workers: each costs connections, and nobody listens.
        *("--without-gossip", "--without-mingle", "--without-heartbeat"),
        *("--loglevel", "WARNING"),
    ]
    return Program(
        name="worker",
        command=lambda: command,
        log=setting.log("worker"),
        environment=setting.environment,
        folder=CHECKOUT,
        stop_signals=((signal.SIGTERM, 10.0), (signal.SIGQUIT, 3.0)),
        echo=setting.echo,
    )


def beat(setting: Setting) -> Program:
    command = [
        *(sys.executable, "-m", "celery", "--quiet", "-A", "config.celery", "beat"),
        # It writes nothing down: whatever it forgets is due again soon.
        *("--scheduler", "celery.beat:Scheduler", "--loglevel", "WARNING"),
    ]
    return Program(
        name="beat",
        command=lambda: command,
        log=setting.log("beat"),
        environment=setting.environment,
        folder=CHECKOUT,
        stop_signals=((signal.SIGTERM, 3.0),),
        echo=setting.echo,
    )


def postgres(server: Postgres) -> Program:
    return Program(
        name="postgres",
        command=server.command,
        log=server.home.log / "postgres.log",
        environment={"PATH": "/usr/bin:/bin", "TZ": "UTC", "LC_ALL": "C"},
        folder=Path("/"),
        account=server.account,
        prepare=server.clear,
        ready=server.ready,
        # Fast, then immediate, which is a crash that the next start recovers from.
        stop_signals=((signal.SIGINT, 30.0), (signal.SIGQUIT, 6.0)),
        orphan_signal=signal.SIGQUIT,
    )


def redis(server: RedisServer) -> Program:
    return Program(
        name="redis",
        command=server.command,
        log=server.home.log / "redis.log",
        folder=server.home.folder,
        ready=server.ready,
        stop_signals=((signal.SIGTERM, 3.0),),
    )


def healthy(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
