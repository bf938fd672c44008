"""Commands that fail."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import Newsmill


def complaint(newsmill: Newsmill, *arguments: str | Path) -> str:
    """The command's error message. It exits with 1 and prints one line, nothing else."""
    done = newsmill(*arguments)
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr
