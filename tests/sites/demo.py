"""`make demo`: serve the sample site, ingest it, change it, ingest it again, and query the results."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from tests.sites.sample import SampleSite

FOLDER = Path("demo")


def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    environment = os.environ | {
        "NEWSMILL_FEEDS": str(FOLDER / "feeds.toml"),
        "NEWSMILL_WAREHOUSE": str(FOLDER / "newsmill.duckdb"),
        "NEWSMILL_ALLOW_PRIVATE_ADDRESSES": "1",
        "NEWSMILL_RETRY_DELAY": "0.2",
    }

    def newsmill(*arguments: str) -> None:
        print(f"\n$ newsmill {shlex.join(arguments)}", flush=True)
        program = Path(sys.executable).with_name("newsmill")
        status = subprocess.run([program, *arguments], env=environment, check=False).returncode
        if status:
            sys.exit(f"`newsmill {arguments[0]}` ended with status {status}")

    with SampleSite() as site:
        (FOLDER / "feeds.toml").write_text(site.feeds_toml(), encoding="utf-8")
        print(f"The Harbour Post / 海港日报, a sample news site, is served at {site.url('/')}")
        print(
            "It has five feeds: English, Chinese through a full-text mirror, a world feed, a JSON feed, and a dead one."
        )
        newsmill("ingest")
        print("\nThe site publishes two articles, corrects two, gives one a new guid and one image another proxy.")
        site.edit()
        newsmill("ingest")
    newsmill("sql", "SELECT feed, language AS lang, title, word_count AS words FROM marts.latest_articles LIMIT 8")
    newsmill("sql", "SELECT title_before, title_after FROM marts.article_revisions")
    newsmill("sql", "SELECT status, count(*) AS images, any_value(error) AS error FROM clean.images GROUP BY ALL")
    print(f"""
The results are in {FOLDER}/: the warehouse newsmill.duckdb, the analysts' copy news.duckdb, images/, and landing/ with
the bytes as they were served. Prefect's UI shows both runs; its local server keeps running for the next time (`newsmill
server stop` stops it).

Next, with feeds of your own:
    .venv/bin/newsmill feeds list                      the default feeds, in feeds.toml
    .venv/bin/newsmill feeds add https://example.org   find a site's feed and add it
    .venv/bin/newsmill ingest                          fetch them all
    .venv/bin/newsmill sql "FROM marts.latest_articles LIMIT 10"
""")


if __name__ == "__main__":
    main()
