"""The files in warehouse/marts: each makes one view or table macro, and begins with a head of comment lines.

    -- topic: How much
    -- note: What else an analyst should know; optional.
    -- empty in the demo: why the example finds nothing on the sample site; only if it does.
    -- column share: what the column holds; only for a macro, a view has COMMENT ON COLUMN.
    -- unit share: 0 to 1
    -- example:
    --   SELECT share FROM …

A line indented by two more spaces continues the one above. DuckDB runs the whole file as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from warehouse.errors import WarehouseError

_ITEM = re.compile(r"-- (topic|note|empty in the demo|example|column|unit)(?: (\w+))?:(?: (.+))?")
_CONTINUED = re.compile(r"--   (.*)")
_OF_A_COLUMN = ("column", "unit")


@dataclass(frozen=True, slots=True)
class MartFile:
    name: str
    """The file's name without .sql, and that of the view in `marts` or of the macro."""
    topic: str
    """The heading in docs/sql.md under which the example is shown."""
    note: str
    example: str
    """A query, on one or more lines."""
    empty_in_demo: str
    """Why the example finds nothing on the sample site; empty if it finds something."""
    sql: str
    """The CREATE statement."""
    columns: dict[str, str] = field(default_factory=dict)
    """What each column of a macro holds, by its name; a view has comments."""
    units: dict[str, str] = field(default_factory=dict)
    """What the numbers of each column count or measure, by its name."""

    @property
    def is_macro(self) -> bool:
        return self.sql.startswith("CREATE OR REPLACE MACRO")


@cache
def mart_files() -> dict[str, MartFile]:
    """Every file in warehouse/marts, by its name without .sql. Raises WarehouseError for a head that is wrong."""
    paths = sorted((files("warehouse") / "marts").iterdir(), key=lambda path: path.name)
    names = [path.name.removesuffix(".sql") for path in paths]
    texts = [path.read_text(encoding="utf-8") for path in paths]
    return {name: parse_mart_file(name, text) for name, text in zip(names, texts, strict=True)}


def mart_file(full_name: str) -> MartFile | None:
    """The file of a view (`marts.authors`) or a macro (`term_trend`)."""
    return mart_files().get(full_name.removeprefix("marts."))


def parse_mart_file(name: str, text: str) -> MartFile:
    lines = text.splitlines()
    length = next((number for number, line in enumerate(lines) if not line.startswith("--")), len(lines))
    items = _parse_head(name, lines[:length])
    for key in ("topic", "example"):
        if not items.get((key, "")):
            raise WarehouseError(f"warehouse/marts/{name}.sql: its head has no `-- {key}:`")
    return MartFile(
        name=name,
        topic=_joined(items["topic", ""]),
        note=_joined(items.get(("note", ""), [])),
        example="\n".join(items["example", ""]),
        empty_in_demo=_joined(items.get(("empty in the demo", ""), [])),
        sql="\n".join(lines[length:]).partition("\nCOMMENT ON")[0].strip(),
        columns={column: _joined(value) for (key, column), value in items.items() if key == "column"},
        units={column: _joined(value) for (key, column), value in items.items() if key == "unit"},
    )


def _parse_head(name: str, lines: list[str]) -> dict[tuple[str, str], list[str]]:
    """The lines of each item, by its key and its column; the column is empty for keys that have none."""
    items: dict[tuple[str, str], list[str]] = {}
    item: list[str] | None = None
    for number, line in enumerate(lines, 1):
        if item is not None and (continued := _CONTINUED.fullmatch(line)):
            item.append(continued[1])
            continue
        match = _ITEM.fullmatch(line.rstrip())
        if match is None or (match[1] in _OF_A_COLUMN) != (match[2] is not None):
            raise WarehouseError(
                f"warehouse/marts/{name}.sql, line {number}: {line!r} is not an item of the head; "
                "warehouse/publish/mart_files.py lists them"
            )
        item = items[match[1], match[2] or ""] = [match[3]] if match[3] else []
    return items


def _joined(lines: list[str]) -> str:
    return " ".join(line.strip() for line in lines)
