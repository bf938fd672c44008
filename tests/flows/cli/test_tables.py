"""Tables in a pipe, on a wide terminal and on a narrow one."""

from __future__ import annotations

import os
import re
import subprocess
from io import StringIO
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from flows.cli import tables
from flows.cli.printing import Output
from flows.cli.tables import GAP, column_widths, print_table
from tests.conftest import Newsmill
from tests.sites.sample import SampleSite

ADDRESS = "https://news.example/2026/11/29/the-late-ferry-stays-on-the-winter-timetable.html"
COLUMNS = ("id", "max(x)[red]", "url")
ROWS = [("pier", "one two three " * 5, ADDRESS), ("渡口", None, "https://港.example/"), ("quay", 3, "")]


class Terminal(Output):
    """A terminal of so many columns, and what is printed on it."""

    is_terminal = True

    def __init__(self, width: int) -> None:
        super().__init__()
        self.printed = StringIO()
        self.console = Console(file=self.printed, width=width, highlight=False)

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in self.printed.getvalue().splitlines()]


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Terminal:
    terminal = Terminal(request.param)
    monkeypatch.setattr(tables, "out", terminal)
    return terminal


@pytest.mark.parametrize("terminal", [200], indirect=True)
def test_columns_where_there_is_room(terminal: Terminal) -> None:
    print_table(COLUMNS, ROWS, title="rows [b]")
    title, header, *rows = terminal.lines
    assert title == "rows [b]"
    assert header.split() == list(COLUMNS)
    assert len(rows) == len(ROWS)
    assert rows[0].endswith(ADDRESS)


@pytest.mark.parametrize("terminal", [110], indirect=True)
def test_wide_columns_are_wrapped_between_words(terminal: Terminal) -> None:
    print_table(COLUMNS, ROWS)
    assert max(map(cell_len, terminal.lines)) <= 110
    words = " ".join(terminal.lines).split()
    assert words.count("three") == 5
    assert ADDRESS in words


@pytest.mark.parametrize("terminal", [100], indirect=True)
def test_optional_columns_are_left_out_before_a_word_is_broken(terminal: Terminal) -> None:
    print_table(("id", "name", "group", "url"), [("pier", "Pier", "dailies", ADDRESS)], optional=("group", "name"))
    assert terminal.lines == [
        f"id    name  {'url':{len(ADDRESS)}}".rstrip(),
        f"pier  Pier  {ADDRESS}",
        "left out, as the terminal is narrow: group",
    ]


@pytest.mark.parametrize("terminal", [60], indirect=True)
def test_rows_become_records_where_a_word_has_no_room(terminal: Terminal) -> None:
    print_table(("id", "name", "url"), [("pier", "[b]Pier", ADDRESS), ("quay", None, "")], optional=("name",))
    assert terminal.lines == [
        "id    pier",
        "name  [b]Pier",
        f"url   {ADDRESS}",
        "",
        "id    quay",
        "name",
        "url",
    ], "the terminal wraps the address, so that it is copied whole"


@pytest.mark.parametrize("width", range(20, 130, 7))
def test_widths_fill_what_there_is_and_break_no_word(width: int) -> None:
    cells = [["harbour-en", "one two three " * 9, "2026-11-29 08:30:05"], ["渡口", "a\nlonger-second-line", ""]]
    columns = ["feed", "title", "newest"]
    widths = column_widths(columns, cells, width)
    least = len("harbour-en") + len("longer-second-line") + len("2026-11-29") + 2 * GAP
    assert (widths is None) == (width < least)
    if widths:
        assert sum(widths) + 2 * GAP <= width
        assert widths[0] >= len("harbour-en")
        assert widths[1] >= len("longer-second-line")


def test_no_rows_and_no_columns() -> None:
    assert column_widths(["a"], [], 10) == [1]
    assert column_widths([], [], 10) == []


def test_a_pipe_gets_a_line_for_each_row(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(COLUMNS, [*ROWS, ("a\tb", "two\nlines " + "x" * 900, "")], optional=("url",))
    assert capsys.readouterr().out.splitlines() == [
        "id\tmax(x)[red]\turl",
        f"pier\t{'one two three ' * 5}".rstrip() + f"\t{ADDRESS}",
        "渡口\t\thttps://港.example/",
        "quay\t3\t",
        f"a b\ttwo lines {'x' * 900}\t",
    ]


def on_terminal(newsmill: Newsmill, width: int, *arguments: str) -> str:
    """What the command prints on a terminal of that width, without styles."""
    ours, theirs = os.openpty()
    environment = {**newsmill.environment, "COLUMNS": str(width), "TERM": "xterm"}
    with subprocess.Popen(
        [newsmill.program, *arguments],
        cwd=newsmill.folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    ):
        os.close(theirs)
        printed = b""
        try:
            while chunk := os.read(ours, 65536):
                printed += chunk
        except OSError:  # Linux' answer once the other side is closed
            pass
    os.close(ours)
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", printed.decode()).replace("\r\n", "\n")


def test_a_command_in_a_pipe_and_on_terminals(bare: Newsmill, site: SampleSite, tmp_path: Path) -> None:
    bare.registry(site.feeds_toml())
    piped = bare("feeds", "list")
    assert [line.split("\t")[0] for line in piped.stdout.splitlines()][:3] == ["id", "harbour-en", "harbour-zh"]
    wide = on_terminal(bare, 130, "feeds", "list")
    assert re.search(r"^harbour-zh +海港日报 +zh +harbour +all +feed +http://", wide, re.MULTILINE)
    narrow = on_terminal(bare, 60, "feeds", "list")
    assert re.search(rf"^harbour-zh +{site.url('/zh/feed.xml')} *$", narrow, re.MULTILINE)
    assert "left out, as the terminal is narrow: name, language, group, images" in " ".join(narrow.split())
    tiny = on_terminal(bare, 25, "feeds", "list")
    assert f"\nurl       {site.url('/zh/feed.xml')}\n" in tiny
