"""What a process and all it forked cost: CPU seconds and memory, read from /proc."""

import os
import threading
from pathlib import Path
from typing import Self

SAMPLE_SECONDS = 0.5
TICKS = os.sysconf("SC_CLK_TCK")


def tree(root: int) -> list[int]:
    """`root` and everything below it."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            parents[int(entry.name)] = int(fields[1])
    found, grew = {root}, True
    while grew:
        below = {pid for pid, parent in parents.items() if parent in found} - found
        found |= below
        grew = bool(below)
    return sorted(found)


def cpu_seconds(root: int) -> float:
    """CPU time that the tree has used so far, that of children already reaped included."""
    ticks = 0
    for pid in tree(root):
        if fields := _stat(pid):
            ticks += sum(int(field) for field in fields[11:15])
    return ticks / TICKS


def memory(root: int) -> int:
    """Bytes that the tree takes up, pages it shares counted by share (PSS)."""
    return sum(_pss(pid) for pid in tree(root))


class PeakMemory(threading.Thread):
    """Samples some trees until left; `peaks` has the most bytes of each by name."""

    def __init__(self, roots: dict[str, int]) -> None:
        super().__init__(daemon=True)
        self.peaks = dict.fromkeys(roots, 0)
        self._roots, self._left = roots, threading.Event()

    def run(self) -> None:
        while not self._left.wait(SAMPLE_SECONDS):
            self.sample()

    def sample(self) -> None:
        for name, root in list(self._roots.items()):
            self.peaks[name] = max(self.peaks[name], memory(root))

    def follow(self, name: str, root: int) -> None:
        """The tree of that name has another root from now on."""
        self._roots[name] = root

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._left.set()
        self.join()
        self.sample()


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/<pid>/stat after the name, which may itself hold blanks."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
