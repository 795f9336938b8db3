"""Where a local instance lives, and the secrets that it makes for itself.

Only the standard library, and nothing on disk until a property asks for it: the settings
import this for every command, also in production, where the environment has it all.
"""

import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

CHECKOUT = Path(__file__).resolve().parents[2]

# Whole path of a socket that the kernels we run on take (108 and 104 bytes with the final
# zero). PostgreSQL's file is `.s.PGSQL.5432`.
SOCKET_PATH_BYTES = 103
SOCKET_NAME = ".s.PGSQL.5432"

# Where servers keep their files when the home belongs to root, as whom PostgreSQL won't run.
SYSTEM_ROOT = Path("/var/lib/quayside")

# Redis listens on loopback with a password, because no URL of a Unix socket is understood
# by redis-py and Celery alike. These ports lie below those that kernels hand out.
PORTS = range(20_000, 32_000)


class Home:
    """One folder, mode 700, that holds what makes an instance itself."""

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().absolute()

    @cached_property
    def folder(self) -> Path:
        """The home, made and closed to others."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.path.stat().st_mode & 0o077:
            self.path.chmod(0o700)
        return self.path

    @cached_property
    def _secrets(self) -> dict[str, Any]:
        return read_or_make(self.folder / "secrets.json", new_secrets)

    @property
    def secret_key(self) -> str:
        return str(self._secrets["secret_key"])

    @property
    def peppers(self) -> dict[int, str]:
        return {int(number): str(value) for number, value in self._secrets["peppers"].items()}

    @property
    def redis_password(self) -> str:
        return str(self._secrets["redis_password"])

    @property
    def belongs_to_root(self) -> bool:
        return self.folder.stat().st_uid == 0

    @property
    def data(self) -> Path:
        """Where PostgreSQL keeps its files: inside the home, unless root owns that.

        Named by an id that a home makes once, so that a home that was removed and made
        again starts empty instead of finding keys that its new peppers can't read.
        """
        if self.belongs_to_root:
            return SYSTEM_ROOT / str(self._secrets["instance"])
        return self.folder

    @property
    def socket_folder(self) -> Path:
        folder = self.data / "run"
        if len(os.fsencode(folder / SOCKET_NAME)) <= SOCKET_PATH_BYTES:
            return folder
        return Path(tempfile.gettempdir()) / f"quayside-{self._secrets['instance']}"

    @property
    def log(self) -> Path:
        folder = self.folder / "log"
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    @property
    def mail(self) -> Path:
        """Where messages are written that no server takes; made when there is one."""
        return self.path / "mail"

    def new_metrics(self) -> Path:
        """Where the processes of a run count together, emptied of what the last run counted."""
        folder = self.folder / "metrics"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        return folder

    @property
    def database_url(self) -> str:
        """The form that libpq, and so psql, understands as well as django-environ."""
        return f"postgres://quayside@:5432/quayside?host={quote(str(self.socket_folder))}"

    @property
    def redis_url(self) -> str:
        return f"redis://:{self.redis_password}@127.0.0.1:{self.redis_port}/0"

    @property
    def redis_port(self) -> int:
        """Kept from run to run; `move_redis` changes it when another program has taken it."""
        return int(read_or_make(self.folder / "redis.json", lambda: {"port": draw_port()})["port"])

    def move_redis(self, port: int) -> None:
        replace(self.folder / "redis.json", {"port": port})

    @property
    def state(self) -> dict[str, Any]:
        """What the runner last wrote: `state`, its `pid`, the `url`. Empty before the first."""
        try:
            return dict(json.loads((self.folder / "state.json").read_text()))
        except FileNotFoundError:
            return {}

    def remove(self) -> None:
        """Delete all of it, also what lies outside the folder."""
        for folder in (self.data, self.socket_folder, self.folder):
            shutil.rmtree(folder, ignore_errors=True)

    def write_state(self, **state: Any) -> None:
        replace(self.folder / "state.json", state)


def local_home(environment: Mapping[str, str] = os.environ) -> Home:
    """The home that the environment names, else `.local` in the checkout."""
    return Home(Path(environment.get("QUAYSIDE_HOME") or CHECKOUT / ".local"))


def new_secrets() -> dict[str, Any]:
    return {
        "instance": secrets.token_hex(6),
        "secret_key": secrets.token_urlsafe(50),
        "peppers": {"1": secrets.token_hex(32)},
        "redis_password": secrets.token_hex(20),
    }


def draw_port() -> int:
    return secrets.choice(PORTS)


def read_or_make(path: Path, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What the file says. Made if it isn't there, and then the same for all who race for it."""
    if not path.exists():
        draft = write_draft(path, make())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return dict(json.loads(path.read_text()))


def replace(path: Path, content: Mapping[str, Any]) -> None:
    write_draft(path, content).replace(path)


def write_draft(path: Path, content: Mapping[str, Any]) -> Path:
    """A complete file of mode 600 beside `path`, on disk before anybody can see it.

    Root hands it to the folder's owner, so that one `sudo` doesn't lock them out.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        owner = path.parent.stat()
        if os.geteuid() == 0 and owner.st_uid:
            os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    return draft
