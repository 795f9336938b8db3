"""The one thread that starts, restarts and stops the children.

Whoever wants a child says so and waits; the thread alone forks, because the kernel's
parent-death signal follows the forking thread, and this one lives as long as they do.
"""

import signal
import threading
from collections.abc import Iterable
from contextlib import suppress
from time import monotonic

from config.local.child import Child, Program, adopt_orphans

TICK_SECONDS = 0.05


class Keeper:
    def __init__(self, *, restart: bool = True) -> None:
        self.restart = restart
        self.children: dict[str, Child] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look_after, name="keeper", daemon=True)

    def add(self, program: Program) -> None:
        self.children[program.name] = Child(program, restart=self.restart)

    def start(self, names: Iterable[str]) -> None:
        adopt_orphans()
        if self._thread.ident is None:
            self._thread.start()
        for name in names:
            self.children[name].want()

    def stop(self, names: Iterable[str], hurry: threading.Event | None = None) -> None:
        """Stop one after another, and return when nothing of them is left."""
        for name in names:
            child = self.children[name]
            child.unwant()
            while not child.gone:
                if hurry and hurry.is_set():
                    child.hurry()
                self._over.wait(TICK_SECONDS)

    def close(self) -> None:
        self._over.set()
        if self._thread.ident is not None:
            self._thread.join()

    def kill(self, name: str, number: signal.Signals) -> None:
        """Signal the child itself, not what it forked."""
        child = self.children[name]
        with suppress(AttributeError, ProcessLookupError):
            child.process.send_signal(number)  # type: ignore[union-attr]

    def await_death_of(self, name: str, pid: int, seconds: float = 30) -> bool:
        """Whether this process is gone in time, though another may have taken its place."""
        until = monotonic() + seconds
        while self.children[name].pid == pid and monotonic() < until:
            self._over.wait(TICK_SECONDS)
        return self.children[name].pid != pid

    def _look_after(self) -> None:
        while not self._over.wait(TICK_SECONDS):
            for child in list(self.children.values()):
                child.tick()
