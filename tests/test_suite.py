"""The suite ends on any machine: on a worker's death, on a hang, and however slow a property's first example is.

Each test runs pytest over a small folder, with the hooks of tests/suite.py and the options of `make test`. The bounds
in seconds tell a run that ends from one that hangs; nothing here has to be fast.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.places import ROOT
from tests.watchdog import VARIABLE

pytestmark = pytest.mark.timeout(280)

HANGS = 240.0
"""Seconds after which a run counts as hanging."""
WITHIN = 60.0
"""Seconds a run may go on after a worker's death."""
HOOKS = (
    "from tests.suite import pytest_collection_modifyitems, pytest_configure, "
    "pytest_xdist_auto_num_workers, pytest_xdist_make_scheduler\n"
)
OTHERS = "import pytest\n@pytest.mark.parametrize('number', range(3))\ndef test_passes(number): pass\n"
IN_ANOTHER_WORKER = """
import time
def test_takes_long(): time.sleep(1000)
"""
DIES = """
import os, pathlib, signal, time
def test_before(): pass
def test_dies():
    {before}
    pathlib.Path("died").write_text(str(time.time()))
    os.kill(os.getpid(), signal.SIGKILL)
def test_after(): pass
"""
FORKS = "if os.fork() == 0: time.sleep(1000)"
"""The fork keeps the dead worker's pipe to xdist open."""
HANGING = """
import signal, time
def test_before(): pass
def test_hangs():
    {before}
    time.sleep(1000)
"""
DEAF = "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])"
"""As a call into a library that never returns to Python."""
SLOW = """
import time
from hypothesis import given, settings, strategies as st
seen = []
@given(st.integers())
def test_the_first_example_is_slow(number):
    if not seen:
        seen.append(number)
        time.sleep(2)
@st.composite
def slow_numbers(draw):
    time.sleep(0.3)
    return draw(st.integers())
@settings(max_examples=12)
@given(slow_numbers())
def test_making_examples_is_slow(number): pass
"""


def make_test_options() -> list[str]:
    """The options that `make test` gives to pytest, with two workers."""
    (options,) = re.findall(r"^test:.*\n\t.*-m pytest (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    return ["-p", "xdist", *str(options).replace("-n auto", "-n 2").split()]


ALONE = ["-p", "no:xdist"]


def run_suite(folder: Path, options: list[str], *, stalled: float = 600, **files: str) -> tuple[int, str]:
    """Exit status and output of pytest over these test files and a few that pass.

    It loads no plugins but those in the options: each worker would import them all.
    """
    (folder / "conftest.py").write_text(HOOKS)
    (folder / "pytest.ini").touch()
    for number in range(4):
        (folder / f"test_other_{number}.py").write_text(OTHERS)
    for name, text in files.items():
        (folder / f"test_{name}.py").write_text(text)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *options],
        cwd=folder,
        env=environment | {"PYTHONPATH": str(ROOT), VARIABLE: str(stalled), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=HANGS,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("before", ["pass", FORKS], ids=["", "with a fork"])
def test_a_worker_s_death_ends_the_run_and_names_the_test(tmp_path: Path, before: str) -> None:
    status, output = run_suite(tmp_path, make_test_options(), dying=DIES.format(before=before), long=IN_ANOTHER_WORKER)
    assert time.time() - float((tmp_path / "died").read_text()) < WITHIN, output
    assert status != 0, output
    assert re.search(r"FAILED test_dying.py::test_dies - worker 'gw\d' crashed while running", output), output
    assert re.search(r"the run was ended early =+\nworker gw\d died", output), output
    assert "1 failed" in output, output


@pytest.mark.parametrize(
    ("options", "before"),
    [
        pytest.param(make_test_options(), "pass", id="workers-"),
        pytest.param(make_test_options(), DEAF, id="workers-deaf to signals"),
        pytest.param(ALONE, "pass", id="alone-"),
        pytest.param(ALONE, DEAF, id="alone-deaf to signals", marks=pytest.mark.thorough),
    ],
)
def test_a_run_without_progress_ends_and_says_where_it_stood(tmp_path: Path, options: list[str], before: str) -> None:
    status, output = run_suite(tmp_path, options, stalled=4, a_hanging=HANGING.format(before=before))
    assert status != 0, output
    assert "watchdog: no test has started or ended for 4 seconds" in output, output
    assert re.search(r"running for \d+ s: test_a_hanging.py::test_hangs", output), output
    assert re.search(r'File ".*test_a_hanging.py", line 6 in test_hangs', output), output


@pytest.mark.parametrize("options", [make_test_options(), ALONE], ids=["workers", "alone"])
def test_slow_examples_are_no_failure(tmp_path: Path, options: list[str]) -> None:
    status, output = run_suite(tmp_path, options, slow=SLOW)
    assert status == 0, output
    assert "14 passed" in output, output


def test_nothing_in_the_suite_sets_a_deadline_of_its_own() -> None:
    for path in (ROOT / "tests").rglob("test_*.py"):
        assert not re.search(r"@settings\([^)]*deadline=", path.read_text(encoding="utf-8")), path
