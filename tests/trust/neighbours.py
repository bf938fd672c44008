"""Forty feeds of which ten are hostile, each in another way: how long do the thirty take alone, and how long together?

python -m tests.trust.neighbours
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import Newsmill
from tests.sites.faults import RSS, FaultySite
from tests.sites.server import Page, SiteServer
from tests.trust.stand import stand
from tests.trust.world import World

GOOD = 30
HOSTILE = (
    *("/hang", "/slow", "/cut", "/loop", "/gzip-bomb", "/br-bomb", "/zstd-bomb", "/entities", "/deep"),
    "/503-retry-after",
)
LIMITS = {"timeout": 3, "deadline": 6, "retries": 1, "max_feed_bytes": 5_000_000, "per_host": 32}
"""All have one host, which out there would be forty."""


@dataclass(frozen=True)
class Neighbourhood:
    good: str
    """The feeds.toml of the good feeds."""
    hostile: str
    texts: int
    """Articles in the good feeds."""


@contextmanager
def neighbourhood() -> Iterator[Neighbourhood]:
    """Each hostile feed is a site of its own; the good ones share two."""
    world = World(7, GOOD, faults=0)
    with ExitStack() as stack:
        sites = [stack.enter_context(SiteServer()) for _ in range(2)]
        good = []
        for feed in world.feeds:
            site = sites[feed.number % 2]
            site.pages[f"/{feed.id}"] = Page(world.document(feed).encode(), RSS)
            good.append(_table(feed.id, site.url(f"/{feed.id}")))
        hostile = [_table(f"hostile-{path[1:]}", stack.enter_context(FaultySite()).url(path)) for path in HOSTILE]
        yield Neighbourhood("\n".join(good), "\n".join(hostile), sum(len(feed.window) for feed in world.feeds))


def _table(feed_id: str, url: str) -> str:
    return f'[[feed]]\nid = "{feed_id}"\nname = "{feed_id}"\nurl = "{url}"\nimages = "none"\n'


def seconds(newsmill: Newsmill, tables: Sequence[str]) -> tuple[float, float]:
    """From the first answer until the last good feed was loaded; and of the whole run, as it measures itself."""
    newsmill.folder.mkdir()
    newsmill.registry("\n".join(tables))
    whole = float(newsmill.facts("ingest")["seconds"])
    # a record is written when its document is landed, and moved once it is loaded
    records = [path.stat() for path in (newsmill.landing / "loaded").rglob("*-feed-*.json")]
    return max(r.st_ctime for r in records) - min(r.st_mtime for r in records), whole


def main() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="newsmill-neighbours-") as name,
        stand(Path(name)) as newsmill_in,
        neighbourhood() as feeds,
    ):
        for number in range(3):
            alone = newsmill_in(Path(name) / f"alone-{number}").setting(**LIMITS)
            together = newsmill_in(Path(name) / f"together-{number}").setting(**LIMITS)
            for newsmill, tables in ((alone, [feeds.good]), (together, [feeds.hostile, feeds.good])):
                loaded, whole = seconds(newsmill, tables)
                company = "alone" if newsmill is alone else f"with {len(HOSTILE)} hostile ones"
                print(f"{GOOD} feeds {company}: loaded after {loaded:.1f} s, the run took {whole:.1f} s", flush=True)


if __name__ == "__main__":
    main()
