"""Serves the sample newspaper in the foreground: python -m tests.sites [--port N] [--feeds FILE]."""

from __future__ import annotations

import argparse
from contextlib import suppress
from pathlib import Path

from tests.sites.sample import SampleSite

PATHS = ("/", "/en/feed.xml", "/zh/feed.xml", "/world/atom.xml", "/brief.json", "/dead.xml")


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m tests.sites", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port to listen on; any free one by default")
    parser.add_argument("--feeds", type=Path, help="write a feeds.toml for the site to this file")
    options = parser.parse_args()
    with SampleSite(port=options.port) as site, suppress(KeyboardInterrupt):
        if options.feeds:
            options.feeds.write_text(site.feeds_toml(), encoding="utf-8")
        for path in PATHS:
            print(site.url(path), flush=True)
        site.closing.wait()


if __name__ == "__main__":
    main()
