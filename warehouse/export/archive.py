"""Export to the archive form: a file for each article, a folder and a list page for each site."""

from __future__ import annotations

import filecmp
import os
import re
import stat
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from warehouse.errors import NewsmillError
from warehouse.export.archive_form import (
    Exported,
    Generation,
    article_file,
    folded,
    free_name,
    list_heading,
    list_line,
    made_name,
    own_name,
    read_original,
    site_name,
)
from warehouse.export.files import DRAFTS, draft_folder
from warehouse.export.source import (
    MEMORY,
    ROWS,
    count_rows,
    explaining_errors,
    feed_names,
    limit_memory,
    spelt,
    stream_rows,
)
from warehouse.store.connection import Warehouse
from warehouse.store.sql_files import query
from warehouse.store.transactions import Connection

_MADE_NAME = re.compile(r"([0-9a-f]{16})(?:_.*)?\.md", re.DOTALL)
_NAMES = pa.schema([("article_id", pa.string()), ("folder", pa.string()), ("name", pa.string())])

Progress = Callable[[int, int], None]
"""Told how much is done, of how much."""


@dataclass(slots=True)
class ArchiveExport:
    """What an export to the archive form did."""

    folder: Path
    articles: int = 0
    written: int = 0
    unchanged: int = 0
    removed: int = 0
    """Files of articles that were renamed."""
    sites: int = 0
    list_pages: int = 0
    """Written; those that stay as they are aren't counted."""
    seconds: float = 0.0
    seconds_reading: float = 0.0
    """How long the warehouse was kept from being written."""


def export_archive(
    warehouse: Warehouse,
    folder: Path,
    *,
    generation: Generation = 1,
    sites: Sequence[str] = (),
    since: date | None = None,
    until: date | None = None,
    list_page: bool = True,
    progress: Progress = lambda done, total: None,
) -> ArchiveExport:
    """Write the current articles as files, a folder for each site, and a list page for each beside it.

    `since` and `until` are days in UTC, both inclusive; they choose the files that are written, while a list page has
    every article whose file is there. Files that would be the same are left alone. Raises WarehouseError, and
    NewsmillError where the folder can't be written.
    """
    started = time.monotonic()
    done = ArchiveExport(folder)
    with draft_folder(folder / DRAFTS) as work:
        texts = work / "texts.parquet"
        names = work / "names.parquet"
        with explaining_errors(), warehouse.reading() as connection:
            reading = time.monotonic()
            limit_memory(connection, MEMORY, work)
            feeds = feed_names(connection, sites)
            chosen = {"sites": list(sites)}
            _copy(connection, query("export_names"), chosen, names)
            period = {"since": _midnight(since), "until": _midnight(until, days=1)}
            _copy(connection, query("export_texts"), chosen | period, texts)
            done.seconds_reading = time.monotonic() - reading
        with explaining_errors(), duckdb.connect(":memory:") as connection:
            connection.execute("SET TimeZone = 'UTC'")
            limit_memory(connection, MEMORY, work)
            stale = _give_names(connection, names, folder)
            _write_articles(connection, texts, names, folder, work, generation, stale, done, progress)
            if list_page:
                _write_list_pages(connection, names, folder, work, feeds, done)
    done.seconds = time.monotonic() - started
    return done


def _copy(connection: Connection, sql: str, parameters: Mapping[str, Any], target: Path) -> None:
    """The query's rows as Parquet: several times as fast as a DuckDB table, and the writer waits meanwhile."""
    connection.execute(
        f"COPY ({sql}) TO '{spelt(target)}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 2048)", parameters
    )


def _midnight(day: date | None, days: int = 0) -> datetime | None:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=days) if day else None


def _give_names(connection: Connection, names: Path, folder: Path) -> dict[str, list[str]]:
    """Make the table `named` (article_id, folder, name); returns the files each article had under another name.

    Every article of a site gets its name before any is written, the earliest first: which one has a contested name
    doesn't depend on what is written this time.
    """
    connection.execute("CREATE TABLE named (article_id VARCHAR, folder VARCHAR, name VARCHAR)")
    found = connection.cursor().execute(
        "SELECT feed_id, article_id, title, file FROM read_parquet($1) ORDER BY feed_id, first_seen_at, article_id",
        [str(names)],
    )
    stale: dict[str, list[str]] = {}
    for feed_id, rows in groupby(stream_rows(found), itemgetter(0)):
        place = site_name(feed_id)
        taken: set[str] = set()
        owners: dict[str, str] = {}
        while batch := list(islice(rows, ROWS)):
            fresh = []
            for _, article_id, title, file in batch:
                name = own_name(file) if file else made_name(article_id, title or "")
                fresh.append((article_id, place, free_name(name, article_id, taken)))
                owners[article_id[:16]] = article_id
            table = pa.Table.from_arrays([pa.array(column) for column in zip(*fresh, strict=True)], schema=_NAMES)
            connection.register("fresh", table)
            connection.execute("INSERT INTO named FROM fresh")
            connection.unregister("fresh")
        # files named by an article's id and title that are no article's name now: the title has changed
        for name in _files_in(folder / place):
            made = _MADE_NAME.fullmatch(name)
            if made and made[1] in owners and folded(name) not in taken:
                stale.setdefault(owners[made[1]], []).append(name)
    return stale


