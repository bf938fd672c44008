"""Settings kept by Prefect's server: variables for any setting, a block for a warehouse, Secret blocks for secrets.

`prefect block register -m tasks.blocks` registers the block's type with a server.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from prefect.blocks.core import Block
from prefect.blocks.system import Secret
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.context import FlowRunContext
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_API_URL
from pydantic import Field

from tasks.errors import ServerError
from warehouse.errors import NewsmillError

VARIABLE = "newsmill_"
"""Prefix of the variables' names: newsmill_contact is the setting contact."""


class NewsmillWarehouse(Block):
    """A warehouse and the paths of its other files; a run whose setting `warehouse` is `block:NAME` uses them."""

    _block_type_name = "newsmill-warehouse"
    _description = "A newsmill warehouse: NEWSMILL_WAREHOUSE=block:NAME uses it. Empty fields are set otherwise."

    warehouse: str = Field(description="The pipeline's own DuckDB file; or ducklake:sqlite:… or ducklake:postgres:…")
    data_path: str | None = Field(None, description="Where a lake keeps its Parquet files: a folder, or s3://…")
    s3_endpoint: str | None = Field(None, description="host:port of the S3 store; Amazon's own by default")
    s3_region: str | None = Field(None, description="The S3 store's region")
    published: str | None = Field(None, description="The analysts' copy; news.duckdb beside the warehouse")
    landing: str | None = Field(None, description="The landing zone; landing/ beside the warehouse")
    image_store: str | None = Field(None, description="The image store; images/ beside the warehouse")


def read_warehouse_block(name: str) -> dict[str, Any]:
    """The settings in a warehouse block, without its empty fields. Raises NewsmillError."""
    data = _read_block(NewsmillWarehouse, name)
    return {field: data[field] for field in NewsmillWarehouse.model_fields if data.get(field) not in (None, "")}


def read_secret(name: str) -> str:
    """The value of a Secret block. Raises NewsmillError."""
    return str(_read_block(Secret, name)["value"])


def read_variables(settings: Collection[str]) -> dict[str, Any]:
    """Those of the settings that are Prefect variables, by their names. Raises ServerError."""
    with _client() as client:
        values = {variable.name: variable.value for variable in client.read_variables()}
    return {name: values[VARIABLE + name] for name in settings if VARIABLE + name in values}


def _read_block(kind: type[Block], name: str) -> dict[str, Any]:
    slug = kind.get_block_type_slug()
    with _client() as client:
        try:
            return client.read_block_document_by_name(name, slug).data
        except ObjectNotFound as error:
            raise NewsmillError(
                f"settings: Prefect's server has no block {slug}/{name}; make it in the UI under Blocks "
                "(`prefect block register -m tasks.blocks` adds the type), or name another"
            ) from error


@contextmanager
def _client() -> Iterator[SyncPrefectClient]:
    # without an address and outside of a run, Prefect would start a temporary server, which has no blocks
    if not PREFECT_API_URL.value() and not FlowRunContext.get():
        raise ServerError(
            "settings: a block or variable is kept by Prefect's server, and no server is set; set PREFECT_API_URL "
            "(`newsmill server start` prints the local one's)"
        )
    try:
        with get_client(sync_client=True) as client:
            yield client
    except (httpx.TransportError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "Failed to reach API" not in str(error):
            raise
        raise ServerError(
            f"settings: Prefect's server at {PREFECT_API_URL.value()} doesn't answer "
            f"({error or type(error).__name__}); start it, or fix PREFECT_API_URL"
        ) from error
