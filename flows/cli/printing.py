"""The two consoles of the command line, and how a value is printed in a table cell or as JSON."""

from __future__ import annotations

from datetime import datetime

from rich.console import Console

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def plain_value(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, list):
        return ", ".join(map(str, value))
    text = str(value)
    return text if len(text) <= 500 else text[:499] + "…"
