"""Export of rows as JSON Lines and Parquet.

Memory does not grow with the number of articles: DuckDB gets a limit and a folder for what exceeds it, and rows are
read as a stream. Files are drafts until they are complete, so a killed export leaves no partial file.
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
from warehouse.export.source import MEMORY, SQL_MEMORY, fetch_count, open_source, select_query, stream_rows
from warehouse.store.connection import Warehouse
from warehouse.store.quoting import identifier
from warehouse.store.sql_files import query
from warehouse.store.transactions import Connection

TABLE_ROWS = 8_192
"""Rows of clean.articles, with their texts, that one query reads."""
_PARTITION = re.compile(r"[^=]+=.*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ParquetExport:
    folder: Path
    rows: int
    files: int
    partitions: int
    """Folders with files; 0 without partitioning."""
    bytes: int


def export_jsonl(source: Path | Warehouse, target: Path | BinaryIO, *, sql: str | None = None) -> int:
    """Write one JSON object per line: every current article with its images, or the query's rows. Returns how many.

    Times are RFC 3339 in UTC. A path that ends in .gz or .zst is compressed. Raises WarehouseError, and NewsmillError
    if the file can't be written.
    """
    with open_source(source, SQL_MEMORY if sql else MEMORY) as connection:
        lines = _json_lines(connection, sql) if sql else _article_lines(connection)
        if not isinstance(target, Path):
            return _write_lines(lines, target)
        with replacing(target) as file, compressing(file, target.suffix) as compressed:
            return _write_lines(lines, compressed)


def _write_lines(lines: Iterator[str], file: BinaryIO) -> int:
    count = 0
    for line in lines:
        file.write(line.encode("utf-8", "replace") + b"\n")
        count += 1
    file.flush()
    return count


def _article_lines(connection: Connection) -> Iterator[str]:
    """In ranges of rows: one query over everything would keep all images in memory to join them."""
    connection.execute("SET threads = 1")  # a range is too small to split, and two threads take twice the memory
    rows = fetch_count(connection, "SELECT coalesce(max(rowid) + 1, 0) FROM clean.articles")
    for start in range(0, rows, TABLE_ROWS):
        result = connection.execute(query("export_articles"), [start, start + TABLE_ROWS - 1])
        yield from (line for (line,) in stream_rows(result))


def _json_lines(connection: Connection, sql: str) -> Iterator[str]:
    connection.execute("SET preserve_insertion_order = true")
    relation = select_query(connection, sql)
    columns = ", ".join(map(_json_column, relation.columns, map(str, relation.types)))
    sql = f"SELECT to_json(line)::VARCHAR FROM (SELECT {columns} FROM given) AS line"  # noqa: S608
    yield from (line for (line,) in stream_rows(relation.query("given", sql)))


def _json_column(column: str, kind: str) -> str:
    """The column as JSON can hold it: RFC 3339 times, and no NaN or infinity."""
    name = identifier(column)
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

    The column `month`, that of published_at (`month=2024-05`), is added and is the default partition; without
    published_at there is one file. The folder is replaced as a whole, so it must be empty or an earlier export. Raises
    WarehouseError, and NewsmillError if the folder holds something else or can't be written.
    """
    _check_replaceable(folder)
    folder = folder.resolve()
    with draft_folder(folder.with_name(f".{folder.name}{DRAFTS}")) as work:
        previous = folder.with_name(f".{folder.name}.newsmill-before")
        if previous.exists() and not folder.exists():
            previous.replace(folder)  # an export was killed between the two renames
        shutil.rmtree(previous, ignore_errors=True)
        draft = work / "draft"
        draft.mkdir()
        with open_source(source, SQL_MEMORY if sql else MEMORY) as connection:
            # rows that each partition keeps in memory before it writes them
            connection.execute("SET partitioned_write_flush_threshold = 4096")
            relation = select_query(connection, sql, folders=[str(work)]) if sql else _table_relation(connection, table)
            if "published_at" in relation.columns and "month" not in relation.columns:
                with_month = relation.project("*, strftime(published_at::TIMESTAMP, '%Y-%m') AS month")
                relation = with_month if "month" in partition or not partition else relation
            partition_by = list(partition) or [name for name in relation.columns if name == "month"]
            if unknown := [name for name in partition_by if name not in relation.columns]:
                raise WarehouseError(
                    f"there is no column {', '.join(unknown)} to partition by; there are: {', '.join(relation.columns)}"
                )
            if set(partition_by) == set(relation.columns):
                raise WarehouseError("every column is one to partition by, and the files would be empty; name fewer")
            if partition_by:
                relation.write_parquet(str(draft), partition_by=partition_by, compression="zstd")
            else:
                relation.write_parquet(str(draft / "data_0.parquet"), compression="zstd")
        written = sorted(draft.rglob("*.parquet"))
        rows = _count_parquet_rows(written)
        size = sum(path.stat().st_size for path in written)
        if folder.exists():
            folder.replace(previous)
        draft.replace(folder)
        shutil.rmtree(previous, ignore_errors=True)
    partitions = len({path.parent for path in written}) if partition_by else 0
    return ParquetExport(folder, rows, len(written), partitions, size)


def _count_parquet_rows(files: Sequence[Path]) -> int:
    from pyarrow import parquet  # slow to import, and only this needs it

    return sum(parquet.read_metadata(path).num_rows for path in files)


def _table_relation(connection: Connection, name: str) -> duckdb.DuckDBPyRelation:
    """The table or view of that name. Raises WarehouseError if there is none."""
    rows = connection.execute(
        "SELECT table_schema || '.' || table_name FROM information_schema.tables "
        "WHERE table_catalog = current_database() "
        "AND table_schema IN ('raw', 'clean', 'ops', 'marts', 'search') ORDER BY ALL"
    ).fetchall()
    tables = [table for (table,) in rows]
    if name not in tables:
        raise WarehouseError(f"there is no table {name}; there are: {', '.join(tables)}")
    schema, _, table = name.partition(".")
    return connection.sql(f"FROM {identifier(schema)}.{identifier(table)}")


def _check_replaceable(folder: Path) -> None:
    """Raises NewsmillError if replacing the folder would destroy anything but an earlier export."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise NewsmillError(f"{folder}: not a folder; name another")
    for _, folders, files in os.walk(folder):
        others = [name for name in folders if not _PARTITION.fullmatch(name)]
        others += [name for name in files if not name.endswith(".parquet")]
        if others:
            raise NewsmillError(
                f"{folder}: holds what is not an earlier export ({sorted(others)[0]}) and would be replaced; "
                "name another"
            )
