"""Secrets in feeds' addresses reach no table, no file, no log and no page."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb

from tests.conftest import Newsmill
from tests.flows.asking import ask
from tests.flows.observing import rows
from tests.sites.server import Page, RequestHandler, SiteServer
from tests.tasks.making import Item, rss

SECRETS = (
    "s3cret-password",
    "t0ken-in-a-reference",
    "t0ken-in-plain-text",
    "t0ken-that-is-nested",
    "c00kie-of-a-server",
)
TYPE = "application/rss+xml"


def texts(path: Path) -> Iterator[str]:
    """Every value of every table of a DuckDB file, as text."""
    with duckdb.connect(str(path), read_only=True) as connection:
        tables = "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database()"
        for schema, table in connection.execute(tables).fetchall():
            for row in connection.execute(f'FROM "{schema}"."{table}"').fetchall():
                yield f"{schema}.{table}: {row}"


def test_no_secret_is_stored_or_shown(newsmill: Newsmill, prefect_api: str) -> None:
    def feed(handler: RequestHandler) -> None:
        handler.send_page(Page(rss(Item()), TYPE, headers={"Set-Cookie": "session=c00kie-of-a-server"}))

    def elsewhere(handler: RequestHandler) -> None:
        """A redirect for good that repeats what it was asked with."""
        location = handler.path.replace("/moved", "/feed")
        handler.send_page(Page(b"", TYPE, status=301, headers={"Location": location}))

    with SiteServer({"/feed": feed, "/moved": elsewhere, "/page": Page(b"<html>no feed</html>", "text/html")}) as site:
        signed_in = site.url("/feed?token={env:HARBOUR_TOKEN}").replace("://", "://reader:{file:password.txt}@")
        addresses = {
            "referring": signed_in,
            "moved": site.url("/moved?token={env:HARBOUR_TOKEN}&n=2"),
            "plain": site.url("/feed?n=3&token=t0ken-in-plain-text"),
            "no-feed": site.url("/page?token=t0ken-in-plain-text"),
            "nested": site.url("/missing?url=https%3A%2F%2Fnews.example%2F%3Ftoken%3Dt0ken-that-is-nested"),
            "forgotten": site.url("/feed?n=4&token={env:NO_SUCH_VARIABLE}"),
        }
        newsmill.registry(
            "\n".join(f'[[feed]]\nid = "{name}"\nname = "{name}"\nurl = "{url}"\n' for name, url in addresses.items())
        )
        (newsmill.folder / "password.txt").write_text("s3cret-password\n")
        environment = {**newsmill.environment, "HARBOUR_TOKEN": "t0ken-in-a-reference"}
        keyed = replace(newsmill, environment=environment)
        shown = [keyed("ingest", "--no-images"), keyed("ingest", "--force", "--json"), keyed("status"), keyed("doctor")]
        shown += [keyed("feeds", "list"), keyed("feeds", "list", "--json"), keyed("feeds", "check")]
        sent = [(request.path, request.headers.get("authorization")) for request in site.requests]
    assert ("/feed?token=t0ken-in-a-reference", "Basic cmVhZGVyOnMzY3JldC1wYXNzd29yZA==") in sent, "it was signed in"
    outcomes = {line["feed"]: line["status"] for line in json.loads(shown[1].stdout)["feed_results"]}
    failed = {"no-feed", "nested", "forgotten"}
    assert outcomes == {name: "failed" if name in failed else "not-modified" for name in addresses}
    ((error,),) = rows(newsmill.warehouse, "SELECT last_error FROM ops.feeds WHERE feed_id = 'forgotten'")
    assert "{env:NO_SUCH_VARIABLE} has no value" in error
    assert "plain" in shown[3].stdout, "doctor names the feed whose secret stands in the file"

    runs = [run for (run,) in rows(newsmill.warehouse, "SELECT flow_run_id FROM ops.runs")]
    query = {"flow_run_id": {"any_": runs}}
    pages = [
        *ask(f"{prefect_api}/logs/filter", logs=query, limit=200),
        *ask(f"{prefect_api}/artifacts/filter", artifacts=query),
        *ask(f"{prefect_api}/task_runs/filter", flow_runs={"id": {"any_": runs}}),
    ]
    seen = [*(answer.stdout + answer.stderr for answer in shown), *map(str, pages)]
    seen += [*texts(newsmill.warehouse), *texts(newsmill.published)]
    files = [path for path in newsmill.landing.rglob("*") if path.is_file()]
    seen += [path.read_bytes().decode("utf-8", "replace") for path in files]
    assert len(seen) > 50
    assert [text for text in seen if any(secret in text for secret in SECRETS)] == []


def test_files_are_readable_by_their_owner_and_group_and_the_copy_by_all(newsmill: Newsmill) -> None:
    with SiteServer({"/feed": Page(rss(Item()), TYPE)}) as site:
        newsmill.registry(f'[[feed]]\nid = "quay"\nname = "Quay"\nurl = "{site.url("/feed")}"\n')
        newsmill.facts("ingest")
    data = newsmill.warehouse.parent
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (data, *data.rglob("*"))}
    to_all = {str(path.relative_to(data)): oct(mode) for path, mode in modes.items() if mode & 0o007}
    assert to_all == {".": "0o755", "news.duckdb": "0o644"}
    assert os.access(newsmill.published, os.R_OK)
