"""What monitoring is told: warehouse/queries/metrics.sql, whose head names each metric, and what the files say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from warehouse.errors import WarehouseError
from warehouse.store.connection import Warehouse
from warehouse.store.sql_files import query

_HEAD = re.compile(r"^-- (newsmill_\w+)(?: (\w+))?: (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Metric:
    """A gauge: what it says, and its value, or one for each value of its label."""

    name: str
    help: str
    label: str = ""
    """The label's name; empty: the metric has one value and no label."""
    values: Mapping[str, float] = field(default_factory=dict)
    """By the label's value, which is empty where there is no label. Without an entry, there is nothing to say: the time
    of the newest article of an empty warehouse."""


READABLE = Metric(
    "newsmill_warehouse_readable", "Whether the warehouse can be read: 1 or 0; `newsmill doctor` says why not"
)
FILE_BYTES = Metric(
    "newsmill_file_bytes", "Size of a database: warehouse, published (the analysts' copy), prefect", "file"
)
WAITING = Metric("newsmill_documents_waiting", "Documents that landed and are not loaded yet")
FILE_METRICS = (READABLE, FILE_BYTES, WAITING)
"""What is not read from the warehouse's tables."""


@cache
def metric_heads() -> dict[str, Metric]:
    """Each metric by its name, without values, in the order of the file."""
    return {name: Metric(name, text, label or "") for name, label, text in _HEAD.findall(query("metrics"))}


def read_metrics(warehouse: Warehouse) -> tuple[Metric, ...]:
    """Raises WarehouseLockedError while a run writes, and WarehouseError if the warehouse cannot be read.

    A row is a metric's name, its label's value and its value.
    """
    values: dict[str, dict[str, float]] = {name: {} for name in metric_heads()}
    with warehouse.reading() as connection:
        rows = connection.execute(query("metrics")).fetchall()
    for name, label, value in rows:
        if name not in values:
            raise WarehouseError(f"warehouse/queries/metrics.sql: its head does not name {name}")
        if value is not None:
            values[name][label or ""] = float(value)
    return tuple(Metric(head.name, head.help, head.label, values[head.name]) for head in metric_heads().values())
