"""Many rounds of ingest in one process, from a web in which much goes wrong: is each article found, does nothing grow?

    python -m tests.trust.soak --feeds 2000 --rounds 50

Each answer has each kind of fault (tests/trust/world.py) with a likelihood of 5 %. After each round the warehouse is
compared with the ledger: every article and every text that a feed showed in a faultless answer must be there, and
nothing that was never shown; what a damaged answer showed may be there. Prints a line for each round, with the memory,
open files and threads of the process. Ends with 1 if an article is missing, or if files or threads become more.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import duckdb
import psutil

from tasks.settings import Settings, keep_prefect_quiet, load_settings, use_settings
from tests.trust.world import FAILING, FeedOfTheWorld, World, marker

MARKER = r"\[(\d+/\d+)/(\d+)\]"
SLOW = re.compile(r"no answer within|not finished after")
"""How a fetch fails if this machine is too busy: that is no fault of newsmill's."""
HEAD = "round  seconds  articles   RSS MB  handles  threads   slow  wrong"
SPARE = 5
"""Open files and threads that may come and go, such as those of a pool."""


@contextmanager
def served(seed: int, feeds: int, faults: float) -> Iterator[int]:
    """The port of the web, which is a process of its own."""
    command = [sys.executable, "-m", "tests.trust.web", str(seed), str(feeds), str(faults)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


@dataclass
class Ledger:
    """What must be found, and what may be."""

    world: World
    must: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Article → its texts."""
    may: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def note_answers(self, slow: Collection[str]) -> None:
        """Of this round. Of feeds in `slow`, an answer may have come and counts for nothing."""
        for feed in self.world.feeds:
            if feed.fault in FAILING:
                continue
            shown = self.may if feed.fault or feed.id in slow else self.must
            for article in feed.window:
                for key, text in re.findall(MARKER, marker(feed, article)):
                    shown[key].add(text)

    def compare(self, warehouse: Path) -> list[str]:
        """What is wrong, in words."""
        found: dict[str, set[str]] = defaultdict(set)
        articles: Counter[str] = Counter()
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            for (text,) in connection.execute(
                "SELECT DISTINCT regexp_extract(content_text, $1) FROM clean.article_versions", [MARKER]
            ).fetchall():
                for key, number in re.findall(MARKER, text):
                    found[key].add(number)
            for (text,) in connection.execute(
                "SELECT regexp_extract(content_text, $1) FROM clean.articles", [MARKER]
            ).fetchall():
                articles.update(key for key, _ in re.findall(MARKER, text))
        problems = [f"{key} is missing" for key in self.must if key not in found]
        problems += [
            f"{key}: texts {sorted(texts - found[key])} are missing"
            for key, texts in self.must.items()
            if key in found and texts - found[key]
        ]
        problems += [
            f"{key}: texts {sorted(texts)} were never shown"
            for key, texts in found.items()
            if texts - self.must.get(key, set()) - self.may.get(key, set())
        ]
        return problems + [f"{key} is there {count} times" for key, count in articles.items() if count > 1]


@dataclass(frozen=True)
class Round:
    """What a round measured, and what was wrong in it."""

    number: int
    seconds: float
    articles: int
    rss_mb: float
    handles: int
    threads: int
    slow: int
    """Faultless answers that this machine was too busy to take in time."""
    problems: Sequence[str]

    def __str__(self) -> str:
        return (
            f"{self.number:>5}{self.seconds:>9.1f}{self.articles:>10}{self.rss_mb:>9.0f}{self.handles:>9}"
            f"{self.threads:>9}{self.slow:>7}{len(self.problems):>7}"
        )


def is_to_fail(feed: FeedOfTheWorld, detail: str) -> bool:
    """Whether the feed has to fail in this round: also if it is cut off within its only entry."""
    return feed.fault in FAILING or (feed.fault is not None and "but the document is cut off" in detail)


def open_handles(prefect_port: int) -> int:
    """Files and connections that this process has open.

    Prefect leaves two connections to its server open in each event loop, closed at the other end. They don't count: a
    run has its process to itself, and only here several follow one another.
    """
    process = psutil.Process()
    left = [
        connection
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_CLOSE_WAIT and connection.raddr and connection.raddr.port == prefect_port
    ]
    return process.num_fds() - len(left)


def run_rounds(
    settings: Settings, world: World, port: int, rounds: int, deadline: float, prefect: str
) -> Iterator[Round]:
    """Each round is a whole ingest, in this process."""
    from flows.ingest import ingest

    ledger, process = Ledger(world), psutil.Process()
    for number in range(1, rounds + 1):
        if time.monotonic() > deadline:
            return
        world.advance()
        urllib.request.urlopen(f"http://127.0.0.1:{port}/advance").close()
        started = time.monotonic()
        report = asyncio.run(ingest(force=True, images=False))
        seconds = time.monotonic() - started
        lines = {line.feed_id: line for line in report.feeds}
        slow = {
            feed.id for feed in world.feeds if feed.fault not in FAILING and SLOW.search(lines[feed.id].detail or "")
        }
        ledger.note_answers(slow)
        problems = [
            f"{feed.id} ({feed.fault or 'no fault'}): {lines[feed.id].status} {lines[feed.id].detail}"
            for feed in world.feeds
            if feed.id not in slow and (lines[feed.id].status == "failed") != is_to_fail(feed, lines[feed.id].detail)
        ]
        problems += ledger.compare(Path(settings.warehouse))
        with process.oneshot():
            yield Round(
                number,
                seconds,
                len(ledger.must),
                process.memory_info().rss / 1e6,
                open_handles(urlsplit(prefect).port or 0),
                process.num_threads(),
                len(slow),
                problems,
            )


def soak(folder: Path, feeds: int, rounds: int, *, seed: int, minutes: float) -> int:
    """Runs the rounds and prints them; returns the exit status."""
    keep_prefect_quiet()
    from flows.prefect_server.local import prefect_server, running_server, stop_server

    world = World(seed, feeds)
    (folder / "feeds.toml").write_text("")
    settings = load_settings(
        feeds=folder / "feeds.toml",
        warehouse=str(folder / "newsmill.duckdb"),
        allow_private_addresses="127.0.0.0/8",
        timeout=4.0,
        deadline=30.0,
        retries=0,
        concurrency=64,
        max_feed_bytes=2_000_000,
    )
    had_server = running_server(settings) is not None
    measured: list[Round] = []
    deadline = time.monotonic() + 60 * minutes
    with served(seed, feeds, world.faults) as port, use_settings(settings), prefect_server(settings, print) as ui:
        (folder / "feeds.toml").write_text(
            "\n".join(
                f'[[feed]]\nid = "{feed.id}"\nname = "{feed.id}"\n'
                f'url = "http://{feed.host}:{port}/feed/{feed.number}"\n'
                for feed in world.feeds
            )
        )
        print(HEAD)
        for measurement in run_rounds(settings, world, port, rounds, deadline, ui):
            measured.append(measurement)
            print(measurement, flush=True)
            for problem in measurement.problems[:20]:
                print(f"      {problem}", flush=True)
    if not had_server:
        stop_server(settings)
    early, last = measured[min(1, len(measured) - 1)], measured[-1]
    growing = last.handles > early.handles + SPARE or last.threads > early.threads + SPARE
    wrong = sum(len(measurement.problems) for measurement in measured)
    print(f"{len(measured)} rounds, {last.articles} articles shown, {wrong} wrong", end="")
    print("; open files or threads become more" if growing else "")
    return int(bool(wrong or growing))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feeds", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=600, help="begin no round after so long")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="newsmill-soak-") as folder:
        os.environ["NEWSMILL_HOME"] = f"{folder}/home"  # a server of its own, which nobody's `server stop` ends
        status = soak(Path(folder), options.feeds, options.rounds, seed=options.seed, minutes=options.minutes)
    sys.exit(status)


if __name__ == "__main__":
    main()
