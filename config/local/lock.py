"""One runner a home. The kernel drops the lock with its holder, however that ended."""

import fcntl
import os

from config.local.account import CannotStart
from config.local.home import Home


class Lock:
    def __init__(self, home: Home) -> None:
        self._home = home
        self._file: int | None = None

    def take(self) -> None:
        file = os.open(self._home.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            state = self._home.state
            where = f" (process {state['pid']}, {state['url']})" if state else ""
            raise CannotStart(
                f"Quayside is already running on {self._home.path}{where}:"
                " stop that one first, or set QUAYSIDE_HOME to another folder."
            ) from None
        self._file = file

    @property
    def held(self) -> bool:
        return self._file is not None

    def give_back(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
