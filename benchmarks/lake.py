"""A file and a lake side by side: what a load, a query and a published copy take, and four writers at once.

    python -m benchmarks.lake [--articles 3000]

The same articles go into a DuckDB file, a lake in SQLite, one in PostgreSQL with its data in a folder, and one with its
data in S3 (moto's server, on loopback: real ones are further away). CPU time is newsmill's own, PostgreSQL's and the
store's left out.
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
from warehouse.store.lake import Bucket, Lake, Place, lake_at
from warehouse.store.maintenance import Retention, compact

BATCH = 300
SMALL = 5
"""Articles of a load that an hourly ingest does."""
WRITERS = 4
KEEP = Retention(*[timedelta(days=90)] * 4)
WORDS = ("harbour", "ferry", "quay", "tide", "master", "gate", "storm", "bridge", "market", "council", "school")


@dataclass(frozen=True)
class Took:
    wall: float
    cpu: float


def taking(work: Callable[[], object]) -> Took:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Took(time.perf_counter() - wall, time.process_time() - cpu)


def batch(first: int, count: int) -> Milled:
    """Articles of about 2 kB, each different."""
    items = []
    for number in range(first, first + count):
        said = " ".join(WORDS[(number * 7 + word * word) % len(WORDS)] for word in range(330))
        address = f"https://quay.example/{number}"
        items.append(Item(f"Notice {number}", f"<p>{number}: {said}</p>", address, address))
    return milled(*items, at=NOW + timedelta(seconds=first))


def fill(store: Warehouse, batches: Sequence[Milled]) -> None:
    for number, each in enumerate(batches):
        with store.writing() as connection:
            load(connection, [each], run_id=f"run{number}")


def ask(store: Warehouse, sql: str) -> Callable[[], object]:
    def asking() -> object:
        with store.reading() as connection:
            return connection.execute(sql).fetchall()

    return asking


WRITER = """
import pickle, sys
from benchmarks.lake import batch, fill
from warehouse.store.connection import Warehouse
place, number = pickle.load(sys.stdin.buffer)
batches = [batch(1_000_000 * (1 + number) + 100 * each, 100) for each in range(2)]
print("ready", flush=True)
sys.stdin.read()
fill(Warehouse(place, 600), batches)
"""


def together(place: Place) -> float:
    """Seconds that four processes take for 800 articles in eight loads."""
    import pickle

    processes = []
    for number in range(WRITERS):
        process = subprocess.Popen([sys.executable, "-c", WRITER], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdin
        assert process.stdout
        process.stdin.write(pickle.dumps((place, number)))
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


def measure(place: Place, articles: int, folder: Path) -> dict[str, str]:
    store = Warehouse(place)
    large = [batch(first, BATCH) for first in range(0, articles, BATCH)]
    small = [batch(500_000 + SMALL * number, SMALL) for number in range(10)]
    with store.writing():
        pass  # made
    loads, hourly = taking(lambda: fill(store, large)), taking(lambda: fill(store, small))
    counted = taking(ask(store, "FROM marts.daily_volume"))
    searched = taking(ask(store, "FROM term_trend('ferry', 'week')"))
    shut = taking(lambda: publish(store, folder / "news.duckdb"))
    four = together(place)
    compacting = time.perf_counter()
    compacted = compact(store, KEEP, NOW + timedelta(days=300))
    compacting = time.perf_counter() - compacting
    return {
        f"load of {BATCH}, s": f"{loads.wall / len(large):.2f}",
        "CPU s": f"{loads.cpu / len(large):.2f}",
        f"load of {SMALL}, s": f"{hourly.wall / len(small):.2f}",
        "CPU s of that": f"{hourly.cpu / len(small):.2f}",
        "daily_volume, s": f"{counted.wall:.2f}",
        "term_trend, s": f"{searched.wall:.2f}",
        "publish, s": f"{shut.wall:.2f}",
        "4 writers, articles/s": f"{800 / four:.0f}",
        "compaction, s": f"{compacting:.1f}",
        "files before": str(compacted.before.files),
        "files after": str(compacted.after.files),
        "MB after": f"{compacted.after.bytes / 1e6:.1f}",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=3000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, postgres_server() as postgres, s3_server() as store:
        folder = Path(name)
        store.make_bucket("quay")

        def in_postgres(data: str) -> Lake:
            bucket = Bucket(store.endpoint, key="sesame", secret="open", tls=False)
            return lake_at(f"ducklake:postgres:{postgres.conninfo()}", data=data, bucket=bucket, password=PASSWORD)

        places: dict[str, Place] = {
            "file": folder / "newsmill.duckdb",
            "SQLite": lake_at(f"ducklake:sqlite:{folder / 'c.sqlite'}", data=None, bucket=Bucket(), password=None),
            "PostgreSQL": in_postgres(str(folder / "data")),
            "PostgreSQL, S3": in_postgres("s3://quay/lake"),
        }
        rows = {}
        for title, place in places.items():
            rows[title] = measure(place, asked.articles, folder)
            print(f"{title}: {rows[title]}", file=sys.stderr, flush=True)
    print(f"| | {' | '.join(rows)} |")
    print("| --- |" + " ---: |" * len(rows))
    for line in next(iter(rows.values())):
        print(f"| {line} | {' | '.join(row[line] for row in rows.values())} |")


if __name__ == "__main__":
    main()
