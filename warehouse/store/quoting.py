"""Literals and identifiers for SQL statements that take no parameters: ATTACH, COPY, LOAD, SET, CREATE SECRET."""

from __future__ import annotations

from pathlib import Path


def literal(value: str | Path) -> str:
    """The value as an SQL string, quotes included."""
    return "'" + str(value).replace("'", "''") + "'"


def identifier(name: str) -> str:
    """The name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
