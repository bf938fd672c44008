"""Export to the archive form: a file for each article, a folder and a list page for each site.

This needs raw.entries, which only the warehouse has, and a file's reader keeps its writer out. So everything needed is
copied first, quickly, and the warehouse is closed before any article is written.
"""

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
    ExportedArticle,
    Generation,
    article_file,
    fold_name,
    generated_name,
    list_heading,
    list_line,
    original_name,
    read_original,
    site_name,
    unused_name,
)
from warehouse.export.files import DRAFTS, draft_folder
from warehouse.export.source import (
    MEMORY,
    ROWS,
    explaining_query_errors,
    feed_names,
    fetch_count,
    limit_memory,
    stream_rows,
)
from warehouse.store.connection import Warehouse
from warehouse.store.quoting import literal
from warehouse.store.sql_files import query
from warehouse.store.staging import stage
from warehouse.store.transactions import Connection

_GENERATED_NAME = re.compile(r"([0-9a-f]{16})(?:_.*)?\.md", re.DOTALL)
_NAMES_SCHEMA = pa.schema([("article_id", pa.string()), ("folder", pa.string()), ("name", pa.string())])

Progress = Callable[[int, int], None]
"""Called with how many articles are done, and of how many."""


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
    """Written; unchanged ones aren't counted."""
    seconds: float = 0.0
    seconds_reading: float = 0.0
    """How long the warehouse was open, so that it could not be written."""


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

    `since` and `until` are days in UTC, both inclusive; they select the files to write, while a list page has every
    article whose file exists. Files with the same content are left alone. Raises WarehouseError, and NewsmillError if
    the folder can't be written.
    """
    started = time.monotonic()
    report = ArchiveExport(folder)
    with draft_folder(folder / DRAFTS) as work:
        texts = work / "texts.parquet"
        names = work / "names.parquet"
        with explaining_query_errors(), warehouse.reading() as connection:
            reading = time.monotonic()
            limit_memory(connection, MEMORY, work)
            feeds = feed_names(connection, sites)
            selection = {"sites": list(sites)}
            _copy_to_parquet(connection, query("export_names"), selection, names)
            period = {"since": _start_of_day(since), "until": _start_of_day(until, days=1)}
            _copy_to_parquet(connection, query("export_texts"), selection | period, texts)
            report.seconds_reading = time.monotonic() - reading
        with explaining_query_errors(), duckdb.connect(":memory:") as connection:
            connection.execute("SET TimeZone = 'UTC'")
            limit_memory(connection, MEMORY, work)
            stale = _assign_names(connection, names, folder)
            _write_articles(connection, texts, names, folder, work, generation, stale, report, progress)
            if list_page:
                _write_list_pages(connection, names, folder, work, feeds, report)
    report.seconds = time.monotonic() - started
    return report


def _copy_to_parquet(connection: Connection, sql: str, parameters: Mapping[str, Any], target: Path) -> None:
    """Parquet is written several times as fast as a DuckDB table, and the warehouse's writer is waiting."""
    file = literal(target.absolute())
    connection.execute(f"COPY ({sql}) TO {file} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 2048)", parameters)


def _start_of_day(day: date | None, days: int = 0) -> datetime | None:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=days) if day else None


def _assign_names(connection: Connection, names: Path, folder: Path) -> dict[str, list[str]]:
    """Make the table `named` (article_id, folder, name); returns article_id → files it had under another name.

    All articles of a site get their names before any is written, the earliest first, so that two articles that would
    have the same name get theirs independently of what is written this time.
    """
    connection.execute("CREATE TABLE named (article_id VARCHAR, folder VARCHAR, name VARCHAR)")
    result = connection.cursor().execute(
        "SELECT feed_id, article_id, title, file FROM read_parquet($1) ORDER BY feed_id, first_seen_at, article_id",
        [str(names)],
    )
    stale: dict[str, list[str]] = {}
    for feed_id, rows in groupby(stream_rows(result), itemgetter(0)):
        site = site_name(feed_id)
        taken: set[str] = set()
        owners: dict[str, str] = {}
        while batch := list(islice(rows, ROWS)):
            named = []
            for _, article_id, title, file in batch:
                name = original_name(file) if file else generated_name(article_id, title or "")
                named.append((article_id, site, unused_name(name, article_id, taken)))
                owners[article_id[:16]] = article_id
            table = pa.Table.from_arrays(
                [pa.array(column) for column in zip(*named, strict=True)], schema=_NAMES_SCHEMA
            )
            with stage(connection, "stage_named", table):
                connection.execute("INSERT INTO named FROM stage_named")
        # a file named by an article's id and title that no article has as its name now: the title has changed
        for name in _files_in(folder / site):
            match = _GENERATED_NAME.fullmatch(name)
            if match and match[1] in owners and fold_name(name) not in taken:
                stale.setdefault(owners[match[1]], []).append(name)
    return stale


