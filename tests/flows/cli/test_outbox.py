"""`outbox` on the command line: what it asks for. tests/flows/test_outbox.py posts."""

from __future__ import annotations

import pytest

from tests.conftest import Newsmill
from tests.flows.cli.complaining import complaint

TABLE = '[[outbox]]\nname = "index"\nurl = "https://quay.example/"\nsecret = "{env:INDEX_SECRET}"\n'


def test_without_a_cursor_or_a_command(bare: Newsmill) -> None:
    done = bare("outbox")
    assert done.returncode == 2
    assert "give --since CURSOR" in done.stderr


def test_no_outbox(bare: Newsmill) -> None:
    assert "newsmill.toml has no [[outbox]]" in complaint(bare, "outbox", "send")


def test_an_unknown_name(bare: Newsmill) -> None:
    (bare.folder / "newsmill.toml").write_text(TABLE)
    assert 'there is no outbox "indx"; newsmill.toml has index' in complaint(bare, "outbox", "send", "indx")


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        (TABLE.replace("{env:INDEX_SECRET}", "sesame"), 'must be a reference, such as "{env:OUTBOX_SECRET}"'),
        (TABLE.replace("https:", "ftp:"), "must begin with https://"),
        (TABLE.replace("index", "The Index"), "must be of lower-case letters"),
        (TABLE + 'events = ["born"]\n', "'new', 'edited' or 'removed'"),
        (TABLE + TABLE, "two are called index"),
    ],
)
def test_a_table_that_makes_no_sense(bare: Newsmill, table: str, problem: str) -> None:
    (bare.folder / "newsmill.toml").write_text(table)
    message = complaint(bare, "outbox", "send")
    assert problem in message
    assert "from newsmill.toml" in message
    assert "sesame" not in message


def test_the_settings_show_it_without_secrets(bare: Newsmill) -> None:
    (bare.folder / "newsmill.toml").write_text(TABLE.replace("example/", "example/?token=sesame"))
    assert "outbox\tindex → https://quay.example/?token=…\tnewsmill.toml" in bare("config").stdout


def test_events_are_shown_in_a_table(filled: Newsmill) -> None:
    done = filled("outbox", "--since", "0", "--limit", "5")
    lines = done.stdout.splitlines()
    assert lines[0].split("\t") == ["cursor", "event", "feed", "title", "article"]
    assert [line.split("\t")[:2] for line in lines[1:]] == [[str(n), "new"] for n in range(1, 6)]
    assert "5 events; go on with --since 5" in done.stderr
