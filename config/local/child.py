"""A child process that the runner keeps: started, restarted, stopped, with all that it forked.

`Child.tick` never waits, so that one thread can look after all of them.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from config.local.account import Account

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
# Loaded before any fork: between fork and exec a child of a threaded process may not.
LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

# Seconds before the second, third, … restart of a child that keeps dying. The first is at once.
BACK_OFF = (0.0, 0.5, 1.0, 2.0, 4.0)
# A child that lived this long has settled, and its next restart is a first one again.
SETTLED_SECONDS = 10.0


@dataclass(frozen=True)
class Program:
    """What to run, and how it wants to be treated."""

    name: str
    command: Callable[[], list[str]]
    log: Path
    environment: Mapping[str, str] | None = None
    folder: Path | None = None
    account: Account | None = None
    # Whether it may start now; asked again until it says so.
    prepare: Callable[[], bool] = lambda: True
    # Whether it does its work, asked while somebody waits for it.
    ready: Callable[[], bool] = lambda: True
    # Signals to stop it with, each with the seconds it gets before the next.
    # SIGKILL to the whole group follows the last.
    stop_signals: tuple[tuple[signal.Signals, float], ...] = ((signal.SIGTERM, 10.0),)
    # What the kernel sends when the runner itself was killed (Linux only).
    orphan_signal: signal.Signals = signal.SIGKILL
    # Lines for the terminal; None leaves them in the log alone.
    echo: Callable[[str], None] | None = None


@dataclass
class Child:
    program: Program
    restart: bool = True
    wanted: bool = False
    starts: int = 0
    process: subprocess.Popen[bytes] | None = None
    # The group of a dead leader, whose members may outlive it.
    group: int | None = None
    _may_start: bool = False
    _start_at: float = 0.0
    _started_at: float = 0.0
    _failures: int = 0
    _ladder: Iterator[tuple[signal.Signals, float]] | None = None
    _next_step_at: float = 0.0
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def want(self) -> None:
        with self._lock:
            self.wanted = self._may_start = True
            self._start_at, self._failures = 0.0, 0

    def unwant(self) -> None:
        with self._lock:
            self.wanted = self._may_start = False

    @property
    def gone(self) -> bool:
        """Whether nothing of it is left: neither leader nor anything in its group."""
        return self.process is None and self.group is None

    @property
    def pid(self) -> int | None:
        process = self.process
        return process.pid if process and process.returncode is None else None

    @property
    def hopeless(self) -> bool:
        """Whether it keeps dying right after its start, so that waiting for it is in vain."""
        with self._lock:
            return self._failures >= len(BACK_OFF) or (self.gone and not self._may_start)

    def hurry(self) -> None:
        """Skip what is left of the patience: the whole group is killed."""
        with self._lock:
            if self.process and not self.wanted:
                signal_group(self.process.pid, signal.SIGKILL)

    def tick(self) -> None:
        with self._lock:
            if self.process and self.process.poll() is not None:
                self._bury()
            if self.group is not None and not kill_group(self.group):
                self.group = None
            if self.process and not self.wanted:
                self._climb()
            elif self._due() and self.program.prepare():
                self._spawn()

    def _due(self) -> bool:
        return self.gone and self.wanted and self._may_start and monotonic() >= self._start_at

    def _spawn(self) -> None:
        self.starts += 1
        self._may_start, self._started_at, self._ladder = self.restart, monotonic(), None
        try:
            self.process = self._fork()
        except (OSError, subprocess.SubprocessError) as error:
            self._note(f"{self.program.name} can't be started: {error}")
            self._start_at = monotonic() + BACK_OFF[-1]
            self._failures += 1
        if self.process and self.process.stdout:
            threading.Thread(target=pump, args=(self.process, self.program), daemon=True).start()

    def _fork(self) -> subprocess.Popen[bytes]:
        program = self.program
        with program.log.open("ab") as log:
            return subprocess.Popen(
                program.command(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if program.echo else log,
                stderr=subprocess.STDOUT,
                cwd=program.folder,
                env=program.environment,
                process_group=0,
                preexec_fn=lambda: born(program.orphan_signal),  # noqa: PLW1509
                **(program.account.credentials if program.account else {}),
            )

    def _note(self, line: str) -> None:
        with self.program.log.open("a") as log:
            print(line, file=log)
        if self.program.echo:
            self.program.echo(line)

    def _bury(self) -> None:
        """The leader is dead. What it forked must not live on: it may hold the port."""
        assert self.process is not None
        code = self.process.returncode
        self.group, self.process = self.process.pid, None
        if monotonic() - self._started_at > SETTLED_SECONDS:
            self._failures = 0
        self._start_at = monotonic() + BACK_OFF[min(self._failures, len(BACK_OFF) - 1)]
        self._failures += 1
        if self.wanted:
            again = ", starting it again" if self.restart else ""
            self._note(f"{self.program.name} ended ({ending(code)}){again}.")

    def _climb(self) -> None:
        assert self.process is not None
        if self._ladder is None:
            self._ladder, self._next_step_at = iter(self.program.stop_signals), 0.0
        if monotonic() < self._next_step_at:
            return
        step = next(self._ladder, None)
        if step is None:
            signal_group(self.process.pid, signal.SIGKILL)
            self._next_step_at = monotonic() + 1
        else:
            self.process.send_signal(step[0])
            # One that was frozen can't hear anything else.
            self.process.send_signal(signal.SIGCONT)
            self._next_step_at = monotonic() + step[1]


def born(orphan_signal: signal.Signals) -> None:
    """Runs in the child just before exec, when it already is who it will be.

    A runner in the background of a script ignores SIGINT, and children would inherit that.
    The kernel forgets the parent-death signal when the user changes, hence not earlier; and
    it watches the forking *thread*, hence every fork is the keeper's.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    die_with_parent(orphan_signal)


def die_with_parent(orphan_signal: signal.Signals) -> None:
    if LIBC:
        LIBC.prctl(PR_SET_PDEATHSIG, int(orphan_signal), 0, 0, 0)


def adopt_orphans() -> None:
    """Become the parent of grandchildren whose parent died, so that they can be reaped."""
    if LIBC:
        LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def signal_group(group: int, number: signal.Signals) -> bool:
    """Whether there was still somebody to hear it."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    except PermissionError:  # macOS says so for a group of zombies
        return False
    return True


def kill_group(group: int) -> bool:
    """Kill and reap what is left of a group. False once nothing is."""
    try:
        while os.waitpid(-group, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass
    return signal_group(group, signal.SIGKILL)


def ending(code: int) -> str:
    return f"exit status {code}" if code >= 0 else signal.Signals(-code).name


def pump(process: subprocess.Popen[bytes], program: Program) -> None:
    assert process.stdout and program.echo
    with program.log.open("ab") as log:
        for line in process.stdout:
            log.write(line)
            log.flush()
            program.echo(f"{program.name:7} | {line.decode(errors='replace').rstrip()}")
