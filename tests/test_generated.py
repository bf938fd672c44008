"""Generated documents are current, and a new mart or setting appears in them with nothing else edited."""

from __future__ import annotations

import difflib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.places import ROOT

MART = """\
-- topic: How much
-- note: An article without categories is left out.
-- unit categories: categories
-- example:
--   SELECT feed_id, categories
--   FROM marts.test_categories
CREATE OR REPLACE VIEW marts.test_categories AS
SELECT feed_id, count(DISTINCT category) AS categories
FROM (SELECT feed_id, unnest(categories) AS category FROM clean.articles)
GROUP BY feed_id;
COMMENT ON VIEW marts.test_categories IS 'How many categories a feed uses.';
COMMENT ON COLUMN marts.test_categories.feed_id IS 'The feed; its id in feeds.toml';
COMMENT ON COLUMN marts.test_categories.categories IS 'Number of different categories: counted in clean.articles';
"""
READ_COMMENTS = """
import json
from warehouse.publish.catalogue import empty_warehouse
with empty_warehouse() as connection:
    connection.execute("FROM marts.test_categories").fetchall()
    comments = connection.execute(
        "SELECT comment FROM duckdb_views() WHERE view_name = 'test_categories' UNION ALL "
        "SELECT comment FROM duckdb_columns() WHERE table_name = 'test_categories'"
    ).fetchall()
print(json.dumps(comments))
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A copy of what the documents are generated from and to."""
    for name in ("tasks", "warehouse", "docs"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "data"))
    shutil.copy(ROOT / "prefect.yaml", tmp_path)
    return tmp_path


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def make_docs(root: Path) -> dict[str, str]:
    """Runs docs/generate.py. The lines that it adds to each document, by its path; it may remove none."""
    before = read_documents(root)
    done = run(root, "docs/generate.py")
    assert done.returncode == 0, done.stderr
    after = read_documents(root)
    assert before.keys() <= after.keys()
    return {path: added_lines(before.get(path, ""), text) for path, text in after.items() if text != before.get(path)}


def added_lines(before: str, after: str) -> str:
    changes = [line for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line[0] in "+-"]
    assert all(line.startswith("+") for line in changes), changes
    return "\n".join(line[2:] for line in changes)


def read_documents(root: Path) -> dict[str, str]:
    paths = [*(root / "docs").rglob("*.md"), root / "prefect.yaml"]
    return {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def test_the_documents_are_current() -> None:
    done = run(ROOT, "docs/generate.py", "--check")
    assert done.returncode == 0, done.stderr


def test_a_new_mart_is_one_file(clone: Path) -> None:
    (clone / "warehouse" / "marts" / "test_categories.sql").write_text(MART)
    changes = make_docs(clone)
    pages = {"docs/analyst.md", "docs/schema.md", "docs/sql.md", "docs/tables/marts.test_categories.md"}
    assert changes.keys() == pages
    assert changes["docs/analyst.md"].startswith(
        "| [`marts.test_categories`](tables/marts.test_categories.md) | How many"
    )
    assert "### marts.test_categories\n\nView. How many categories a feed uses.\n" in changes["docs/schema.md"]
    assert (
        "[`marts.test_categories`](tables/marts.test_categories.md): How many categories a feed uses. An article "
        "without categories is left out.\n\n```sql\nSELECT feed_id, categories\nFROM marts.test_categories\n```\n"
    ) in (clone / "docs" / "sql.md").read_text(encoding="utf-8")
    page = changes["docs/tables/marts.test_categories.md"]
    assert "| `categories` | BIGINT | categories | Number of different categories: counted in clean.articles |" in page
    assert "An article without categories is left out." in page
    assert "## Example\n\n```sql\nSELECT feed_id, categories\nFROM marts.test_categories\n```" in page
    assert "## SQL\n\n```sql\nCREATE OR REPLACE VIEW marts.test_categories AS\n" in page
    done = run(clone, "-c", READ_COMMENTS)
    assert done.returncode == 0, done.stderr
    assert sorted(json.loads(done.stdout)) == [
        ["How many categories a feed uses."],
        ["Number of different categories: counted in clean.articles"],
        ["The feed; its id in feeds.toml"],
    ]
    assert run(clone, "docs/generate.py", "--check").returncode == 0


def test_a_new_setting_is_its_field(clone: Path) -> None:
    add_field(clone, 'berths: int = _setting(whole(1), 4, "Berths of the harbour")')
    assert make_docs(clone) == {"docs/settings.md": "| `NEWSMILL_BERTHS` | 4 | Berths of the harbour |"}


def test_a_setting_without_a_description_is_an_error(clone: Path) -> None:
    add_field(clone, 'berths: int = _setting(whole(1), 4, "")')
    done = run(clone, "docs/generate.py")
    assert (done.returncode, done.stderr) == (1, "tasks/settings.py: the setting berths has no description\n")


def test_check_names_what_is_stale_and_writes_nothing(clone: Path) -> None:
    schema, page = clone / "docs" / "schema.md", clone / "docs" / "tables" / "marts.no_more.md"
    schema.write_text("# Tables and views\n")
    page.write_text("# marts.no_more\n")
    done = run(clone, "docs/generate.py", "--check")
    assert done.returncode == 1
    assert done.stderr == "out of date, run `make docs`: docs/schema.md, docs/tables/marts.no_more.md\n"
    assert schema.read_text() == "# Tables and views\n"
    assert run(clone, "docs/generate.py").returncode == 0
    assert not page.exists()
    assert schema.read_text(encoding="utf-8") == (ROOT / "docs" / "schema.md").read_text(encoding="utf-8")


def test_a_mart_under_an_unknown_topic_is_an_error(clone: Path) -> None:
    (clone / "warehouse" / "marts" / "test_categories.sql").write_text(MART.replace("How much", "How many"))
    done = run(clone, "docs/generate.py")
    assert done.returncode == 1
    assert "warehouse/marts/test_categories.sql: docs/sql.md has no topic 'How many'; it has The past, " in done.stderr


def test_a_mart_that_makes_another_view_is_an_error(clone: Path) -> None:
    (clone / "warehouse" / "marts" / "berths.sql").write_text(MART)
    done = run(clone, "docs/generate.py")
    assert done.returncode == 1
    assert done.stderr == "warehouse/marts/berths.sql must make the view marts.berths or the macro berths\n"


def add_field(clone: Path, field: str) -> None:
    """At the end of the settings' fields."""
    path = clone / "tasks" / "settings.py"
    text = path.read_text(encoding="utf-8")
    before, method, after = text.partition("\n    @property\n    def location(")
    assert method
    path.write_text(f"{before}    {field}\n{method}{after}", encoding="utf-8")
