"""What a shell completes with the Tab key."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests import preloaded
from tests.conftest import Newsmill
from tests.places import ROOT
from tests.sites.sample import SampleSite


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        (["ing"], ["ingest"]),
        (["ingest", "harbour-z"], ["harbour-zh"]),
        (["ingest", "harbour-zh", "harbour-z"], []),
        (["ingest", "--gr"], ["--group"]),
        (["ingest", "--group", ""], ["harbour"]),
        (["feeds", "check", "harbour-w"], ["harbour-world"]),
        (["backfill", "wa"], ["wayback", "warc"]),
        (["ingest", "--feeds", "gone.toml", "harbour-z"], []),
        (["run", "backfill-wa"], ["backfill-wayback", "backfill-warc"]),
    ],
)
def test_names_are_completed(bare: Newsmill, site: SampleSite, typed: Sequence[str], completed: Sequence[str]) -> None:
    bare.registry(site.feeds_toml())
    (bare.folder / "prefect.yaml").write_bytes((ROOT / "prefect.yaml").read_bytes())
    words = {"COMP_WORDS": " ".join(["newsmill", *typed]), "COMP_CWORD": str(len(typed))}
    asking = replace(
        bare,
        environment={**bare.environment, **words, "_NEWSMILL_COMPLETE": "bash_complete"},
        program=preloaded.REAL,
    )
    done = asking()
    assert done.stderr == ""
    assert [line.partition(",")[2] for line in done.stdout.splitlines() if line] == list(completed)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_line_of_the_documentation_sets_a_shell_up(bare: Newsmill, shell: str) -> None:
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed here")
    lines = {
        "bash": 'eval "$(_NEWSMILL_COMPLETE=bash_source newsmill)"; complete -p newsmill',
        "zsh": 'autoload -U compinit; compinit -u; eval "$(_NEWSMILL_COMPLETE=zsh_source newsmill)"; '
        "print $_comps[newsmill]",
        "fish": "_NEWSMILL_COMPLETE=fish_source newsmill | source; complete --command newsmill",
    }
    path = f"{preloaded.REAL.parent}:{bare.environment['PATH']}"
    done = subprocess.run(
        [shell, "-c", lines[shell]],
        cwd=bare.folder,
        env={**bare.environment, "PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "_newsmill_completion" in done.stdout
