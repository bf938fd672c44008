"""Exports: the archive form, JSON Lines, Parquet and Atom.

Memory stays about the same however many articles there are: DuckDB gets a limit and a folder to spill to, and rows are
read as a stream. Files are written beside their place and renamed, so a killed export leaves no half file.

An archive needs raw.entries, which only the pipeline's own file has, and an open reader shuts its writer out. So what
is needed is copied first, in one go, and the warehouse is let go before any file is written.
"""

from __future__ import annotations

import errno
import fcntl
import filecmp
import gzip
import json
import os
import re
import shutil
import stat
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any, BinaryIO, cast

import duckdb
import pyarrow as pa

from warehouse.archive_form import (
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
from warehouse.connection import Connection, Warehouse, query
from warehouse.errors import NewsmillError, WarehouseError

MEMORY = "512MB"
"""What DuckDB may take for newsmill's own queries."""
SQL_MEMORY = "2GB"
"""The same for a query that was given."""
ROWS = 1_000
TABLE_ROWS = 8_192
"""Rows of clean.articles that are read at once, their texts included."""

_WORK = ".newsmill-export"
_MADE_NAME = re.compile(r"([0-9a-f]{16})(?:_.*)?\.md", re.DOTALL)
_PARTITION = re.compile(r"[^=]+=.*", re.DOTALL)
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
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


@dataclass(frozen=True, slots=True)
class ParquetExport:
    folder: Path
    rows: int
    files: int
    partitions: int
    """Folders with files; 0 where the rows are in one."""
    bytes: int


# --- the archive form -----------------------------------------------------------------------------------------------


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
    with _work(folder / _WORK) as work:
        texts = work / "texts.parquet"
        names = work / "names.parquet"
        with _failing(), warehouse.reading() as connection:
            reading = time.monotonic()
            _limit(connection, MEMORY, work)
            feeds = _feed_names(connection, sites)
            chosen = {"sites": list(sites)}
            _copy(connection, query("export_names"), chosen, names)
            period = {"since": _midnight(since), "until": _midnight(until, days=1)}
            _copy(connection, query("export_texts"), chosen | period, texts)
            done.seconds_reading = time.monotonic() - reading
        with _failing(), duckdb.connect(":memory:") as connection:
            connection.execute("SET TimeZone = 'UTC'")
            _limit(connection, MEMORY, work)
            stale = _give_names(connection, names, folder)
            _write_articles(connection, texts, names, folder, work, generation, stale, done, progress)
            if list_page:
                _write_list_pages(connection, names, folder, work, feeds, done)
    done.seconds = time.monotonic() - started
    return done


def _feed_names(connection: Connection, sites: Sequence[str]) -> dict[str, str]:
    """feed_id → name. Raises WarehouseError for a site without articles."""
    known = {feed_id for (feed_id,) in connection.execute("SELECT DISTINCT feed_id FROM clean.articles").fetchall()}
    if missing := [site for site in sites if site not in known]:
        raise WarehouseError(
            f"no articles of {', '.join(missing)} in the warehouse; it has: {', '.join(sorted(known)[:20]) or 'none'}"
        )
    return {row[0]: row[1] for row in connection.execute("SELECT feed_id, name FROM ops.feeds").fetchall() if row[1]}


def _copy(connection: Connection, sql: str, parameters: Mapping[str, Any], target: Path) -> None:
    """The query's rows as Parquet: several times as fast as a DuckDB table, and the writer waits meanwhile."""
    connection.execute(
        f"COPY ({sql}) TO '{_spelt(target)}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 2048)", parameters
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
    for feed_id, rows in groupby(_streamed(found), itemgetter(0)):
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
    total = _count(connection, "SELECT count(*) FROM read_parquet($1)", str(texts))
    found = connection.cursor().execute(
        "SELECT m.folder, m.name, n.article_id, n.title, n.url, n.author, n.categories, "
        "CASE WHEN n.published_known THEN n.published_at END, t.content_html, t.parsed "
        "FROM read_parquet($1) AS t JOIN read_parquet($2) AS n ON n.article_id = t.article_id "
        "JOIN named AS m ON m.article_id = t.article_id",
        [str(texts), str(names)],
    )
    made: set[str] = set()
    for site, name, article_id, title, url, author, categories, published_at, content, parsed in _streamed(found):
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
    for (feed_id, place), rows in groupby(_streamed(found), itemgetter(0, 1)):
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


# --- rows -----------------------------------------------------------------------------------------------------------


@contextmanager
def _opened(source: Path | Warehouse, memory: str) -> Iterator[Connection]:
    """The published copy, or the pipeline's own file, read-only."""
    with tempfile.TemporaryDirectory(prefix="newsmill-") as spill, _failing():
        if isinstance(source, Warehouse):
            with source.reading() as connection:
                _limit(connection, memory, Path(spill))
                yield connection
            return
        if not source.exists():
            raise WarehouseError(
                f"{source}: nothing is published yet; `newsmill ingest` or `newsmill publish` makes it"
            )
        try:
            connection = duckdb.connect(str(source), read_only=True)
        except duckdb.Error as error:
            raise WarehouseError(
                f"{source}: can't be opened ({str(error).splitlines()[0]}); `newsmill publish` makes it anew"
            ) from error
        with connection:
            connection.execute("SET TimeZone = 'UTC'")
            _limit(connection, memory, Path(spill))
            yield connection


def _limit(connection: Connection, memory: str, spill: Path) -> None:
    connection.execute(f"SET memory_limit = '{memory}'")
    connection.execute(f"SET temp_directory = '{_spelt(spill / 'spill')}'")
    connection.execute("SET preserve_insertion_order = false")  # keeping it means keeping rows in memory


def _spelt(path: Path) -> str:
    return str(path.absolute()).replace("'", "''")  # where DuckDB takes no parameters


def _streamed(found: duckdb.DuckDBPyConnection | duckdb.DuckDBPyRelation) -> Iterator[tuple[Any, ...]]:
    while batch := found.fetchmany(ROWS):
        yield from batch


def _count(connection: Connection, sql: str, *parameters: str) -> int:
    row = connection.execute(sql, parameters).fetchone()
    return int(row[0]) if row else 0


@contextmanager
def _failing() -> Iterator[None]:
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise WarehouseError(
            f"the export needs more memory than it may take ({str(error).splitlines()[0]}); export less at once, or "
            "sort and group less in --sql"
        ) from error
    except duckdb.Error as error:
        raise WarehouseError(f"the query failed: {error}") from error


def _selected(connection: Connection, sql: str) -> duckdb.DuckDBPyRelation:
    """The query as a relation, not run yet. Raises WarehouseError for anything but one SELECT."""
    statements = connection.extract_statements(sql)
    if len(statements) != 1:
        raise WarehouseError(f"--sql takes one query, and this is {len(statements) or 'none'}; give one SELECT")
    if statements[0].type != duckdb.StatementType.SELECT:
        kind = statements[0].type.name
        raise WarehouseError(f"--sql takes a query that reads (SELECT, FROM, WITH), and this is {kind}")
    if statements[0].named_parameters:
        raise WarehouseError("--sql takes no parameters (? or $name); write the values into the query")
    relation = connection.sql(statements[0])
    if relation is None:
        raise WarehouseError("--sql takes a query that gives rows, and this gives none")
    return relation


def export_jsonl(source: Path | Warehouse, target: Path | BinaryIO, *, sql: str | None = None) -> int:
    """Write one JSON object a line: every current article with its images, or the query's rows. Returns how many.

    Times are RFC 3339 in UTC. A path that ends in .gz or .zst is compressed. Raises WarehouseError, and NewsmillError
    where the file can't be written.
    """
    with _opened(source, SQL_MEMORY if sql else MEMORY) as connection:
        lines = _json_lines(connection, sql) if sql else _article_lines(connection)
        if not isinstance(target, Path):
            return _write_lines(lines, target)
        with _replacing(target) as file, _compressing(file, target.suffix) as packed:
            return _write_lines(lines, packed)


def _write_lines(lines: Iterator[str], file: BinaryIO) -> int:
    count = 0
    for line in lines:
        file.write(line.encode("utf-8", "replace") + b"\n")
        count += 1
    file.flush()
    return count


def _article_lines(connection: Connection) -> Iterator[str]:
    """By ranges of rows: one query over everything would hold all images in memory, to join them."""
    connection.execute("SET threads = 1")  # a range is too small to share, and two threads hold twice as much
    rows = _count(connection, "SELECT coalesce(max(rowid) + 1, 0) FROM clean.articles")
    for start in range(0, rows, TABLE_ROWS):
        found = connection.execute(query("export_articles"), [start, start + TABLE_ROWS - 1])
        yield from (line for (line,) in _streamed(found))


def _json_lines(connection: Connection, sql: str) -> Iterator[str]:
    connection.execute("SET preserve_insertion_order = true")
    relation = _selected(connection, sql)
    shown = ", ".join(map(_as_json, relation.columns, map(str, relation.types)))
    found = relation.query("chosen", f"SELECT to_json(each)::VARCHAR FROM (SELECT {shown} FROM chosen) AS each")  # noqa: S608
    yield from (line for (line,) in _streamed(found))


def _as_json(column: str, kind: str) -> str:
    """The column as JSON can hold it: RFC 3339 times, and no NaN or infinity."""
    name = _identifier(column)
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"strftime({name} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ') AS {name}"
    if kind in ("DOUBLE", "FLOAT"):
        return f"CASE WHEN isfinite({name}) THEN {name} END AS {name}"
    return name


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


# --- Parquet --------------------------------------------------------------------------------------------------------


def export_parquet(
    source: Path | Warehouse,
    folder: Path,
    *,
    sql: str | None = None,
    table: str = "clean.articles",
    partition: Sequence[str] = (),
) -> ParquetExport:
    """Write a table or a query's rows as Parquet (zstd), in folders by the columns of `partition`.

    `month` is that of published_at (`month=2024-05`), and what is taken where no column is named; rows without
    published_at make one file then. The folder is made anew and swapped in, so it must hold nothing but an
    earlier export. Raises WarehouseError, and NewsmillError where the folder isn't such a one or can't be written.
    """
    _check_replaceable(folder)
    folder = folder.resolve()
    with _work(folder.with_name(f".{folder.name}{_WORK}")) as work:
        aside = folder.with_name(f".{folder.name}.newsmill-before")
        if aside.exists() and not folder.exists():
            aside.replace(folder)  # an export was killed between the two renames
        shutil.rmtree(aside, ignore_errors=True)
        draft = work / "draft"
        draft.mkdir()
        with _opened(source, SQL_MEMORY if sql else MEMORY) as connection:
            # as many rows wait for each partition's file before they are written
            connection.execute("SET partitioned_write_flush_threshold = 4096")
            relation = _selected(connection, sql) if sql else _table(connection, table)
            if "published_at" in relation.columns and "month" not in relation.columns:
                months = relation.project("*, strftime(published_at::TIMESTAMP, '%Y-%m') AS month")
                relation = months if "month" in partition or not partition else relation
            chosen = list(partition) or [name for name in relation.columns if name == "month"]
            if unknown := [name for name in chosen if name not in relation.columns]:
                raise WarehouseError(
                    f"there is no column {', '.join(unknown)} to partition by; there are: {', '.join(relation.columns)}"
                )
            if set(chosen) == set(relation.columns):
                raise WarehouseError("every column is one to partition by, and the files would be empty; name fewer")
            if chosen:
                relation.write_parquet(str(draft), partition_by=chosen, compression="zstd")
            else:
                relation.write_parquet(str(draft / "data_0.parquet"), compression="zstd")
        written = sorted(draft.rglob("*.parquet"))
        rows = _rows_in(written)
        size = sum(path.stat().st_size for path in written)
        if folder.exists():
            folder.replace(aside)
        draft.replace(folder)
        shutil.rmtree(aside, ignore_errors=True)
    partitions = len({path.parent for path in written}) if chosen else 0
    return ParquetExport(folder, rows, len(written), partitions, size)


def _rows_in(files: Sequence[Path]) -> int:
    from pyarrow import parquet  # takes a moment to import, and only this needs it

    return sum(parquet.read_metadata(path).num_rows for path in files)


def _table(connection: Connection, name: str) -> duckdb.DuckDBPyRelation:
    """The table or view of that name. Raises WarehouseError where there is none."""
    found = connection.execute(
        "SELECT table_schema || '.' || table_name FROM information_schema.tables "
        "WHERE table_catalog = current_database() "
        "AND table_schema IN ('raw', 'clean', 'ops', 'marts', 'search') ORDER BY ALL"
    ).fetchall()
    known = [each for (each,) in found]
    if name not in known:
        raise WarehouseError(f"there is no table {name}; there are: {', '.join(known)}")
    schema, _, table = name.partition(".")
    return connection.sql(f"FROM {_identifier(schema)}.{_identifier(table)}")


def _check_replaceable(folder: Path) -> None:
    """Raises NewsmillError where replacing the folder would destroy what isn't an export."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise NewsmillError(f"{folder}: not a folder; name another")
    for _, folders, files in os.walk(folder):
        others = [name for name in folders if not _PARTITION.fullmatch(name)]
        others += [name for name in files if not name.endswith(".parquet")]
        if others:
            raise NewsmillError(
                f"{folder}: holds what is no earlier export ({sorted(others)[0]}), and would be replaced; name another"
            )


# --- Atom -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FeedExport:
    data: bytes
    entries: int
    left_out: int
    """Rows of an article that is there already, or with neither title nor address."""


def export_feed(
    source: Path | Warehouse,
    *,
    sql: str | None = None,
    sites: Sequence[str] = (),
    limit: int = 100,
    title: str | None = None,
) -> FeedExport:
    """The newest articles, or the newest of a query's rows, as an Atom feed (RFC 4287).

    A query must give title, url and published_at; article_id, updated_at, summary, content_html and author are used
    where it gives them. Raises WarehouseError.
    """
    with _opened(source, SQL_MEMORY if sql else MEMORY) as connection:
        if sql:
            name = title or "newsmill"
            found = _selected(connection, sql)
            if missing := {"title", "url", "published_at"} - set(found.columns):
                raise WarehouseError(
                    f"the query gives no {', '.join(sorted(missing))}; a feed needs title, url and published_at"
                )
            columns = found.columns
            rows = found.order("published_at DESC NULLS LAST").limit(limit).fetchall()
        else:
            feeds = _feed_names(connection, sites)
            name = title or ", ".join(feeds.get(site, site) for site in sites) or "newsmill"
            newest = connection.execute(query("export_feed"), {"sites": list(sites), "limit": limit})
            columns = [column[0] for column in newest.description]
            rows = newest.fetchall()
    entries = [dict(zip(columns, row, strict=True)) for row in rows]
    return _atom(entries, name, _urn("feed", sql or "", *sites))


def _urn(*parts: str) -> str:
    """The same parts always have the same id (RFC 9562, 5.5)."""
    return uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(["newsmill", *parts])).urn


def _atom(rows: Sequence[Mapping[str, Any]], title: str, feed_id: str) -> FeedExport:
    from feedgen.feed import FeedGenerator  # only this needs it

    feed = FeedGenerator()
    feed.id(feed_id)
    feed.title(_printable(title))
    feed.author(name="newsmill")
    newest, ids = _EPOCH, set[str]()
    for row in rows:
        url, heading = _printable(row["url"]), " ".join(_printable(row["title"]).split())
        key = row.get("article_id") or url or heading
        if not key:
            continue
        entry_id = _urn("article", str(key))
        if entry_id in ids:  # a query's join may repeat an article; a feed must not (RFC 4287, 4.1.1)
            continue
        ids.add(entry_id)
        published = _moment(row["published_at"])
        updated = _moment(row.get("updated_at")) or published or _EPOCH
        newest = max(newest, updated)
        entry = feed.add_entry(order="append")
        entry.id(entry_id)
        entry.title(heading or url)
        if url.startswith(("http://", "https://")):
            entry.link(href=url)
        if published:
            entry.published(published)
        entry.updated(updated)
        if author := _printable(row.get("author")):
            entry.author(name=author)
        if summary := _printable(row.get("summary")):
            entry.summary(summary)
        if content := _printable(row.get("content_html")):
            entry.content(content, type="html")
        elif not url.startswith(("http://", "https://")):
            entry.content(heading)  # an entry without a link needs content (RFC 4287, 4.1.1.1)
    feed.updated(newest)
    return FeedExport(feed.atom_str(pretty=True), len(ids), len(rows) - len(ids))


def _printable(value: object) -> str:
    """Text that XML 1.0 can hold (2.2)."""
    return "" if value is None else _UNPRINTABLE.sub("", str(value)).strip()


def _moment(value: object) -> datetime | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    raise WarehouseError(f"published_at and updated_at must be times, and one is {value!r}; cast it to TIMESTAMPTZ")


# --- files ----------------------------------------------------------------------------------------------------------


def write_file(target: Path, data: bytes) -> None:
    """Replace the file as a whole. Raises NewsmillError where it can't be written."""
    with _replacing(target) as file:
        file.write(data)


@contextmanager
def _replacing(target: Path) -> Iterator[BinaryIO]:
    """A file to write, which takes the target's place when all of it is written."""
    draft = target.with_name(f".newsmill-export-{os.getpid()}.draft")
    with _explained(target):
        try:
            with draft.open("wb") as file:
                yield file
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)


@contextmanager
def _compressing(file: BinaryIO, suffix: str) -> Iterator[BinaryIO]:
    if suffix == ".gz":
        with gzip.GzipFile(fileobj=file, mode="wb", mtime=0) as packed:
            yield cast(BinaryIO, packed)
    elif suffix == ".zst":
        import zstandard

        with zstandard.ZstdCompressor(level=10).stream_writer(file, closefd=False) as packed:
            yield cast(BinaryIO, packed)
    else:
        yield file


@contextmanager
def _work(folder: Path) -> Iterator[Path]:
    """An empty folder for drafts, gone afterwards; what a killed export left in it is removed first.

    Raises NewsmillError while another export has it, and for what goes wrong with files in the meantime.
    """
    with _explained(folder.parent):
        is_new = not folder.parent.exists()
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            _lock(handle, folder)
            try:
                for left in folder.iterdir():
                    shutil.rmtree(left) if left.is_dir() else left.unlink()
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)
                if is_new:
                    with suppress(OSError):
                        folder.parent.rmdir()  # where nothing was written into it
        finally:
            os.close(handle)


def _lock(handle: int, folder: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise NewsmillError(f"{folder.parent}: another export is writing there; let it finish") from error
    except OSError as error:
        if error.errno not in (errno.EBADF, errno.ENOTSUP, errno.ENOLCK, errno.EINVAL):
            raise  # some network file systems lock no folders


@contextmanager
def _explained(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise NewsmillError(
            f"{error.filename2 or error.filename or place}: can't be written ({error.strerror}); free space, mend the "
            "rights, or name another place"
        ) from error
