"""DuckDB's extensions, loaded from their wheels: INSTALL would first copy them into the home folder."""

from __future__ import annotations

from importlib.metadata import version
from importlib.resources import files

import duckdb

from warehouse.errors import WarehouseError
from warehouse.store.quoting import literal


def load_extension(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Load the extension into the connection's DuckDB. Raises WarehouseError if it is missing or cannot be loaded."""
    package = f"duckdb-extension-{name.replace('_', '-')}"
    try:
        file = files(f"duckdb_extension_{name}") / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"
    except ModuleNotFoundError as error:
        raise WarehouseError(
            f"DuckDB's extension {name} is not installed; pip install {package}=={duckdb.__version__}"
        ) from error
    if not file.is_file():
        raise WarehouseError(
            f"DuckDB's extension {name} is not installed for DuckDB {duckdb.__version__}; both must have the same "
            f"version: pip install duckdb=={version(package)} {package}=={version(package)}"
        )
    try:
        connection.execute(f"LOAD {literal(str(file))}")
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise WarehouseError(
            f"DuckDB's extension {name} can't be loaded ({reason}); pip install --force-reinstall {package}"
        ) from error
