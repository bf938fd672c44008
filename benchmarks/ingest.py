"""Ingesting the 90 corpus feeds, compared with the PyPI package `reader` on the same server.

    make benchmark            (or: python -m benchmarks.ingest --rounds 3)

Each runs in its own environment, created on first use. newsmill's has only what `pip install` installs, without the
packages for the tests: DuckDB imports pandas if it is installed, which takes 0.4 s of every run. Both are measured cold
(nothing stored) and warm (every feed answers 304), without images, as whole processes. newsmill's own time leaves out
importing Prefect and connecting to its server.
Memory is measured in a separate round, because each query of it stops a large process for 20 ms.
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
OURS = Path(".venv-benchmark-newsmill")
LOCK = Path("requirements.lock")
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
class Measurement:
    wall: float
    """Seconds of the whole process."""
    job: float
    """Seconds of the job alone, as the program itself measures them."""
    entries: int
    peak_mb: float
    """Highest memory of the process and its children together; 0 if it was not measured."""


def peer_python() -> Path:
    python = PEER / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", PEER], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "reader>=3.26", "sgmllib3k"], check=True)
    return python


PAUSE = 25.0
"""Seconds to wait after a run: Prefect's server stores its events up to 20 s later, which would slow the next run."""


def our_program() -> Path:
    """newsmill installed as for a user: this tree and its locked dependencies, without those of the tests."""
    program = OURS / "bin" / "newsmill"
    if not program.exists() or program.stat().st_mtime < LOCK.stat().st_mtime:
        subprocess.run([sys.executable, "-m", "venv", OURS], check=True)
        install: list[str | Path] = [OURS / "bin" / "python", "-m", "pip", "install", "--quiet"]
        subprocess.run([*install, "--require-hashes", "-r", LOCK], check=True)
        subprocess.run([*install, "--no-deps", "--no-build-isolation", "-e", "."], check=True)
    return program.absolute()


def tree_memory(pid: int) -> int:
    """Proportional memory (PSS) of the process and its descendants, in bytes (Linux)."""
    total = 0
    pids = [pid]
    while pids:
        current = pids.pop()
        try:
            for line in Path(f"/proc/{current}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
            for thread in Path(f"/proc/{current}/task").iterdir():
                pids += map(int, (thread / "children").read_text().split())
        except OSError:
            continue  # the process has ended meanwhile
    return total


def run(command: Sequence[str | Path], environment: Mapping[str, str], *, memory: bool) -> tuple[float, float, str]:
    """Run a command; returns (seconds, peak MB or 0 without `memory`, standard output)."""
    started = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    peak = 0

    def watch() -> None:
        nonlocal peak
        while process.poll() is None:
            peak = max(peak, tree_memory(process.pid))
            time.sleep(0.1)

    watcher = threading.Thread(target=watch, daemon=True)
    if memory:
        watcher.start()
    output, _ = process.communicate()
    wall = time.perf_counter() - started
    if memory:
        watcher.join()
    if process.returncode:
        sys.exit(f"{command[0]} ended with status {process.returncode}")
    return wall, peak / 1e6, output


def measure_newsmill(environment: Mapping[str, str], *, memory: bool) -> Measurement:
    wall, peak, output = run(
        [our_program(), "ingest", "--no-images", "--no-publish", "--json"], environment, memory=memory
    )
    report = json.loads(output)
    time.sleep(PAUSE)
    return Measurement(wall, report["seconds"], report["entries"], peak)


def measure_reader(folder: Path, urls: Sequence[str], environment: Mapping[str, str], *, memory: bool) -> Measurement:
    command: list[str | Path] = [peer_python(), "-c", READER, folder / "reader.sqlite", *urls]
    wall, peak, output = run(command, environment, memory=memory)
    report = json.loads(output.splitlines()[-1])
    return Measurement(wall, report["seconds"], report["entries"], peak)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if not FEEDS.exists():
        sys.exit(f"{FEEDS} is missing: this benchmark needs the corpus of real feeds")
    results: dict[str, list[Measurement]] = {}
    peaks: dict[str, float] = {}
    subprocess.run([our_program(), "server", "start"], check=True)  # not part of the measurement
    with corpus_site() as site:
        for number in range(options.rounds + 1):
            memory = number == options.rounds
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
                for state in ("cold", "warm"):
                    for program in ("reader", "newsmill"):
                        if program == "reader":
                            measurement = measure_reader(folder, urls, environment, memory=memory)
                        else:
                            measurement = measure_newsmill(environment, memory=memory)
                        if memory:
                            peaks[f"{program}, {state}"] = measurement.peak_mb
                        else:
                            results.setdefault(f"{program}, {state}", []).append(measurement)
    print(f"\n90 feeds, {sum(f.stat().st_size for f in FEEDS.iterdir()) / 1e6:.0f} MB, median of {options.rounds}\n")
    print(f"{'':16}{'job s':>8}{'process s':>11}{'entries':>9}{'peak MB':>9}")
    for title, runs in results.items():
        job, wall = (statistics.median(getattr(r, n) for r in runs) for n in ("job", "wall"))
        print(f"{title:16}{job:8.2f}{wall:11.2f}{runs[0].entries:9}{peaks[title]:9.0f}")
    cold = [statistics.median(r.job for r in results[f"{program}, cold"]) for program in ("newsmill", "reader")]
    print(f"\ncold: newsmill takes {cold[0] / cold[1]:.2f} of reader's time")


if __name__ == "__main__":
    main()