def _write_articles(
    connection: Connection,
    texts: Path,
    names: Path,
    folder: Path,
    work: Path,
    generation: Generation,
    stale: Mapping[str, Sequence[str]],
    done: ArchiveExport,
    progress: Progress,
) -> None:
    total = count_rows(connection, "SELECT count(*) FROM read_parquet($1)", str(texts))
    found = connection.cursor().execute(
        "SELECT m.folder, m.name, n.article_id, n.title, n.url, n.author, n.categories, "
        "CASE WHEN n.published_known THEN n.published_at END, t.content_html, t.parsed "
        "FROM read_parquet($1) AS t JOIN read_parquet($2) AS n ON n.article_id = t.article_id "
        "JOIN named AS m ON m.article_id = t.article_id",
        [str(texts), str(names)],
    )
    made: set[str] = set()
    for site, name, article_id, title, url, author, categories, published_at, content, parsed in stream_rows(found):
        article = Exported(
            title=title or "",
            url=url,
            author=author,
            published_at=published_at,
            categories=tuple(categories or ()),
            content_html=content or "",
            original=read_original(parsed),
        )
        if site not in made:
            _make_site(folder / site)
            made.add(site)
        if _put(folder / site / name, article_file(article, generation), work):
            done.written += 1
        else:
            done.unchanged += 1
        for old in stale.get(article_id, ()):
            (folder / site / old).unlink(missing_ok=True)
            done.removed += 1
        done.articles += 1
        if done.articles % ROWS == 0 or done.articles == total:
            progress(done.articles, total)
    done.sites = len(made)


def _write_list_pages(
    connection: Connection, names: Path, folder: Path, work: Path, feeds: Mapping[str, str], done: ArchiveExport
) -> None:
    found = connection.cursor().execute(
        "SELECT n.feed_id, m.folder, m.name, n.title, CASE WHEN n.published_known THEN n.published_at END "
        "FROM read_parquet($1) AS n JOIN named AS m ON m.article_id = n.article_id "
        "ORDER BY n.feed_id, n.published_at DESC, n.article_id",
        [str(names)],
    )
    draft = work / "list.md"
    for (feed_id, place), rows in groupby(stream_rows(found), itemgetter(0, 1)):
        there = frozenset(_files_in(folder / place))
        if not there:
            continue
        with draft.open("w", encoding="utf-8", errors="replace", newline="\n") as file:
            file.write(list_heading(feeds.get(feed_id, feed_id)))
            file.writelines(
                list_line(title or "", place, name, published_at)
                for _, _, name, title, published_at in rows
                if name in there
            )
        done.list_pages += _settle(draft, folder / f"{place}.md")


def _settle(draft: Path, target: Path) -> bool:
    """Put the draft in its place, unless it is what is there."""
    if _is_file(target, draft.stat().st_size) and filecmp.cmp(draft, target, shallow=False):
        return False
    draft.replace(target)
    return True


def _files_in(folder: Path) -> Iterator[str]:
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as found:
        for each in found:
            if each.is_file(follow_symlinks=False):
                yield each.name


def _make_site(folder: Path) -> None:
    if folder.is_symlink():  # in a clone of somebody's archive it may lead anywhere
        raise NewsmillError(f"{folder}: a link, which an export doesn't follow; put a folder in its place")
    folder.mkdir(exist_ok=True)


def _put(target: Path, data: bytes, work: Path) -> bool:
    """Write the file unless it holds this already; says whether it was written."""
    if _is_file(target, len(data)) and target.read_bytes() == data:
        return False
    draft = work / "article"
    draft.write_bytes(data)
    draft.replace(target)
    return True


def _is_file(path: Path, size: int) -> bool:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_size == size
