"""A whole Quayside on one machine, from real processes.

`make run` is this in the foreground; tests that kill, freeze and restart the parts use it too.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from time import monotonic
from typing import Self

import psycopg

from config.local import external, programs
from config.local.account import CannotStart, server_account
from config.local.child import born, signal_group
from config.local.home import CHECKOUT, Home
from config.local.keeper import Keeper
from config.local.lock import Lock
from config.local.postgres import Postgres
from config.local.programs import Setting, Size
from config.local.redis_server import RedisServer, draw_free_port, free

CHILDREN = frozenset({"web", "worker", "beat"})
# First the door, then the bell, then those who answer it, then the ledger.
STOP_ORDER = ("web", "beat", "worker", "redis", "postgres")
# Where an instance listens and keeps its things is ours to say, not the surroundings'.
OURS = ("DATABASE_URL", "REDIS_URL", "QUAYSIDE_HOME", "QUAYSIDE_URL", "PORT", "HOST")
STOP_MODES = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}


class Interrupted(Exception):
    """Somebody asked us to stop while we were starting."""


class Instance:
    """Its servers, and those of web, worker and beat that it was asked for.

    With `restart`, one that dies comes back by itself; without, it stays away until `start`.
    `port` 0 takes any that is free. A server that has a URL is somebody else's.
    """

    def __init__(
        self,
        home: Path | Home,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        children: Collection[str] = CHILDREN,
        size: Size | None = None,
        restart: bool = True,
        database_url: str = "",
        redis_url: str = "",
        env: Mapping[str, str] | None = None,
        postgres_settings: Mapping[str, str] | None = None,
        say: Callable[[str], None] = lambda line: None,
        echo: Callable[[str], None] | None = None,
    ) -> None:
        self.home = home if isinstance(home, Home) else Home(home)
        self.host, self.port = host, port or draw_free_port()
        self.children = [name for name in STOP_ORDER if name in children]
        self.size = size or Size()
        self.keeper = Keeper(restart=restart)
        self.postgres: Postgres | None = None
        self.redis: RedisServer | None = None
        # Set from a signal handler: give up starting; kill instead of waiting for an end.
        self.interrupted, self.hurry = threading.Event(), threading.Event()
        self._database_url, self._redis_url = database_url, redis_url
        self._extra, self._postgres_settings = dict(env or {}), dict(postgres_settings or {})
        self._say, self._echo = say, echo
        self._lock = Lock(self.home)

    @property
    def url(self) -> str:
        local = self.host in ("127.0.0.1", *programs.EVERYWHERE)
        return f"http://{'localhost' if local else self.host}:{self.port}"

    @property
    def database_url(self) -> str:
        return self._database_url or self.home.database_url

    @property
    def redis_url(self) -> str:
        return self._redis_url or self.home.redis_url

    @property
    def env(self) -> dict[str, str]:
        """The environment in which a command acts on this instance."""
        env = {name: value for name, value in os.environ.items() if name not in OURS}
        env |= {"QUAYSIDE_HOME": str(self.home.path), "QUAYSIDE_URL": self.url}
        env |= {"DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONUNBUFFERED": "1"}
        if self._database_url:
            env["DATABASE_URL"] = self._database_url
        if self._redis_url:
            env["REDIS_URL"] = self._redis_url
        return env | self._extra

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *error: object) -> None:
        self.stop()

    def start(self, *names: str) -> Self:
        """Start everything and return when it answers; with names, just those.

        Raises `CannotStart` with a sentence for the person in front of it, and `Interrupted`.
        Either way nothing that was started stays.
        """
        if names:
            self._bring_up(names)
            return self
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def _start(self) -> None:
        self._lock.take()
        if "web" in self.children and not free(self.port, self.host):
            raise CannotStart(f"Port {self.port} is in use: set PORT to another.")
        self._write_state("starting")
        self._add_servers()
        self._bring_up(list(self.keeper.children))
        external.await_answers(
            self._database_url, self._redis_url, say=self._say, pause=lambda: self.pause(0.5)
        )
        if self.children:
            self._say("Bringing the tables up to date.")
            self.manage("migrate", "--no-input", "--verbosity", "0")
            self._add_children()
            self._bring_up(self.children)
        self._write_state("ready")

    def _bring_up(self, names: Collection[str]) -> None:
        self.keeper.start(names)
        for name in names:
            self.await_ready(name)

    def _add_servers(self) -> None:
        if not self._database_url:
            account = server_account(self.home)
            self.postgres = Postgres(self.home, account, self._postgres_settings, self._say)
            self.postgres.make()
            self.keeper.add(programs.postgres(self.postgres))
        if not self._redis_url:
            self.redis = RedisServer(self.home)
            self.redis.make()
            self.keeper.add(programs.redis(self.redis))

    def _add_children(self) -> None:
        env = self.env | {"PROMETHEUS_MULTIPROC_DIR": str(self.home.new_metrics())}
        setting = Setting(self.home, self.size, self.host, self.port, env, self._echo)
        for name in self.children:
            self.keeper.add(setting.program(name))

    def stop(self, *names: str) -> None:
        """Stop everything and return when no process is left; with names, just those."""
        chosen = [n for n in STOP_ORDER if n in self.keeper.children and (not names or n in names)]
        self.keeper.stop(chosen, self.hurry)
        if not names:
            self.keeper.close()
            if self._lock.held:
                self._write_state("stopped")
            self._lock.give_back()

    def _write_state(self, state: str) -> None:
        self.home.write_state(state=state, pid=os.getpid(), url=self.url)

    def await_ready(self, name: str, seconds: float = 60) -> None:
        """Return when it does its work. Raises `CannotStart` with the end of its log."""
        child, until = self.keeper.children[name], monotonic() + seconds
        while not (child.pid and child.program.ready()):
            if child.hopeless or monotonic() > until:
                raise CannotStart(f"{name} doesn't start:\n{tail(child.program.log)}")
            self.pause(0.05)

    def pause(self, seconds: float) -> None:
        if self.interrupted.wait(seconds):
            raise Interrupted

    def manage(self, *arguments: str) -> str:
        """What the management command printed. Raises `CannotStart` with its complaint."""
        with subprocess.Popen(
            [sys.executable, str(CHECKOUT / "manage.py"), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=CHECKOUT,
            env=self.env,
            process_group=0,
            preexec_fn=lambda: born(signal.SIGKILL),  # noqa: PLW1509
        ) as process:
            output, complaint = self._communicate(process)
        if self.interrupted.is_set():
            raise Interrupted
        if process.returncode:
            raise CannotStart(f"`manage.py {' '.join(arguments)}` failed:\n{complaint.rstrip()}")
        return output

    def _communicate(self, process: subprocess.Popen[str]) -> tuple[str, str]:
        while True:
            try:
                return process.communicate(timeout=0.2)
            except subprocess.TimeoutExpired:
                if self.interrupted.is_set():
                    signal_group(process.pid, signal.SIGKILL)

    # --- What tests do to it ----------------------------------------------------------

    def pid(self, name: str) -> int | None:
        return self.keeper.children[name].pid

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL, group: bool = False) -> None:
        """Signal a child: its main process, or all that it forked as well.

        After SIGKILL it is dead on return, and perhaps already started again.
        """
        pid = self.pid(name)
        if pid is None:
            return
        if group:
            signal_group(pid, number)
        else:
            self.keeper.kill(name, number)
        if number == signal.SIGKILL:
            self.keeper.await_death_of(name, pid)

    def freeze(self, name: str) -> None:
        self.kill(name, signal.SIGSTOP, group=True)

    def thaw(self, name: str) -> None:
        self.kill(name, signal.SIGCONT, group=True)

    def restart_postgres(self, mode: str = "immediate") -> None:
        """Smart, fast, or immediate, which is a crash; up again on return."""
        pid = self.pid("postgres")
        self.kill("postgres", STOP_MODES[mode])
        if pid is not None and not self.keeper.await_death_of("postgres", pid):
            raise CannotStart(f"PostgreSQL (process {pid}) didn't stop ({mode}).")
        self.start("postgres")

    def connect(self, database: str = "quayside") -> psycopg.Connection:
        """An autocommitting connection to the embedded PostgreSQL."""
        assert self.postgres
        return self.postgres.connect(database)


def tail(log: Path, lines: int = 15) -> str:
    text = log.read_text(errors="replace") if log.exists() else ""
    return "\n".join(text.splitlines()[-lines:]) or f"{log} is empty."
