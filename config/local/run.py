"""`make run`: an instance in the foreground, until Ctrl-C or SIGTERM."""

import argparse
import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from types import FrameType

import environ

from config.local.account import CannotStart
from config.local.home import CHECKOUT, local_home
from config.local.instance import Instance, Interrupted
from config.local.programs import Size

TERMINAL = threading.Lock()


def main() -> str | None:
    """What went wrong, for people; nothing when it was stopped as it should be."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument(
        "--under-make", action="store_true", help="stop when make, our parent, is stopped"
    )
    under_make = arguments.parse_args().under_make
    instance = make_instance(environ.Env())
    listen_for_signals(instance)
    if under_make:
        threading.Thread(target=watch, args=(os.getppid(), instance), daemon=True).start()
    try:
        instance.start()
        greet(instance, load_demo(instance))
        while not instance.interrupted.wait(1):
            pass
    except Interrupted:
        pass
    except CannotStart as reason:
        return str(reason)
    except PermissionError as error:
        return f"{error.filename} belongs to somebody else: {error.strerror}."
    say("Stopping.")
    instance.stop()
    say("Stopped.")
    return None


def make_instance(env: environ.Env) -> Instance:
    return Instance(
        local_home(),
        host=env.str("HOST", default="127.0.0.1"),
        port=env.int("PORT", default=8000),
        size=Size(
            web_workers=env.int("WEB_WORKERS", default=Size.web_workers),
            web_threads=env.int("WEB_THREADS", default=Size.web_threads),
            worker_processes=env.int("WORKER_PROCESSES", default=Size.worker_processes),
        ),
        database_url=env.str("DATABASE_URL", default=""),
        redis_url=env.str("REDIS_URL", default=""),
        say=say,
        echo=say,
    )


def listen_for_signals(instance: Instance) -> None:
    """The first asks to stop, the second to stop waiting for anybody.

    Set even where we were started ignoring them, as a script's background jobs are. Only a
    hang-up that somebody had us ignore stays ignored: that is what `nohup` is for.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        if instance.interrupted.is_set():
            instance.hurry.set()
        instance.interrupted.set()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, stop)


def watch(make: int, instance: Instance) -> None:
    """Stop when make was killed, or got an interrupt that it alone heard.

    Interrupted, it waits for us without a word: a terminal's Ctrl-C goes to all, but a
    signal sent to its process doesn't.
    """
    while not instance.interrupted.wait(0.3):
        if os.getppid() != make or interrupted(make):
            instance.interrupted.set()


def interrupted(make: int) -> bool:
    """Whether it has put SIGINT back to its default, as make does on the first one."""
    try:
        status = Path(f"/proc/{make}/status").read_text()
    except OSError:
        return False
    fields = dict(line.split(":", 1) for line in status.splitlines())
    heeded = int(fields["SigCgt"], 16) | int(fields["SigIgn"], 16)
    return not heeded & 1 << signal.SIGINT - 1


def load_demo(instance: Instance) -> str:
    """What the command says about the demo workspace: how to log in."""
    if not any(CHECKOUT.glob("*/management/commands/load_demo.py")):
        return ""
    say("Loading the demo workspace.")
    return instance.manage("load_demo").strip()


def greet(instance: Instance, login: str) -> None:
    lines = [
        f"Quayside is at {instance.url}/",
        *login.splitlines(),
        f"Logs: {instance.home.log}",
        "Ctrl-C stops everything.",
    ]
    say("\n".join(["", *(f"  {line}" for line in lines), ""]))


def say(line: str) -> None:
    """Print it whole. A terminal that has gone is no reason to stop working."""
    with suppress(OSError), TERMINAL:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