def _write_articles(
    connection: Connection,
    texts: Path,
    names: Path,
    folder: Path,
    work: Path,
    generation: Generation,
    stale: Mapping[str, Sequence[str]],
    report: ArchiveExport,
    progress: Progress,
) -> None:
    total = fetch_count(connection, "SELECT count(*) FROM read_parquet($1)", str(texts))
    result = connection.cursor().execute(
        "SELECT m.folder, m.name, n.article_id, n.title, n.url, n.author, n.categories, "
        "CASE WHEN n.published_known THEN n.published_at END, t.content_html, t.parsed "
        "FROM read_parquet($1) AS t JOIN read_parquet($2) AS n ON n.article_id = t.article_id "
        "JOIN named AS m ON m.article_id = t.article_id",
        [str(texts), str(names)],
    )
    site_folders: set[str] = set()
    for site, name, article_id, title, url, author, categories, published_at, content, parsed in stream_rows(result):
        article = ExportedArticle(
            title=title or "",
            url=url,
            author=author,
            published_at=published_at,
            categories=tuple(categories or ()),
            content_html=content or "",
            original=read_original(parsed),
        )
        if site not in site_folders:
            _make_site_folder(folder / site)
            site_folders.add(site)
        if _write_if_changed(folder / site / name, article_file(article, generation), work):
            report.written += 1
        else:
            report.unchanged += 1
        for old_name in stale.get(article_id, ()):
            (folder / site / old_name).unlink(missing_ok=True)
            report.removed += 1
        report.articles += 1
        if report.articles % ROWS == 0 or report.articles == total:
            progress(report.articles, total)
    report.sites = len(site_folders)


def _write_list_pages(
    connection: Connection, names: Path, folder: Path, work: Path, feeds: Mapping[str, str], report: ArchiveExport
) -> None:
    result = connection.cursor().execute(
        "SELECT n.feed_id, m.folder, m.name, n.title, CASE WHEN n.published_known THEN n.published_at END "
        "FROM read_parquet($1) AS n JOIN named AS m ON m.article_id = n.article_id "
        "ORDER BY n.feed_id, n.published_at DESC, n.article_id",
        [str(names)],
    )
    draft = work / "list.md"
    for (feed_id, site), rows in groupby(stream_rows(result), itemgetter(0, 1)):
        existing = frozenset(_files_in(folder / site))
        if not existing:
            continue
        with draft.open("w", encoding="utf-8", errors="replace", newline="\n") as file:
            file.write(list_heading(feeds.get(feed_id, feed_id)))
            file.writelines(
                list_line(title or "", site, name, published_at)
                for _, _, name, title, published_at in rows
                if name in existing
            )
        report.list_pages += _replace_if_changed(draft, folder / f"{site}.md")


def _replace_if_changed(draft: Path, target: Path) -> bool:
    """Replace the target by the draft unless they are equal; returns whether it did."""
    if _is_file_of_size(target, draft.stat().st_size) and filecmp.cmp(draft, target, shallow=False):
        return False
    draft.replace(target)
    return True


def _files_in(folder: Path) -> Iterator[str]:
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as items:
        for item in items:
            if item.is_file(follow_symlinks=False):
                yield item.name


def _make_site_folder(folder: Path) -> None:
    if folder.is_symlink():  # in a clone of somebody's archive it may point anywhere
        raise NewsmillError(f"{folder}: a link, which an export doesn't follow; put a folder in its place")
    folder.mkdir(exist_ok=True)


def _write_if_changed(target: Path, data: bytes, work: Path) -> bool:
    """Write the file unless it has this content already; returns whether it did."""
    if _is_file_of_size(target, len(data)) and target.read_bytes() == data:
        return False
    draft = work / "article"
    draft.write_bytes(data)
    draft.replace(target)
    return True


def _is_file_of_size(path: Path, size: int) -> bool:
    try:
        status = path.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_size == size
