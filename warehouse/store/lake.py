"""A lake (DuckLake): Parquet files in a folder or an S3 bucket, their catalog in SQLite or PostgreSQL.

This module says where a lake is and how its address is written; lake_connection opens it. Any number of processes may
read a lake, each a snapshot, without waiting. Writers hold one lock (lake_locks), as they do with a file: two
transactions that add the same article would not conflict in DuckLake, and both rows would stay.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlencode

from warehouse.errors import WarehouseError
from warehouse.masking import mask_passwords

CATALOG = "newsmill"
"""The name under which the warehouse is attached, whether it is a file or a lake."""
SCHEME = "ducklake:"
CONNECT_TIMEOUT = 10
"""Seconds to wait for PostgreSQL to answer. libpq's default is the network's, which is minutes."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """How to reach an S3 store."""

    endpoint: str | None = None
    """host:port; None for Amazon's own."""
    region: str = "us-east-1"
    key: str | None = None
    secret: str | None = field(default=None, repr=False)
    tls: bool = True


@dataclass(frozen=True, slots=True)
class Lake:
    """Where a lake is and how to connect to it."""

    kind: Literal["sqlite", "postgres"]
    catalog: str = field(repr=False)
    """The SQLite file, or libpq's connection string: key=value pairs or an address."""
    data: str | None = None
    """Folder or s3:// address of the Parquet files. None: as the catalog says; for a new SQLite one, a folder beside
    it."""
    bucket: Bucket = Bucket()
    password: str | None = field(default=None, repr=False)
    """PostgreSQL's password, if `catalog` does not hold it."""
    connect_timeout: int | None = CONNECT_TIMEOUT
    """Seconds to wait for PostgreSQL, unless `catalog` states them. None leaves it to libpq."""

    def __str__(self) -> str:
        """The lake's name in messages, without a password."""
        return f"{SCHEME}{self.kind}:{mask_passwords(self.catalog)}"

    @property
    def connection_string(self) -> str:
        """The catalog as DuckDB attaches it, with password and timeout."""
        if self.kind == "sqlite":
            return self.catalog
        options = {"password": self.password} if self.password else {}
        if "connect_timeout" not in self.catalog and self.connect_timeout is not None:
            options["connect_timeout"] = str(self.connect_timeout)
        if "://" in self.catalog:
            query = urlencode(options, quote_via=quote, safe="")
            return self.catalog + (f"{'&' if '?' in self.catalog else '?'}{query}" if query else "")
        # libpq's own quoting, which is not SQL's
        escaped = {name: value.replace("\\", "\\\\").replace("'", "\\'") for name, value in options.items()}
        return " ".join([self.catalog, *(f"{name}='{value}'" for name, value in escaped.items())])

    @property
    def is_remote(self) -> bool:
        """Whether the Parquet files are in an S3 bucket."""
        return self.data is not None and self.data.startswith("s3://")


Location = Path | Lake
"""Where a warehouse is: a DuckDB file or a lake."""


def is_lake(address: str) -> bool:
    return address.startswith(SCHEME)


def lake_at(
    address: str,
    *,
    data: str | None,
    bucket: Bucket,
    password: str | None,
    connect_timeout: int | None = CONNECT_TIMEOUT,
) -> Lake:
    """The lake at an address, ducklake:sqlite:FILE or ducklake:postgres:CONNINFO. Raises WarehouseError."""
    kind, _, catalog = address.removeprefix(SCHEME).partition(":")
    if data and not data.startswith("s3://"):
        data = str(Path(data).absolute())  # the catalog stores it, and commands may run in any folder
    data = f"{data.rstrip('/')}/" if data else None
    match kind, catalog:
        case "sqlite", str() if catalog:
            return Lake("sqlite", str(Path(catalog).absolute()), data, bucket)
        case "postgres", str() if catalog:
            return Lake("postgres", catalog, data, bucket, password, connect_timeout)
    raise WarehouseError(
        f"{mask_passwords(address)}: not the address of a lake; write ducklake:sqlite:FILE or "
        "ducklake:postgres:CONNINFO"
    )
