"""The demo as `make demo` runs it, in an empty folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.places import ROOT


def test_demo_ends_with_articles_on_the_screen(tmp_path: Path, prefect_home: Path) -> None:
    environment = os.environ | {"NEWSMILL_HOME": str(prefect_home), "PYTHONPATH": str(ROOT), "COLUMNS": "160"}
    ran = subprocess.run(
        [sys.executable, "-m", "tests.sites.demo"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "18 new, 0 changed" in ran.stdout
    assert "the server answered 404 Not Found" in ran.stdout
    assert "2 new, 2 changed" in ran.stdout
    assert "夜班小巴接驳末班轮渡" in ran.stdout
    assert "A night bus will meet the last ferry" in ran.stdout
    assert (tmp_path / "demo" / "news.duckdb").exists()
