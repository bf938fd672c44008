"""Writes the documents, or the parts of documents, that are generated from the code.

`make docs` writes them; `python docs/generate.py --check` writes nothing, names those that are out of date, and exits 1
if there are any. What this module generates in a document that is written by hand stands between two markers:

    <!-- generated: NAME -->
    …
    <!-- /generated -->

and in a YAML file between `# generated: NAME` and `# /generated`.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import MISSING, Field
from functools import cache
from pathlib import Path
from typing import Any

from tasks.backfill.sources import SOURCES, SourceKind
from tasks.settings import SETTINGS
from warehouse.errors import NewsmillError
from warehouse.publish import dictionary
from warehouse.publish.catalogue import Catalogue, empty_warehouse, read_catalogue
from warehouse.publish.dictionary import escaped
from warehouse.publish.mart_files import MartFile, mart_files
from warehouse.read.metrics import FILE_METRICS, metric_heads

ROOT = Path(__file__).resolve().parent.parent
TABLES = Path("docs", "tables")
"""Every file in this folder is generated: those of tables that no longer exist are deleted."""

_PART = re.compile(
    r"(<!-- generated: ([^\n]+) -->\n).*?(<!-- /generated -->)"
    r"|(^ *# generated: ([^\n]+)\n).*?(^ *# /generated$)",
    re.DOTALL | re.MULTILINE,
)


def sql_page(text: str) -> str:
    """docs/sql.md: each mart's description and example, under the heading that the mart's file names as its topic."""
    marts = mart_files()
    topics = part_names(text)
    for mart in marts.values():
        if mart.topic not in topics:
            raise NewsmillError(
                f"warehouse/marts/{mart.name}.sql: docs/sql.md has no topic {mart.topic!r}; it has {', '.join(topics)}"
            )
    parts = {
        topic: "\n\n".join(_mart_section(mart) for mart in marts.values() if mart.topic == topic) for topic in topics
    }
    return fill_parts(text, parts)


def _mart_section(mart: MartFile) -> str:
    title, page, comment = _described(mart)
    text = f"[`{title}`](tables/{page}.md): {escaped(comment)}"
    if mart.note:
        text += f" {mart.note}"
    if mart.empty_in_demo:
        text += f" In the demo it is empty: {mart.empty_in_demo}."
    return f"{text}\n\n```sql\n{mart.example}\n```"


def _described(mart: MartFile) -> tuple[str, str, str]:
    """The title, the page's name and the comment of the view or macro that the file makes."""
    if mart.is_macro:
        for macro in _catalogue().macros:
            if macro.name == mart.name:
                return macro.signature, macro.name, macro.comment
    for relation in _catalogue().relations:
        if relation.full_name == f"marts.{mart.name}":
            return relation.full_name, relation.full_name, relation.comment
    raise NewsmillError(
        f"warehouse/marts/{mart.name}.sql must make the view marts.{mart.name} or the macro {mart.name}"
    )


def analyst_page(text: str) -> str:
    """docs/analyst.md: the table of the marts."""
    table = ["| view or macro | shows |", "| --- | --- |"]
    for mart in mart_files().values():
        title, page, comment = _described(mart)
        table.append(f"| [`{title}`](tables/{page}.md) | {escaped(comment)} |")
    return fill_parts(text, {"marts": "\n".join(table)})


def settings_page(text: str) -> str:
    """docs/settings.md: the table of all settings."""
    return fill_parts(text, {"settings": "\n".join(_settings_table())})


def _settings_table() -> Iterator[str]:
    yield from ("| variable | default | meaning |", "| --- | --- | --- |")
    for name, setting in SETTINGS.items():
        default = _default(setting)
        description = setting.metadata["description"]
        if not description:
            raise NewsmillError(f"tasks/settings.py: the setting {name} has no description")
        yield f"| `NEWSMILL_{name.upper()}` | {default}{' ' if default else ''}| {escaped(description)} |"


def _default(setting: Field[Any]) -> str:
    """Empty if there is none, or if it depends on the machine: the description says it then."""
    value = setting.default
    if value in (MISSING, None, ()):
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return str(value) if isinstance(value, int | float) else f"`{value}`"


