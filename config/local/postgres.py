"""The local PostgreSQL: its files, its settings, and what a crash left behind."""

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import psycopg
from psycopg import sql

from config.local.account import Account, CannotStart, make_system_root, server_tree
from config.local.home import SOCKET_NAME, Home

SETTINGS = {
    # Only a Unix socket in a closed folder: no port to clash, no password to keep.
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "maintenance_work_mem": "128MB",
    "synchronous_commit": "on",
    # Room enough that a bulk load isn't one checkpoint after another.
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    # Disks without a head, and queries too short to be worth compiling.
    "random_page_cost": "1.1",
    "jit": "off",
    # Payloads and keys travel as parameters, and stay out of the log.
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_line_prefix": "%m [%p] ",
    "log_timezone": "UTC",
    "timezone": "UTC",
}
# For databases that live as long as a test run.
FORGETFUL = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


class Postgres:
    def __init__(
        self,
        home: Home,
        account: Account,
        settings: Mapping[str, str],
        say: Callable[[str], None],
    ) -> None:
        self.home, self.account, self.settings, self._say = home, account, settings, say
        self.tree = server_tree(account, say)
        self.data = home.data / "postgres"

    def command(self) -> list[str]:
        settings = SETTINGS | {"unix_socket_directories": f'"{self.home.socket_folder}"'}
        options = [f"--{name}={value}" for name, value in (settings | dict(self.settings)).items()]
        return [str(self.tree / "bin" / "postgres"), "-D", str(self.data), *options]

    def make(self) -> None:
        """Make the data folder, once: a half-made one never gets the name."""
        if self.home.data != self.home.folder:
            make_system_root()
            self._own(self.home.data)
        self._own(self.home.socket_folder)
        if not self.data.exists():
            self._say(f"Making a PostgreSQL database in {self.data}.")
            self._initdb()
        self._let_in()

    def _own(self, folder: Path) -> None:
        """A folder of mode 700 that is the server's. One of somebody else's is refused."""
        if not folder.exists():
            folder.mkdir(mode=0o700)
            if self.account.credentials:
                os.chown(folder, self.account.uid, self.account.gid)
        status = folder.lstat()
        if folder.is_symlink() or status.st_uid != self.account.uid:
            raise CannotStart(f"{folder} should belong to {self.account.name}; remove it.")
        if status.st_mode & 0o077:
            folder.chmod(0o700)

    def _initdb(self) -> None:
        draft = self.data.with_name("postgres.new")
        command = [str(self.tree / "bin" / "initdb"), "-D", str(draft), "-U", "quayside"]
        command += ["--encoding=UTF8", "--auth-local=peer", "--auth-host=reject"]
        # The server's own locale, so that sorting is the same on every machine.
        command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command += ["--no-sync"] if self.settings.get("fsync") == "off" else []
        if draft.exists():
            shutil.rmtree(draft)
        made = subprocess.run(
            command,
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd="/",
            env={"PATH": os.defpath, "TZ": "UTC"},
            **self.account.credentials,
        )
        if made.returncode:
            raise CannotStart(f"PostgreSQL's initdb failed:\n{made.stdout}{made.stderr}".rstrip())
        draft.rename(self.data)

    def _let_in(self) -> None:
        """Whoever runs the server or the runner may connect, and the kernel vouches for them."""
        users = {self.account.name, pwd.getpwuid(os.geteuid()).pw_name}
        lines = [f'local "{user}" quayside\n' for user in sorted(users)]
        self._write("pg_ident.conf", "".join(lines))
        self._write("pg_hba.conf", "local all quayside peer map=local\n")

    def _write(self, name: str, text: str) -> None:
        path = self.data / name
        path.unlink(missing_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            if self.account.credentials:
                os.fchown(file.fileno(), self.account.uid, self.account.gid)
            file.write(text)

    def clear(self) -> bool:
        """Whether the data is free to be served. Ends an orphaned server, drops stale locks.

        PostgreSQL itself gives up when the number in `postmaster.pid` is any living process,
        which after a crash may be somebody else. We hold the home's lock, and know a server
        of ours by its working folder.
        """
        lock = self.data / "postmaster.pid"
        pid = first_number(lock)
        if pid is None:
            return True
        servers = processes_in(self.data)
        if servers is None:  # no /proc: PostgreSQL decides
            return True
        if servers:
            if pid in servers:
                os.kill(pid, signal.SIGQUIT)
            return False
        lock.unlink(missing_ok=True)
        (self.home.socket_folder / f"{SOCKET_NAME}.lock").unlink(missing_ok=True)
        return True

    def connect(self, database: str = "quayside") -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.home.socket_folder),
            port=5432,
            user="quayside",
            dbname=database,
            connect_timeout=2,
            autocommit=True,
        )

    def ready(self) -> bool:
        """Whether it answers and has our database, which the first call makes."""
        try:
            with self.connect("postgres") as connection:
                query = "SELECT 1 FROM pg_database WHERE datname = 'quayside'"
                if connection.execute(query).fetchone() is None:
                    name = sql.Identifier("quayside")
                    connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
        except psycopg.OperationalError:
            return False
        return True


def first_number(path: Path) -> int | None:
    try:
        return int(path.read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None


def processes_in(folder: Path) -> set[int] | None:
    """Ids of the processes whose working folder this is; None where there is no /proc."""
    if not Path("/proc/self/cwd").exists():
        return None
    target, found = os.path.realpath(folder), set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if os.readlink(entry / "cwd") == target:
                    found.add(int(entry.name))
            except OSError:
                continue
    return found
