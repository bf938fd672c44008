"""Analysts at work while newsmill is: nobody waits, and nobody sees half of anything."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.conftest import TIMEOUT, Newsmill
from tests.sites.server import Page, SiteServer
from tests.tasks.making import Item, rss

INGESTS = 10
EACH = 3
"""New articles in each."""
ANALYSTS = 10

HOLDING = """
import duckdb, sys
with duckdb.connect(sys.argv[1], read_only=True) as copy:
    copy.execute("BEGIN")
    first = copy.execute("SELECT count(*) FROM clean.articles").fetchall()
    print("reading", flush=True)
    sys.stdin.read()
    assert copy.execute("SELECT count(*) FROM clean.articles").fetchall() == first
    copy.execute("COMMIT")
"""
POLLING = """
import duckdb, json, os, pathlib, sys, time
path, stop = sys.argv[1], pathlib.Path(sys.argv[2])
facts = {
    "versions": "SELECT count(*) FROM clean.article_versions",
    "listed": "SELECT count(*) FROM marts.latest_articles",
    "indexed": "SELECT count(*) FROM search.documents",
    "new in runs": "SELECT sum((counts ->> 'new')::INTEGER) FROM ops.runs WHERE state = 'completed'",
}
seen, file, last = [], None, False
while not last:
    last = stop.exists()
    if file == (file := os.stat(path).st_ino):
        time.sleep(0.2)
        continue
    with duckdb.connect(path, read_only=True) as copy:
        articles, = copy.execute("SELECT count(*) FROM clean.articles").fetchone()
        for name, sql in facts.items():
            count, = copy.execute(sql).fetchone()
            assert count == articles, (name, count, articles)
    seen.append(articles)
print(json.dumps(seen))
"""
"""Each time there is another copy: whether it is whole."""


@contextmanager
def analyst(code: str, *arguments: Path) -> Iterator[subprocess.Popen[str]]:
    """A process of plain DuckDB."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.thorough
@pytest.mark.timeout(600)
def test_analysts_delay_no_ingest_and_see_whole_snapshots(newsmill: Newsmill, tmp_path: Path) -> None:
    """With no patience at all for a lock, any wait for one would end the ingest."""
    newsmill = newsmill.setting(lock_timeout=0, workers=1)
    stop = tmp_path / "stop"
    with SiteServer({}) as site, ExitStack() as stack:
        newsmill.registry(f'[[feed]]\nid = "quay"\nname = "Quay"\nurl = "{site.url("/feed")}"\nimages = "none"\n')

        def ingest(number: int) -> None:
            names = [f"{number}-{place}" for place in range(EACH)]
            items = [Item(f"Berth {name}", f"<p>Berth {name} opens.</p>", site.url(f"/{name}"), name) for name in names]
            site.pages["/feed"] = Page(rss(*items), "application/rss+xml")
            facts = newsmill.facts("ingest")
            assert (facts["new"], facts["published"]["kind"] != "unchanged") == (EACH, True)

        ingest(0)
        with analyst(HOLDING, newsmill.published) as holder:
            assert holder.stdout and holder.stdout.readline() == "reading\n"
            analysts = [stack.enter_context(analyst(POLLING, newsmill.published, stop)) for _ in range(ANALYSTS)]
            for number in range(1, INGESTS + 1):
                ingest(number)
            stop.touch()
            for process in analysts:
                said, complained = process.communicate(timeout=TIMEOUT)
                assert process.returncode == 0, complained
                seen = json.loads(said)
                assert seen == sorted(seen), "no copy is older than the one before"
                assert seen[-1] == EACH * (INGESTS + 1)
                assert len(seen) > 2, "it looked while newsmill was at work"
            said, complained = holder.communicate("", timeout=TIMEOUT)
            assert holder.returncode == 0, complained
