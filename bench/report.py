"""The tables that `make bench` prints."""

from collections.abc import Sequence
from statistics import median

from bench.exporting import Round
from bench.identities import Moved
from bench.reach import Reached
from bench.table import mebibytes, milliseconds, percentiles, rate, render


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


def reached(reach: Reached) -> str:
    p50, p95, p99 = percentiles(reach.latencies)
    best = min(reach.sql.values())
    rows = [
        ["over HTTP, p50", f"{p50:.1f} ms"],
        ["over HTTP, p95", f"{p95:.1f} ms"],
        ["over HTTP, p99", f"{p99:.1f} ms"],
        *([f"SQL, {form}", milliseconds(seconds)] for form, seconds in reach.sql.items()),
        ["the faster SQL, of HTTP p50", f"{best * 1e3 / p50:.0f} times"],
    ]
    return render([f"exact reach: {reach.total:,}", ""], rows)


def moved(moves: Moved) -> str:
    rows = []
    for name, latencies in moves.latencies.items():
        p50, p95, p99 = percentiles(latencies)
        rows.append([f"{name}, p50, p95, p99", f"{p50:.1f}, {p95:.1f}, {p99:.1f} ms"])
    claimed = f"{moves.claimed:,} users claimed in one import"
    rows.append([claimed, f"{moves.claiming:.1f} s, {rate(moves.claimed, moves.claiming)}"])
    return render([f"one user in {moves.cohorts:,} cohorts", ""], rows)


def memory(peaks: dict[str, int]) -> str:
    rows = [[name, mebibytes(peak)] for name, peak in peaks.items()]
    return render(["peak memory (PSS of all its processes)", ""], rows)
