"""The 90 real feeds of ../shared/corpus, served on loopback with ETag and 304."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tests.sites.server import Page, SiteServer

FEEDS = Path(__file__).resolve().parents[2] / "shared" / "corpus" / "feeds"


def corpus_site(*, port: int = 0, count: int | None = None) -> SiteServer:
    """A server of the feeds, each at /<file name>; raises FileNotFoundError if the corpus is missing."""
    files = sorted(FEEDS.iterdir())[:count]
    pages = {f"/{file.name}": Page(file.read_bytes(), "application/xml") for file in files}
    return SiteServer(pages, port=port)


def feeds_toml(site: SiteServer, *, images: str = "none") -> str:
    """The text of a feeds.toml with the site's feeds."""
    return "\n".join(
        f'[[feed]]\nid = "f-{name}"\nname = "{name}"\nurl = "{site.url(path)}"\nimages = "{images}"\n'
        for path in sorted(site.pages)
        for name in [hashlib.sha256(path.encode()).hexdigest()[:12]]
    )


def main() -> None:
    import argparse
    import threading

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--feeds", type=Path, required=True, help="the feeds.toml to write")
    options = parser.parse_args()
    with corpus_site(port=options.port) as site:
        options.feeds.write_text(feeds_toml(site))
        print(site.url("/"), flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
