"""Exports: the archive form, JSON Lines, Parquet and Atom.

Memory stays about the same however many articles there are: DuckDB gets a limit and a folder to spill to, and rows are
read as a stream. Files are written beside their place and renamed, so a killed export leaves no half file.

An archive needs raw.entries, which only the pipeline's own file has, and an open reader shuts its writer out. So what
is needed is copied first, in one go, and the warehouse is let go before any file is written.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import duckdb

from warehouse.errors import NewsmillError, WarehouseError
from warehouse.export.files import DRAFTS, compressing, draft_folder, replacing
from warehouse.export.source import (
    MEMORY,
    SQL_MEMORY,
    count_rows,
    open_source,
    quote_identifier,
    select_query,
    stream_rows,
)
from warehouse.store.connection import Warehouse
from warehouse.store.sql_files import query
from warehouse.store.transactions import Connection

TABLE_ROWS = 8_192
"""Rows of clean.articles that are read at once, their texts included."""
_PARTITION = re.compile(r"[^=]+=.*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ParquetExport:
    folder: Path
    rows: int
    files: int
    partitions: int
    """Folders with files; 0 where the rows are in one."""
    bytes: int


def export_jsonl(source: Path | Warehouse, target: Path | BinaryIO, *, sql: str | None = None) -> int:
    """Write one JSON object a line: every current article with its images, or the query's rows. Returns how many.

    Times are RFC 3339 in UTC. A path that ends in .gz or .zst is compressed. Raises WarehouseError, and NewsmillError
    where the file can't be written.
    """
    with open_source(source, SQL_MEMORY if sql else MEMORY) as connection:
        lines = _json_lines(connection, sql) if sql else _article_lines(connection)
        if not isinstance(target, Path):
            return _write_lines(lines, target)
        with replacing(target) as file, compressing(file, target.suffix) as packed:
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
    rows = count_rows(connection, "SELECT coalesce(max(rowid) + 1, 0) FROM clean.articles")
    for start in range(0, rows, TABLE_ROWS):
        found = connection.execute(query("export_articles"), [start, start + TABLE_ROWS - 1])
        yield from (line for (line,) in stream_rows(found))


def _json_lines(connection: Connection, sql: str) -> Iterator[str]:
    connection.execute("SET preserve_insertion_order = true")
    relation = select_query(connection, sql)
    shown = ", ".join(map(_as_json, relation.columns, map(str, relation.types)))
    found = relation.query("chosen", f"SELECT to_json(each)::VARCHAR FROM (SELECT {shown} FROM chosen) AS each")  # noqa: S608
    yield from (line for (line,) in stream_rows(found))


def _as_json(column: str, kind: str) -> str:
    """The column as JSON can hold it: RFC 3339 times, and no NaN or infinity."""
    name = quote_identifier(column)
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"strftime({name} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ') AS {name}"
    if kind in ("DOUBLE", "FLOAT"):
        return f"CASE WHEN isfinite({name}) THEN {name} END AS {name}"
    return name


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
    with draft_folder(folder.with_name(f".{folder.name}{DRAFTS}")) as work:
        aside = folder.with_name(f".{folder.name}.newsmill-before")
        if aside.exists() and not folder.exists():
            aside.replace(folder)  # an export was killed between the two renames
        shutil.rmtree(aside, ignore_errors=True)
        draft = work / "draft"
        draft.mkdir()
        with open_source(source, SQL_MEMORY if sql else MEMORY) as connection:
            # as many rows wait for each partition's file before they are written
            connection.execute("SET partitioned_write_flush_threshold = 4096")
            relation = select_query(connection, sql) if sql else _table(connection, table)
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
    return connection.sql(f"FROM {quote_identifier(schema)}.{quote_identifier(table)}")


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
