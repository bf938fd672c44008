"""What a milling process has imported when it starts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys
from tasks.mill.pool import open_milling_pool
from tasks.settings import Settings

if __name__ == "__main__":
    with open_milling_pool(Settings(workers=1), []) as pool:
        asked = pool.processes.schedule(eval, args=("sorted(__import__('sys').modules)",))
        print(*asked.result())
    assert sys.modules["__main__"].open_milling_pool is open_milling_pool
"""


COPIES = """
import os
from tasks.mill.pool import open_milling_pool
from tasks.settings import Settings

if __name__ == "__main__":
    with open_milling_pool(Settings(workers=2), []) as pool:
        asked = [pool.processes.schedule(os.getppid) for _ in range(20)]
        print(*{call.result() for call in asked}, os.getpid())
    assert "PYTHONSAFEPATH" not in os.environ
"""


@pytest.mark.parametrize("arguments", [["program.py"], ["-m", "program"]])
def test_milling_processes_import_what_milling_needs_and_not_the_program(tmp_path: Path, arguments: list[str]) -> None:
    """Prefect runs a deployment with `python -m prefect.engine`: each milling process imported Prefect again."""
    (tmp_path / "program.py").write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True
    )
    imported = set(done.stdout.split())
    assert "tasks.mill.document" in imported
    assert imported.isdisjoint(["tasks.mill.pool", "tasks.settings"]), "what the program imports, but no document needs"
    assert done.stderr == ""


def test_milling_processes_import_nothing_from_the_current_folder(tmp_path: Path) -> None:
    """An operator's folder may have a `tasks/` of its own."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "program.py").write_text(PROGRAM)
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "__init__.py").write_text("raise SystemExit('the tasks of the current folder')")
    done = subprocess.run(
        [sys.executable, "bin/program.py"], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True
    )
    assert "tasks.mill.document" in done.stdout.split()
    assert done.stderr == ""


def test_milling_processes_are_copies_of_one_that_has_imported_what_they_need(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(COPIES)
    done = subprocess.run(
        [sys.executable, "program.py"], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True
    )
    parents, program = done.stdout.split()
    assert parents != program
    assert done.stderr == ""
