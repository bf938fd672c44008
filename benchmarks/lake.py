"""A file compared with lakes: the time of a load, a query and a published copy, and of four writers at once.

    python -m benchmarks.lake [--articles 3000]

The same articles go into a DuckDB file, a lake in SQLite, one in PostgreSQL with its data in a folder, and one with its
data in S3 (moto's server on loopback; a real store is slower to reach). CPU time is newsmill's own, without that of
PostgreSQL and the store.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from tests.stores import PASSWORD, postgres_server, s3_server
from tests.tasks.making import NOW, Item, milled
from warehouse.load.batch import load
from warehouse.publish.copy import publish
from warehouse.records import Milled
from warehouse.store.connection import Warehouse
from warehouse.store.lake import Bucket, Lake, Location, lake_at
from warehouse.store.maintenance import Retention, compact

BATCH = 300
SMALL = 5
"""Articles in a load of an hourly ingest."""
WRITERS = 4
KEEP = Retention(*[timedelta(days=90)] * 4)
WORDS = ("harbour", "ferry", "quay", "tide", "master", "gate", "storm", "bridge", "market", "council", "school")


@dataclass(frozen=True)
class Timing:
    wall: float
    cpu: float


def measure_time(work: Callable[[], object]) -> Timing:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Timing(time.perf_counter() - wall, time.process_time() - cpu)


def batch(first: int, count: int) -> Milled:
    """Articles of about 2 kB, each different."""
    items = []
    for number in range(first, first + count):
        text = " ".join(WORDS[(number * 7 + word * word) % len(WORDS)] for word in range(330))
        address = f"https://quay.example/{number}"
        items.append(Item(f"Notice {number}", f"<p>{number}: {text}</p>", address, address))
    return milled(*items, at=NOW + timedelta(seconds=first))


def fill(store: Warehouse, batches: Sequence[Milled]) -> None:
    for number, milled_document in enumerate(batches):
        with store.writing() as connection:
            load(connection, [milled_document], run_id=f"run{number}")


def query(store: Warehouse, sql: str) -> Callable[[], object]:
    def execute() -> object:
        with store.reading() as connection:
            return connection.execute(sql).fetchall()

    return execute


WRITER = """
import pickle, sys
from benchmarks.lake import batch, fill
from warehouse.store.connection import Warehouse
location, number = pickle.load(sys.stdin.buffer)
batches = [batch(1_000_000 * (1 + number) + 100 * part, 100) for part in range(2)]
print("ready", flush=True)
sys.stdin.read()
fill(Warehouse(location, 600), batches)
"""


def time_parallel_writes(location: Location) -> float:
    """Seconds that four processes take for 800 articles in eight loads."""
    import pickle

    processes = []
    for number in range(WRITERS):
        process = subprocess.Popen([sys.executable, "-c", WRITER], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdin
        assert process.stdout
        process.stdin.write(pickle.dumps((location, number)))
        process.stdin.flush()
        processes.append(process)
    for process in processes:
        assert process.stdout
        process.stdout.readline()
    started = time.perf_counter()
    for process in processes:
        assert process.stdin
        process.stdin.close()
    assert [process.wait() for process in processes] == [0] * WRITERS
    return time.perf_counter() - started


def measure(location: Location, articles: int, folder: Path) -> dict[str, str]:
    store = Warehouse(location)
    large = [batch(first, BATCH) for first in range(0, articles, BATCH)]
    small = [batch(500_000 + SMALL * number, SMALL) for number in range(10)]
    with store.writing():
        pass  # creates the warehouse
    large_loads, small_loads = measure_time(lambda: fill(store, large)), measure_time(lambda: fill(store, small))
    daily_volume = measure_time(query(store, "FROM marts.daily_volume"))
    term_trend = measure_time(query(store, "FROM term_trend('ferry', 'week')"))
    publishing = measure_time(lambda: publish(store, folder / "news.duckdb"))
    parallel = time_parallel_writes(location)
    started = time.perf_counter()
    compacted = compact(store, KEEP, NOW + timedelta(days=300))
    compaction = time.perf_counter() - started
    return {
        f"load of {BATCH}, s": f"{large_loads.wall / len(large):.2f}",
        "CPU s": f"{large_loads.cpu / len(large):.2f}",
        f"load of {SMALL}, s": f"{small_loads.wall / len(small):.2f}",
        "CPU s of that": f"{small_loads.cpu / len(small):.2f}",
        "daily_volume, s": f"{daily_volume.wall:.2f}",
        "term_trend, s": f"{term_trend.wall:.2f}",
        "publish, s": f"{publishing.wall:.2f}",
        "4 writers, articles/s": f"{800 / parallel:.0f}",
        "compaction, s": f"{compaction:.1f}",
        "files before": str(compacted.before.files),
        "files after": str(compacted.after.files),
        "MB after": f"{compacted.after.bytes / 1e6:.1f}",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=3000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, postgres_server() as postgres, s3_server() as store:
        folder = Path(name)
        store.make_bucket("quay")

        def in_postgres(data: str) -> Lake:
            bucket = Bucket(store.endpoint, key="sesame", secret="open", tls=False)
            return lake_at(f"ducklake:postgres:{postgres.conninfo()}", data=data, bucket=bucket, password=PASSWORD)

        locations: dict[str, Location] = {
            "file": folder / "newsmill.duckdb",
            "SQLite": lake_at(f"ducklake:sqlite:{folder / 'c.sqlite'}", data=None, bucket=Bucket(), password=None),
            "PostgreSQL": in_postgres(str(folder / "data")),
            "PostgreSQL, S3": in_postgres("s3://quay/lake"),
        }
        rows = {}
        for title, location in locations.items():
            rows[title] = measure(location, options.articles, folder)
            print(f"{title}: {rows[title]}", file=sys.stderr, flush=True)
    print(f"| | {' | '.join(rows)} |")
    print("| --- |" + " ---: |" * len(rows))
    for line in next(iter(rows.values())):
        print(f"| {line} | {' | '.join(row[line] for row in rows.values())} |")


if __name__ == "__main__":
    main()
