"""Fetching articles' own pages: how many a second, from real pages that a copy on loopback serves.

    python -m benchmarks.full_text            (or: --pages 324 --rounds 5)

The pages of ../shared/pages are served under addresses of their own, and teaser feeds of 40 entries link to them. The
feeds are ingested first, without pages; then `newsmill pages` fetches, reads and loads all of them. Its time leaves out
importing Prefect and connecting to its server.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
from html import escape, unescape
from itertools import cycle, islice
from pathlib import Path

from tests.places import SHARED
from tests.sites.server import Page, SiteServer

PAGES = SHARED / "pages"
SETS = ("fundus", "scrapinghub", "readability", "chinese")
PER_FEED = 40


def serve(count: int, folder: Path) -> None:
    """Serve the pages and their feeds until the process is ended; writes feeds.toml."""
    with SiteServer() as site:
        items: list[str] = []
        for name in islice(cycle(SETS), 10 * len(SETS)):  # again, with other addresses, until there are enough
            with gzip.open(PAGES / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
                for line in lines:
                    if len(items) == count:
                        break
                    data = base64.b64decode(json.loads(line)["html_base64"]) + b"<!-- %d -->" % len(items)
                    path = f"/{name}/{1000 + len(items)}.html"
                    site.pages[path] = Page(data, "text/html")
                    match = re.search(r"<title[^>]*>([^<]*)", data.decode("utf-8", "replace"))
                    title = escape(unescape(match[1]).strip() if match else path)
                    items.append(
                        f"<item><title>{title}</title><link>{site.url(path)}</link><description>…</description></item>"
                    )
        tables = []
        for start in range(0, len(items), PER_FEED):
            path = f"/feed-{start}.xml"
            entries = "".join(items[start : start + PER_FEED])
            feed = f'<rss version="2.0"><channel><title>t</title>{entries}</channel></rss>'
            site.pages[path] = Page(feed.encode(), "application/rss+xml")
            tables.append(f'[[feed]]\nid = "f-{start}"\nname = "f"\nurl = "{site.url(path)}"\nimages = "none"\n')
        (folder / "feeds.toml").write_text("\n".join(tables))
        print("ready", flush=True)
        sys.stdin.read()


def run(folder: Path, *arguments: str) -> tuple[dict[str, float], float]:
    """(what newsmill says of the run, processor seconds)."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("NEWSMILL_", "PREFECT_"))}
    environment |= {
        "NEWSMILL_ALLOW_PRIVATE_ADDRESSES": "1",
        "NEWSMILL_PER_HOST": "16",  # one host stands for many
        "NEWSMILL_PAGES_PER_HOST": "100000",
        "NEWSMILL_CHECKS": "off",
    }
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    program = Path(sys.executable).with_name("newsmill")
    done = subprocess.run(
        [program, *arguments, "--json"], cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return json.loads(done.stdout), used


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.pages, options.serve)
        return
    print("| round | pages | read | seconds | pages/s | processor s a page |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: |")
    for number in range(1, options.rounds + 1):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            command = [sys.executable, "-m", "benchmarks.full_text", "--pages", str(options.pages), "--serve", name]
            with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
                assert server.stdout
                server.stdout.readline()
                run(folder, "ingest", "--no-pages", "--no-publish")
                facts, used = run(folder, "pages", "--no-images", "--no-publish", "--limit", str(options.pages))
                server.terminate()
        asked = facts["pages_read"] + facts["pages_failed"]
        print(
            f"| {number} | {asked} | {facts['pages_read']} | {facts['seconds']:.1f} | {asked / facts['seconds']:.1f} "
            f"| {used / asked:.3f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
