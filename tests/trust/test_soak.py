"""A few rounds of tests/trust/soak.py, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.places import ROOT


def test_a_few_rounds_lose_nothing_and_leave_nothing_open(
    newsmill_environment: Mapping[str, str], prefect_home: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.trust.soak", "--feeds", "40", "--rounds", "3"],
        cwd=ROOT,
        env=dict(newsmill_environment),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].startswith("3 rounds, "), done.stdout
    assert done.stdout.splitlines()[-1].endswith(" 0 wrong"), done.stdout
