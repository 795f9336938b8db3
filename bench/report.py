"""The tables that `make bench` prints."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

from bench.exporting import Round
from bench.identities import Moved
from bench.importing import WAITING_COHORTS, Imported
from bench.members import Exported
from bench.reach import Reached
from bench.table import mebibytes, milliseconds, percentiles, rate, render


@dataclass
class Measured:
    """What each part found out, if it ran."""

    imported: Imported | None = None
    exports: list[Round] = field(default_factory=list)
    reached: Reached | None = None
    exported: Exported | None = None
    claimed: Imported | None = None
    moved: Moved | None = None
    memory: dict[str, int] = field(default_factory=dict)


def exports(rounds: Sequence[Round]) -> str:
    """A column each round, and the median of all."""
    rows = [
        ("accepted", lambda each: each.ids / each.accepting, "{:,.0f} ids/s"),
        ("end to end", lambda each: each.ids / each.end_to_end, "{:,.0f} ids/s"),
        ("COPY + join", lambda each: each.ids / each.copy_and_join, "{:,.0f} ids/s"),
        ("end to end, of COPY + join", lambda each: each.ratio, "{:.2f} times"),
        ("last 201 until applied", lambda each: each.lag * 1e3, "{:,.0f} ms"),
        ("accept p50", lambda each: percentiles(each.latencies)[0], "{:.1f} ms"),
        ("accept p95", lambda each: percentiles(each.latencies)[1], "{:.1f} ms"),
        ("accept p99", lambda each: percentiles(each.latencies)[2], "{:.1f} ms"),
    ]
    table = []
    for name, figure, text in rows:
        figures = [figure(each) for each in rounds]
        table.append([name, text.format(median(figures)), *map(text.format, figures)])
    return render(["export", "median", *(f"round {n + 1}" for n in range(len(rounds)))], table)


def cpu(rounds: Sequence[Round]) -> str:
    """CPU time of an id by process, from the first request until it was applied."""
    names = list(rounds[0].cpu)
    spent = {name: median(each.cpu[name] / each.ids * 1e6 for each in rounds) for name in names}
    busy = median(sum(each.cpu.values()) / each.end_to_end for each in rounds)
    rows = [[name, f"{spent[name]:.2f} µs"] for name in names]
    baseline = median(each.baseline_cpu / each.ids * 1e6 for each in rounds)
    rows += [
        ["all", f"{sum(spent.values()):.2f} µs"],
        ["cores busy", f"{busy:.2f}"],
        ["COPY + join, postgres", f"{baseline:.2f} µs"],
    ]
    return render(["CPU time of an id", "median"], rows)


def summary(measured: Measured) -> str:
    """All that was measured in one table."""
    rows = [
        *_imports(measured.imported, "import_users, new users"),
        *_imports(measured.claimed, f"import_users, waiting in {WAITING_COHORTS} cohorts"),
        *(_exports(measured.exports) if measured.exports else ()),
        *(_reached(measured.reached) if measured.reached else ()),
        *(_exported(measured.exported) if measured.exported else ()),
        *(_moved(measured.moved) if measured.moved else ()),
        *([f"peak memory, {name}", mebibytes(peak)] for name, peak in measured.memory.items()),
    ]
    header = ["", "figure", "p50, p95, p99", "CPU time of one", "beside it", "ratio"]
    return render(header, [[*row, *[""] * (len(header) - len(row))] for row in rows])


def _imports(imported: Imported | None, name: str) -> Iterator[list[str]]:
    if imported is None:
        return
    each = {process: spent / imported.users * 1e6 for process, spent in imported.cpu.items()}
    cpu = f"{each['postgres']:.1f} µs beside {each['command']:.1f}"
    bound = 1e6 / max(each.values())
    yield [
        f"{name}, {imported.users:,}",
        f"{rate(imported.users, imported.seconds)}, {imported.seconds:.1f} s",
        "",
        cpu,
        f"{bound:,.0f}/s, had it a core for each",
    ]
    yield [f"{name}: memory of the command", mebibytes(imported.memory)]
    yield [f"{name}: WAL", mebibytes(imported.wal)]


def _exports(rounds: Sequence[Round]) -> Iterator[list[str]]:
    accepted = median(each.ids / each.accepting for each in rounds)
    whole = median(each.ids / each.end_to_end for each in rounds)
    beside = median(each.ids / each.copy_and_join for each in rounds)
    ratio = median(each.ratio for each in rounds)
    cpu = median(sum(each.cpu.values()) / each.ids for each in rounds)
    theirs = median(each.baseline_cpu / each.ids for each in rounds)
    latencies = [seconds for each in rounds for seconds in each.latencies]
    yield [
        f"export of {rounds[0].ids:,} ids, accepted",
        f"{accepted:,.0f} ids/s",
        _spread(latencies),
    ]
    yield [
        "export, end to end",
        f"{whole:,.0f} ids/s",
        "",
        f"{cpu * 1e6:.2f} µs",
        f"COPY + join: {beside:,.0f} ids/s, {theirs * 1e6:.2f} µs",
        f"{ratio:.2f}",
    ]


def _reached(reach: Reached) -> Iterator[list[str]]:
    form, best = min(reach.sql.items(), key=lambda each: each[1])
    p50 = percentiles(reach.latencies)[0] / 1e3
    yield [
        f"exact reach over HTTP, {reach.total:,} users",
        "",
        _spread(reach.latencies),
        "",
        f"SQL, {form}: {milliseconds(best)}",
        f"{best / p50:.0f}",
    ]


def _exported(export: Exported) -> Iterator[list[str]]:
    yield [
        f"segment of {export.users:,} exported in the background",
        f"{rate(export.users, export.working)}, {export.working:.1f} s",
    ]
    yield ["segment ordered for export", milliseconds(export.ordering)]
    yield [
        f"export downloaded as gzip, {mebibytes(export.size)}",
        f"{export.downloading:.1f} s",
    ]


def _moved(moves: Moved) -> Iterator[list[str]]:
    for name, latencies in moves.latencies.items():
        what = f"{name} over HTTP, in {moves.cohorts:,} cohorts"
        yield [what, "", _spread(latencies), milliseconds(moves.cpu[name])]


def _spread(latencies: Sequence[float]) -> str:
    return "{:.1f}, {:.1f}, {:.1f} ms".format(*percentiles(latencies))
