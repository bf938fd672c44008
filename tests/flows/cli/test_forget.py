"""`forget` on the command line: what it asks for, and what it says. tests/flows/test_forget.py forgets."""

from __future__ import annotations

import pytest

from tests.conftest import Newsmill
from tests.flows.cli.complaining import complaint


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((), "name articles (--article, --url), or feeds and a day"),
        (("--article", "a", "--feed", "b", "--yes"), "name articles"),
        (("--finish", "--feed", "b"), "name articles"),
        (("--before", "2026-01-01", "--shared", "--yes"), "--shared goes with --feed"),
        (("--article", "a"), "add --yes to forget, or --dry-run"),
        (("--url", "mailto:quay", "--dry-run"), "mailto:quay is no address of the web"),
    ],
)
def test_arguments_that_make_no_sense(bare: Newsmill, arguments: tuple[str, ...], problem: str) -> None:
    done = bare("forget", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert problem in done.stderr


def test_no_warehouse_yet(bare: Newsmill) -> None:
    assert "there is no warehouse yet" in complaint(bare, "forget", "--article", "a", "--dry-run")


def test_it_says_what_would_go_and_changes_nothing(filled: Newsmill) -> None:
    done = filled("forget", "--feed", "harbour-zh", "--before", "2100-01-01", "--dry-run")
    assert "6 articles in 6 versions, 6 entries" in done.stdout, done.stderr
    assert "… and 1 more" in done.stdout
    nothing = filled("forget", "--url", "https://quay.example/nowhere", "--dry-run")
    assert nothing.stdout == "nothing matches, or it was forgotten before\n"
