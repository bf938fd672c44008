"""The tree keeps its shape: tests mirror the modules, files and functions stay short."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.places import ROOT

PACKAGES = ("flows", "tasks", "warehouse")
MAX_LINES = 400
MAX_FUNCTION_LINES = 60

UNMIRRORED = {
    # Only definitions: nothing in them runs.
    "tasks/errors.py": "exceptions",
    "tasks/text/tags.py": "sets of tag names",
    "warehouse/access.py": "a dataclass",
    "warehouse/errors.py": "exceptions",
    "warehouse/counts.py": "a dataclass",
    "warehouse/page_answers.py": "dataclasses",
    "warehouse/feed.py": "a dataclass",
    "warehouse/page_request.py": "dataclasses",
    "warehouse/feed_descriptions.py": "dataclasses",
    "warehouse/records.py": "dataclasses",
    "warehouse/rules.py": "dataclasses",
    "warehouse/watermark.py": "a dataclass",
    # What they do shows only in what calls them.
    "warehouse/export/atom_enclosures.py": "tests/warehouse/export/test_atom.py",
    # What they do shows only in a run, on a Prefect server.
    "flows/images.py": "tests/flows/test_ingest.py runs it, tests/flows/test_crash.py kills it",
    "flows/on_dask.py": "tests/flows/test_partition.py",
    "flows/publish.py": "tests/flows/cli/test_pipeline.py, tests/flows/prefect_server/test_serving.py",
    "flows/run/alerts.py": "tests/flows/prefect_server/test_alerting.py sets off the automations",
    "flows/run/client.py": "tests/flows/test_outcome.py: a host that refuses is left alone over runs",
    "flows/run/pending.py": "tests/flows/test_crash.py: the run after a killed one",
    "flows/run/robots.py": "tests/flows/test_feedless.py: a robots.txt counts for a day, over runs",
    "flows/run/waiting.py": "tests/flows/prefect_server/test_serving.py has runs wait",
    "flows/run/recording.py": "tests/flows/test_outcome.py reads ops.runs",
    "tasks/orchestration/steps.py": "every test of a flow; tests/flows/test_outcome.py for what is tried again",
    # A part of one other module, tested through it.
    "flows/cli/checkup.py": "tests/flows/cli/test_doctor.py",
    "flows/cli/options.py": "the tests of the commands that take them",
    "flows/installation/places.py": "tests/flows/installation/test_backing_up.py, test_restoring.py there",
    "flows/cli/rule_trial.py": "tests/flows/cli/test_rules.py",
    "tasks/clean/template_endings.py": "tests/tasks/clean/test_template_lines.py",
    "tasks/clean/template_links.py": "tests/tasks/clean/test_template_lines.py",
    "tasks/clean/template_phrases.py": "tests/tasks/clean/test_template_lines.py",
    "tasks/parse/page_drops.py": "tests/tasks/parse/test_page_choice.py",
    "tasks/backfill/forms.py": "tests/tasks/backfill/test_sources.py",
    "tasks/parse/list_words.py": "tests/tasks/parse/test_list_page.py, tests/tasks/parse/test_list_links.py",
    "tasks/fetch/trying.py": "tests/tasks/fetch/test_images.py, test_pages.py there",
    "tasks/registry/feed_checks.py": "tests/tasks/registry/test_feed_table.py",
    "tasks/registry/feed_ids.py": "tests/tasks/registry/test_feed_table.py",
    "tasks/registry/feed_problems.py": "tests/tasks/registry/test_feed_table.py",
    "tasks/parse/page_source.py": "tests/tasks/parse/test_page.py",
    "tasks/text/page_encoding.py": "tests/tasks/parse/test_page.py",
    "tasks/parse/expat.py": "tests/tasks/parse/test_feed.py, tests/tasks/backfill/test_sitemap_files.py",
    "tasks/outbox_table.py": "tests/flows/cli/test_outbox.py",
    "warehouse/load/events.py": "tests/tasks/test_outbox.py",
    "warehouse/load/outbox.py": "tests/tasks/test_outbox.py",
    "tasks/publish.py": "tests/warehouse/load/test_duplicates.py, tests/warehouse/publish/test_copy.py",
    "warehouse/publish/draft.py": "tests/warehouse/publish/test_copy.py",
    "warehouse/store/folders.py": "tests/warehouse/store/test_opening.py",
    "warehouse/store/sql_files.py": "tests/warehouse/store/test_migrating.py",
}
"""Module without a test file of its own → why, or where it is tested."""
LONG_FILES: dict[str, str] = {"tasks/settings.py": "a field of two or three lines for each setting"}
"""File of more than MAX_LINES lines → why it is not split."""
LONG_FUNCTIONS: dict[str, str] = {}
"""Function of more than MAX_FUNCTION_LINES lines, as file:name → why it is not split."""


def modules() -> Iterator[Path]:
    """Paths from the root."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT)


def test_each_module_has_its_test_file_or_a_reason() -> None:
    without = {
        path.as_posix()
        for path in modules()
        if path.name != "__init__.py" and not (ROOT / "tests" / path.parent / f"test_{path.name}").exists()
    }
    assert without == set(UNMIRRORED)


@pytest.mark.parametrize("module", UNMIRRORED)
def test_the_test_files_that_a_reason_names_exist(module: str) -> None:
    words = UNMIRRORED[module].replace(",", " ").replace(":", " ").replace(";", " ").split()
    for word in words:
        assert not word.startswith("tests/") or (ROOT / word).is_file()


def test_files_are_short() -> None:
    long = {path.as_posix() for path in modules() if len((ROOT / path).read_text("utf-8").splitlines()) > MAX_LINES}
    assert long == set(LONG_FILES)


def test_functions_are_short() -> None:
    long = set()
    for path in modules():
        for node in ast.walk(ast.parse((ROOT / path).read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > MAX_FUNCTION_LINES:
                    long.add(f"{path.as_posix()}:{node.name}")
    assert long == set(LONG_FUNCTIONS)


def test_no_sentence_sends_its_reader_to_a_page_of_docs() -> None:
    """Whoever installed the wheel has no docs/. A command's docstring is its help."""
    pages = set()
    for path in modules():
        nodes = list(ast.walk(ast.parse((ROOT / path).read_text("utf-8"))))
        comments = {node.value for node in nodes if isinstance(node, ast.Expr)}
        for node in nodes:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.decorator_list:
                comments -= {part.value for part in node.body[:1] if isinstance(part, ast.Expr)}
        shown = (node for node in nodes if isinstance(node, ast.Constant) and node not in comments)
        pages |= {f"{path}:{node.lineno}" for node in shown if re.search(r"docs/[\w-]+\.md", str(node.value))}
    assert pages == set()