def metrics_page(text: str) -> str:
    """docs/metrics.md: the table of the metrics."""
    table = ["| metric | label | value |", "| --- | --- | --- |"]
    for metric in (*metric_heads().values(), *FILE_METRICS):
        label = f"`{metric.label}`" if metric.label else ""
        table.append(f"| `{metric.name}` | {label}{' ' if label else ''}| {escaped(metric.help)} |")
    return fill_parts(text, {"metrics": "\n".join(table)})


def backfill_page(text: str) -> str:
    """docs/backfill.md: the table of the sources."""
    table = ["| source | reads | `source` of its articles |", "| --- | --- | --- |"]
    table += [f"| `{kind.name}` | {escaped(kind.reads)} | `{kind.source}` |" for kind in SOURCES.values()]
    return fill_parts(text, {"sources": "\n".join(table)})


def prefect_yaml(text: str) -> str:
    """prefect.yaml: a deployment for each source of a backfill."""
    return fill_parts(text, {"backfill deployments": "\n\n".join(map(_deployment, SOURCES.values()))})


def _deployment(kind: SourceKind) -> str:
    return f"""  - name: {kind.deployment}
    entrypoint: flows/backfill.py:{kind.name}
    description: {json.dumps(f"Backfill from {kind.reads}.")}
    tags: [newsmill, backfill]
    work_pool: *pool"""


def fill_parts(text: str, parts: dict[str, str]) -> str:
    """The text with each part, by its name, between its markers. Raises NewsmillError for a part without markers."""
    names = part_names(text)
    if missing := parts.keys() - names:
        raise NewsmillError(f"there is no `<!-- generated: {sorted(missing)[0]} -->` with its end in the document")

    def fill(match: re.Match[str]) -> str:
        start, name, end = filter(None, match.groups())
        return f"{start}{parts[name]}\n{end}"

    return _PART.sub(fill, text)


def part_names(text: str) -> list[str]:
    return [match[2] or match[5] for match in _PART.finditer(text)]


@cache
def _catalogue() -> Catalogue:
    with empty_warehouse() as connection:
        return read_catalogue(connection)


def dictionary_pages() -> dict[str, str]:
    """docs/schema.md and docs/tables: the text of each by its path."""
    return {f"docs/{path}": text for path, text in dictionary.documents(_catalogue()).items()}


DOCUMENTS: dict[str, Callable[[str], str]] = {
    "docs/analyst.md": analyst_page,
    "docs/sql.md": sql_page,
    "docs/settings.md": settings_page,
    "docs/metrics.md": metrics_page,
    "docs/backfill.md": backfill_page,
    "prefect.yaml": prefect_yaml,
}
"""For each document with generated parts, by its path, the function that makes its text anew from its present text."""


def generate() -> dict[str, str]:
    """The text of each generated document, by its path."""
    documents = {path: function((ROOT / path).read_text(encoding="utf-8")) for path, function in DOCUMENTS.items()}
    return documents | dictionary_pages()


def stale_documents(documents: dict[str, str]) -> list[str]:
    """Paths of documents that are not as generated, or that are left over from a table that no longer exists."""
    stale = [path for path, text in documents.items() if _content(ROOT / path) != text]
    pages = {path.relative_to(ROOT).as_posix() for path in (ROOT / TABLES).glob("*.md")}
    return sorted({*stale, *(pages - documents.keys())})


def _content(path: Path) -> str | None:
    return path.read_bytes().decode() if path.is_file() else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a document is out of date")
    check: bool = parser.parse_args().check
    try:
        documents = generate()
    except NewsmillError as error:
        sys.exit(str(error))
    stale = stale_documents(documents)
    if check:
        sys.exit(f"out of date, run `make docs`: {', '.join(stale)}" if stale else 0)
    for path in stale:
        if path in documents:
            (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / path).write_bytes(documents[path].encode())
        else:
            (ROOT / path).unlink()


if __name__ == "__main__":
    main()
