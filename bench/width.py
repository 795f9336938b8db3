"""How wide should a block be? `python -m bench.width` measures 2^14 to 2^20.

Three jobs pull in different directions. Reach reads every block of its cohorts, so fewer
and wider is better; apply and merge write whole blocks, so narrower is cheaper. Cohorts
hold a random tenth of the users, at which density a roaring container is a full 8 KiB.
Tables are made in a schema of their own in a PostgreSQL of their own, gone at the end.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from time import perf_counter

import psycopg
from pyroaring import BitMap64

from bench.servers import private_instance
from bench.table import mebibytes, milliseconds, rate, render, say

WIDTHS = (14, 16, 18, 20)
POPULATIONS = (1_000_000, 10_000_000)
DENSITY = 10  # one user in ten is in a cohort
KNOWN, SMALLEST_COHORT = 0, 1
MERGE_COHORTS = 2_000
MERGE_BATCH = 200
REACH_REPEATS, APPLY_REPEATS, MERGE_REPEATS = 40, 9, 3

TABLES = """
DROP SCHEMA IF EXISTS width CASCADE;
CREATE SCHEMA width;
CREATE TABLE width.block (
    cohort_id bigint, number bigint, members bytea, PRIMARY KEY (cohort_id, number));
ALTER TABLE width.block ALTER COLUMN members SET STORAGE EXTERNAL;
"""
STORE = """
INSERT INTO width.block (cohort_id, number, members)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bytea[])
ON CONFLICT (cohort_id, number) DO UPDATE SET members = excluded.members
"""


class Scratch:
    """Cohorts of random members, in blocks of 2^`bits`."""

    def __init__(self, connection: psycopg.Connection, bits: int) -> None:
        self.connection, self.bits, self.size = connection, bits, 1 << bits
        connection.execute(TABLES)

    def cut(self, members: BitMap64, number: int) -> BitMap64:
        start = number << self.bits
        return (members & BitMap64(range(start, start + self.size))).shift(-start)

    def numbers(self, population: int) -> range:
        return range((population - 1 >> self.bits) + 1)

    def store(self, rows: list[tuple[int, int, BitMap64]]) -> None:
        columns = list(zip(*rows, strict=True))
        columns[2] = [members.serialize() for members in columns[2]]
        with self.connection.cursor() as cursor:
            cursor.execute(STORE, [list(column) for column in columns])

    def load(self, cohorts: list[int], numbers: list[int]) -> dict[tuple[int, int], BitMap64]:
        with self.connection.cursor(binary=True) as cursor:
            cursor.execute(
                "SELECT cohort_id, number, members FROM width.block"
                " WHERE cohort_id = ANY(%s) AND number = ANY(%s)",
                [cohorts, numbers],
            )
            return {
                (cohort, number): BitMap64.deserialize(members)
                for cohort, number, members in cursor
            }

    def fill(self, population: int, cohorts: int) -> None:
        """`known` and that many cohorts over a population, vacuumed."""
        self.connection.execute("TRUNCATE width.block")
        everyone = BitMap64(range(population))
        drawn = [some_of(population, population // DENSITY) for _ in range(cohorts)]
        for cohort, members in enumerate([everyone, *drawn]):
            members.run_optimize()
            self.store([(cohort, n, self.cut(members, n)) for n in self.numbers(population)])
        self.connection.execute("VACUUM (ANALYZE) width.block")
        self.connection.execute("CHECKPOINT")

    @contextmanager
    def measured(self) -> Iterator[list[float]]:
        """Seconds and bytes of WAL of what happens inside."""
        figures: list[float] = []
        before, start = self.wal(), perf_counter()
        yield figures
        figures += [perf_counter() - start, self.wal() - before]

    def wal(self) -> int:
        row = self.connection.execute(
            "SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint"
        ).fetchone()
        assert row
        return int(row[0])


def some_of(population: int, count: int) -> BitMap64:
    return BitMap64(random.sample(range(population), count))


def reach(scratch: Scratch, population: int) -> float:
    """Seconds to read, deserialise and count `(c1 or c2) and c3 and not c4` among `known`."""
    numbers = list(scratch.numbers(population))

    def once() -> int:
        found = scratch.load([KNOWN, 1, 2, 3, 4], numbers)
        total = 0
        for n in numbers:
            first, second, third, fourth = (found[cohort, n] for cohort in (1, 2, 3, 4))
            total += len(((first | second) & third & found[KNOWN, n]) - fourth)
        return total

    return min(seconds(once) for _ in range(REACH_REPEATS))


def seconds(job: Callable[[], object]) -> float:
    start = perf_counter()
    job()
    return perf_counter() - start


def best(figures: list[list[float]]) -> tuple[float, float]:
    """The shortest time, because noise only adds, and the median of the WAL."""
    return min(taken for taken, _ in figures), median(wal for _, wal in figures)


def apply(scratch: Scratch, population: int, count: int) -> tuple[float, float]:
    """Seconds and WAL to read the touched blocks, add `count` random ids, and write them back."""
    figures = []
    for _ in range(APPLY_REPEATS):
        changes = some_of(population, count)
        with scratch.measured() as taken, scratch.connection.transaction():
            touched = sorted({profile >> scratch.bits for profile in changes})
            blocks = scratch.load([SMALLEST_COHORT], touched)
            rows = []
            for n in touched:
                members = blocks[SMALLEST_COHORT, n] ^ scratch.cut(changes, n)
                members.run_optimize()
                rows.append((SMALLEST_COHORT, n, members))
            scratch.store(rows)
        figures.append(taken)
    return best(figures)


def merge(scratch: Scratch) -> tuple[float, float]:
    """Seconds and WAL to move one user's bit to another user in 2,000 cohorts.

    The two users are in different blocks, as an old and a new one are.
    """
    source, target = 5, 7
    size = scratch.size
    templates = [some_of(size, size // DENSITY) for _ in range(8)]
    figures = []
    for _ in range(MERGE_REPEATS):
        scratch.connection.execute("TRUNCATE width.block")
        for start in range(0, MERGE_COHORTS, MERGE_BATCH):
            rows = []
            for cohort in range(start, start + MERGE_BATCH):
                rows.append((cohort, 0, templates[cohort % 8] | BitMap64([source])))
                rows.append((cohort, 1, templates[cohort % 7] - BitMap64([target])))
            scratch.store(rows)
        scratch.connection.execute("VACUUM (ANALYZE) width.block")
        scratch.connection.execute("CHECKPOINT")
        with scratch.measured() as taken, scratch.connection.transaction():
            for start in range(0, MERGE_COHORTS, MERGE_BATCH):
                _move(scratch, range(start, start + MERGE_BATCH), source, target)
        figures.append(taken)
    return best(figures)


def _move(scratch: Scratch, cohorts: range, source: int, target: int) -> None:
    rows = []
    for (cohort, number), members in scratch.load(list(cohorts), [0, 1]).items():
        if number == 0:
            members.discard(source)
        else:
            members.add(target)
        rows.append((cohort, number, members))
    scratch.store(rows)


def main() -> None:
    random.seed(1)
    with private_instance(children=()) as instance:
        connection = instance.connect()
        row = connection.execute("SHOW server_version").fetchone()
        say(f"PostgreSQL {row[0] if row else '?'}, bytea STORAGE EXTERNAL.")
        say("Best times, and the WAL of what was written.\n")
        try:
            say(render(*table(connection)))
        finally:
            connection.execute("DROP SCHEMA IF EXISTS width CASCADE")


def table(connection: psycopg.Connection) -> tuple[list[str], list[list[str]]]:
    columns = [measure(Scratch(connection, bits)) for bits in WIDTHS]
    rows = [[job, *(column[job] for column in columns)] for job in columns[0]]
    return ["", *(f"2^{bits}" for bits in WIDTHS)], rows


def measure(scratch: Scratch) -> dict[str, str]:
    """What each job took, by its name."""
    figures = {}
    for population in POPULATIONS:
        users = f"{population // 1_000_000} M users"
        scratch.fill(population, 4)
        figures[f"reach, {users}"] = milliseconds(reach(scratch, population))
        for count in (100_000, 1_000):
            taken, wal = apply(scratch, population, count)
            figures[f"apply {count:,} ids, {users}"] = f"{rate(count, taken)}, {mebibytes(wal)}"
    taken, wal = merge(scratch)
    job = f"merge in {MERGE_COHORTS:,} cohorts"
    figures[job] = f"{milliseconds(taken)}, {mebibytes(wal)}"
    return figures


if __name__ == "__main__":
    main()
