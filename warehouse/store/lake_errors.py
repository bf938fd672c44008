"""What DuckDB's errors about a lake mean, and what to do about them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from warehouse.errors import WarehouseConflictError, WarehouseError
from warehouse.masking import mask_passwords
from warehouse.store.lake import Lake

NO_WAREHOUSE = "there is no warehouse yet; `newsmill ingest` makes it, --warehouse names another"

_CONFLICT = re.compile(r"Transaction conflict|Exceeded the maximum retry count|database is locked|could not serialize")
_HINTS = (
    (r"password(?!\s*=)", "see NEWSMILL_CATALOG_PASSWORD"),  # not "password=" in the address, which messages repeat
    (r"Unable to connect to Postgres", "start PostgreSQL, or fix the address in NEWSMILL_WAREHOUSE"),
    (
        r"server closed the connection|terminating connection|SSL (SYSCALL|connection has been closed)|"
        r"Failed to execute query \"(ROLLBACK|COMMIT)",
        "PostgreSQL went away: make sure that it runs",
    ),
    (r"unable to open database|file is not a database", "fix the path in NEWSMILL_WAREHOUSE, or the folder's rights"),
    (r"requires the extension httpfs", "set NEWSMILL_DATA_PATH to that s3:// address"),
    (r"data_path is not set", "set NEWSMILL_DATA_PATH to a folder that all machines share, or to s3://BUCKET/FOLDER"),
    (r"DATA_PATH parameter", "set NEWSMILL_DATA_PATH to the path the lake was made with"),
    (
        r"HTTP code 40[13]|AccessDenied|InvalidAccessKeyId|SignatureDoesNotMatch",
        "the bucket refuses; see NEWSMILL_S3_KEY and NEWSMILL_S3_SECRET, and what that key may do",
    ),
    (r"NoSuchBucket|HTTP code 404", "make the bucket, or fix NEWSMILL_DATA_PATH"),
    (
        r"connect to (server|URL)|Could not (connect|establish)|HTTP|SSL",
        "the store can't be reached; see NEWSMILL_S3_ENDPOINT and NEWSMILL_S3_TLS",
    ),
    (r"No space left|Could not write", "the disk is full: free space"),
    (r"Permission denied|Read-only|read-only|readonly", "fix the rights"),
)
"""(pattern of an error's text, advice); the first match counts."""


class MissingLakeError(WarehouseError):
    """There is no lake in the catalog yet."""


@contextmanager
def explaining_lake_errors(lake: Lake) -> Iterator[None]:
    """Turn errors of the catalog and the store into WarehouseError; a wrong query stays DuckDB's own error."""
    try:
        yield
    except duckdb.Error as error:
        if explained := _explain(error, lake):
            raise explained from error
        raise


def is_conflict(error: BaseException) -> bool:
    """Whether a transaction failed because another one committed in the meantime."""
    return isinstance(error, duckdb.Error) and bool(_CONFLICT.search(str(error)))


def _explain(error: duckdb.Error, lake: Lake) -> WarehouseError | None:
    text = mask_passwords(str(error).replace(lake.connection_string, lake.catalog))
    if "does not exist - and creating a new DuckLake is explicitly disabled" in text:
        return MissingLakeError(f"{lake}: {NO_WAREHOUSE}")
    if is_conflict(error):
        return WarehouseConflictError(
            f"{lake}: others wrote at the same time ({_reason(text)}); run again: what was fetched is safe in the "
            "landing zone and will be loaded then"
        )
    storage_errors = (duckdb.IOException, duckdb.FatalException, duckdb.InternalException, duckdb.TransactionException)
    # the SQLite and PostgreSQL scanners raise plain duckdb.Error
    if not isinstance(error, storage_errors) and type(error) is not duckdb.Error and "data_path is not set" not in text:
        return None
    hint = next((hint for pattern, hint in _HINTS if re.search(pattern, text)), "fix that")
    return WarehouseError(
        f"{lake}: can't be used ({_reason(text)}); {hint}, then run again: what was fetched is safe in the landing "
        "zone and will be loaded then"
    )


def _reason(text: str) -> str:
    """All lines as one: DuckLake puts its own message above that of the catalog it asked."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " ".join(lines)[:500] if lines else "no reason given"
