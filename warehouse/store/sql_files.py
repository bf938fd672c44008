"""The SQL files of this package: queries, migrations, marts."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files


@cache
def migrations() -> tuple[tuple[int, str, str], ...]:
    """(number, file name, SQL), in order."""
    numbered = []
    for file in (files("warehouse") / "schema").iterdir():
        if file.name.endswith(".sql"):
            numbered.append((int(file.name.split("_")[0]), file.name, file.read_text(encoding="utf-8")))
    return tuple(sorted(numbered))


@cache
def marts() -> tuple[str, str]:
    """The digest of all views' SQL, and the SQL."""
    sources = sorted((f.name, f.read_text("utf-8")) for f in (files("warehouse") / "marts").iterdir())
    sql = "\n".join(text for name, text in sources if name.endswith(".sql"))
    return hashlib.sha256(sql.encode()).hexdigest()[:16], sql


@cache
def query(name: str) -> str:
    """The text of warehouse/queries/<name>.sql."""
    return (files("warehouse") / "queries" / f"{name}.sql").read_text(encoding="utf-8")
