"""Ingest of the 90 corpus feeds, beside the PyPI package `reader` over the same server.

    make benchmark            (or: python -m benchmarks.ingest --rounds 3)

reader runs in an environment of its own, made on first use. Both are measured cold (nothing stored) and warm (every
feed answers 304), images off, as whole processes; newsmill's flow time leaves out what every process pays for Prefect.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.corpus import FEEDS, corpus_site, feeds_toml

PEER = Path(".venv-benchmark")
READER = """
import sys, time, json
from reader import make_reader
database, urls = sys.argv[1], sys.argv[2:]
started = time.perf_counter()
reader = make_reader(database)
for url in urls:
    reader.add_feed(url, exist_ok=True)
reader.update_feeds(workers=10)
counts = reader.get_entry_counts()
print(json.dumps({"seconds": time.perf_counter() - started, "entries": counts.total}))
"""


@dataclass(frozen=True, slots=True)
class Measured:
    wall: float
    """Seconds, the whole process."""
    job: float
    """Seconds, the job alone, as the program itself counts it."""
    entries: int
    peak_mb: float
    """Resident memory of the process and its children at the most, summed over samples."""


def peer_python() -> Path:
    python = PEER / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", PEER], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "reader>=3.26", "sgmllib3k"], check=True)
    return python


def tree_memory(pid: int) -> int:
    """Bytes of proportional memory of the process and all below it (Linux)."""
    total = 0
    waiting = [pid]
    while waiting:
        each = waiting.pop()
        try:
            for line in Path(f"/proc/{each}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
            for task in Path(f"/proc/{each}/task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
        except OSError:
            continue  # it ended meanwhile
    return total


def run(command: Sequence[str | Path], environment: Mapping[str, str]) -> tuple[float, float, str]:
    """(wall seconds, peak MB, standard output)"""
    started = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    peak = 0

    def watch() -> None:
        nonlocal peak
        while process.poll() is None:
            peak = max(peak, tree_memory(process.pid))
            time.sleep(0.1)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    output, _ = process.communicate()
    wall = time.perf_counter() - started
    watcher.join()
    if process.returncode:
        sys.exit(f"{command[0]} ended with status {process.returncode}")
    return wall, peak / 1e6, output


def measure_newsmill(folder: Path, environment: Mapping[str, str]) -> Measured:
    program = Path(sys.executable).with_name("newsmill")
    wall, peak, output = run([program, "ingest", "--no-images", "--no-publish", "--json"], environment)
    report = json.loads(output)
    return Measured(wall, report["seconds"], report["entries"], peak)


def measure_reader(folder: Path, urls: Sequence[str], environment: Mapping[str, str]) -> Measured:
    wall, peak, output = run([peer_python(), "-c", READER, folder / "reader.sqlite", *urls], environment)
    report = json.loads(output.splitlines()[-1])
    return Measured(wall, report["seconds"], report["entries"], peak)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if not FEEDS.exists():
        sys.exit(f"{FEEDS} is absent: this benchmark needs the corpus of real feeds")
    results: dict[str, list[Measured]] = {}
    with corpus_site() as site:
        for _ in range(options.rounds):
            with tempfile.TemporaryDirectory() as name:
                folder = Path(name)
                (folder / "feeds.toml").write_text(feeds_toml(site))
                environment = os.environ | {
                    "NEWSMILL_FEEDS": str(folder / "feeds.toml"),
                    "NEWSMILL_WAREHOUSE": str(folder / "newsmill.duckdb"),
                    "NEWSMILL_ALLOW_PRIVATE_ADDRESSES": "1",
                    "NEWSMILL_PER_HOST": "10",  # the corpus is one host; reader has no such limit
                }
                urls = [site.url(path) for path in site.pages]
                if not results:  # Prefect's one-time set-up apart
                    subprocess.run([Path(sys.executable).with_name("newsmill"), "server", "start"], check=True)
                results.setdefault("reader, cold", []).append(measure_reader(folder, urls, environment))
                results.setdefault("newsmill, cold", []).append(measure_newsmill(folder, environment))
                results.setdefault("reader, warm", []).append(measure_reader(folder, urls, environment))
                results.setdefault("newsmill, warm", []).append(measure_newsmill(folder, environment))
    print(f"\n90 feeds, {sum(f.stat().st_size for f in FEEDS.iterdir()) / 1e6:.0f} MB, median of {options.rounds}\n")
    print(f"{'':16}{'job s':>8}{'process s':>11}{'entries':>9}{'peak MB':>9}")
    for title, runs in results.items():
        job, wall = (statistics.median(getattr(r, n) for r in runs) for n in ("job", "wall"))
        peak = max(r.peak_mb for r in runs)
        print(f"{title:16}{job:8.2f}{wall:11.2f}{runs[0].entries:9}{peak:9.0f}")
    cold = [statistics.median(r.job for r in results[f"{who}, cold"]) for who in ("newsmill", "reader")]
    print(f"\ncold: newsmill takes {cold[0] / cold[1]:.2f} of reader's time")


if __name__ == "__main__":
    main()
