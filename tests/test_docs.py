"""The documentation is true: its commands run, its output is what they print, its SQL finds rows, its links lead."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import duckdb
import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from flows.cli.main import cli
from tasks.registry.feeds_file import read_feeds
from tasks.settings import Settings
from tests.conftest import TIMEOUT
from tests.places import ROOT
from tests.sites.faults import GOOD_FEED
from tests.sites.sample import SampleSite
from tests.sites.server import Page, SiteServer
from tests.tasks.backfill.archives import article, write_archive

pytestmark = pytest.mark.timeout(900)  # all commands run in one fixture

DOCUMENTS = [
    ROOT / "README.md",
    *(
        ROOT / "docs" / f"{name}.md"
        for name in ("operator", "rhythm", "settings", "analyst", "archivist", "backfill", "scaling")
    ),
]
LINKED = [*DOCUMENTS, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]

ELSEWHERE = {
    r"make (demo|test)": "CI runs `make test`; tests/test_demo.py the demo",
    r"make serve": "tests/flows/prefect_server/test_serving.py",
    r"prefect (automation|global-concurrency-limit) .*": "tests/flows/prefect_server/test_deploying.py",
    r"docker .*": "no engine runs here; tests/flows/test_pools.py lints the image",
    r"pip install .*": "make test installs newsmill from the clone",
    r"export PREFECT_API_URL=.*": "tests/flows/prefect_server/test_deploying.py",
    r"prefect (work-pool|deploy|deployment|worker) .*": "tests/flows/prefect_server/test_deploying.py",
    r"prefect (variable|block) .*|export NEWSMILL_WAREHOUSE=.*": "tests/flows/test_config.py",
    r"newsmill doctor.*": "tests/flows/test_doctor.py: other tests' deployments have no worker any more",
    r"newsmill deploy": "tests/flows/prefect_server/test_deploying.py",
    r"newsmill server stop": "it would stop the server that all tests share; tests/conftest.py runs it",
    r"newsmill backfill wayback .*": "tests/tasks/backfill/test_wayback.py, against a copy of the API",
    r"newsmill backfill archive https://git\..*": "tests/tasks/backfill/test_archive.py",
}
"""Commands that are not run here: what they look like, and what runs them."""

FAILING = {"newsmill feeds check": 1}
"""Commands that are to fail, with their exit status: one of the sample's feeds is dead."""

EDITED_BEFORE = "docs/operator.md"
"""The sample site publishes its next edition before this document's commands."""

PAGE = Page(
    b"""<html lang="en"><head><title>The berth opens</title>
<meta property="article:published_time" content="2024-05-01T08:30:00+02:00"></head>
<body><article><h1>The berth opens</h1><p>The new berth at the quay opened this morning, after two years of work.</p>
<p>The first ferry took forty passengers and their bicycles across; the harbour master himself cast off the ropes.</p>
<p>From tomorrow on there are six crossings a day, and eight on Sundays, as long as the weather allows it.</p>
</article></body></html>""",
    "text/html",
)
SITEMAP = Page(
    b"""<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
<url><loc>https://example.org/2024/berth</loc><lastmod>2024-05-01</lastmod></url></urlset>""",
    "application/xml",
)

FENCED = re.compile(r"^(?P<above>[^\n]*)\n```(?P<language>\w+)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block and where it stands."""

    place: str
    language: str
    body: str
    above: str


@dataclass(frozen=True)
class Command:
    """A line of a console block, and the output that is shown below it."""

    place: str
    line: str
    shown: tuple[str, ...]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def blocks(*languages: str) -> list[Block]:
    found = []
    for path in DOCUMENTS:
        text = path.read_text(encoding="utf-8")
        for match in FENCED.finditer(text):
            place = f"{name_of(path)}:{text.count(chr(10), 0, match.start('body')) + 1}"
            found.append(Block(place, match["language"], match["body"], match["above"]))
    return [block for block in found if block.language in languages]


def commands() -> Iterator[Command]:
    for block in blocks("console"):
        for part in re.split(r"^\$ ", block.body, flags=re.MULTILINE)[1:]:
            line, *shown = part.splitlines()
            yield Command(block.place, line, tuple(shown))


def runs_elsewhere(line: str) -> bool:
    return any(re.fullmatch(pattern, line) for pattern in ELSEWHERE)


def bare(text: str) -> str:
    """Text to compare by: without white space, as columns are as wide as the terminal, and with any digits alike."""
    return re.sub(r"\d+", "0", re.sub(r"\s+", "", text))


@dataclass(frozen=True)
class Ran:
    """A folder after all commands of the documents, and what went wrong on the way."""

    folder: Path
    problems: tuple[str, ...]
    count: int


@pytest.fixture(scope="module")
def ran(
    prefect_home: Path,
    newsmill_environment: dict[str, str],
    program: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Ran:
    """Every command of the documents, in their order, in one folder."""
    folder = tmp_path_factory.mktemp("docs")
    environment = {name: value for name, value in newsmill_environment.items() if name != "NEWSMILL_WAREHOUSE"}
    environment |= {"PATH": f"{program.parent}:{Path(sys.executable).parent}:{environment['PATH']}"}
    environment |= {"NEWSMILL_BACKFILL_PAUSE": "0"}
    front = Page(b'<link rel="alternate" type="application/rss+xml" href="/feed">', "text/html")
    problems: list[str] = []
    count, edited = 0, False
    write_history(folder)
    pages = {"/": front, "/feed": GOOD_FEED, "/2024/berth": PAGE}
    with SampleSite() as site, SiteServer(pages) as other:
        sitemap = SITEMAP.body.replace(b"https://example.org", other.url("").encode())
        other.pages["/sitemap.xml"] = Page(sitemap, SITEMAP.media_type)
        names = {"https://example.org": other.url(""), "example-org": "127-0-0-1"}
        (folder / "feeds.toml").write_text(site.feeds_toml(), encoding="utf-8")
        for command in commands():
            if runs_elsewhere(command.line):
                continue
            if command.place.startswith(EDITED_BEFORE) and not edited:
                site.edit()
                edited = True
            count += 1
            line = substituted(command.line, names)
            done = subprocess.run(
                ["/bin/sh", "-c", line],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=TIMEOUT,
                check=False,
            )
            said = f"{command.place}: {line}\n{done.stdout}\n{done.stderr}"
            if done.returncode != FAILING.get(command.line, 0):
                problems.append(f"exit status {done.returncode} of {said}")
            elif missing := first_missing(substituted("\n".join(command.shown), names), done.stdout):
                problems.append(f"{missing!r} is not in the output of {said}")
    return Ran(folder, tuple(problems), count)


def write_history(folder: Path) -> None:
    """What the documents backfill: an archive, saved feeds, a WARC file."""
    write_archive(folder / "archive", {f"quay/{number}.md": article(number) for number in (1, 2, 3)})
    for day in ("20240101T000000Z", "20240102T000000Z"):
        write_archive(folder / "saved", {f"{day}.xml": GOOD_FEED.body})
    with (folder / "crawl.warc.gz").open("wb") as file:
        writer = WARCWriter(file, gzip=True)
        headers = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
        body = io.BytesIO(PAGE.body)
        writer.write_record(
            writer.create_warc_record("https://quay.example/p", "response", payload=body, http_headers=headers)
        )


def substituted(text: str, names: dict[str, str]) -> str:
    for name, stands_for in names.items():
        text = text.replace(name, stands_for)
    return text


def first_missing(shown: str, printed: str) -> str | None:
    """The first line shown that was not printed, or not in that place."""
    rest = bare(printed)
    for line in shown.splitlines():
        if bare(line) in ("", "…"):
            continue
        _, found, rest = rest.partition(bare(line))
        if not found:
            return line
    return None


def test_commands_work_and_print_what_is_shown(ran: Ran) -> None:
    assert ran.count > 20
    assert not ran.problems, "\n\n".join(ran.problems)


@pytest.mark.parametrize("block", blocks("sql"), ids=lambda block: block.place)
def test_sql_finds_rows(ran: Ran, block: Block) -> None:
    with duckdb.connect(str(ran.folder / "warehouse/data/news.duckdb"), read_only=True) as news:
        found = news.execute(block.body).fetchall()
    assert found or "may be empty" in block.above


@pytest.mark.parametrize("block", blocks("python"), ids=lambda block: block.place)
def test_python_runs(ran: Ran, block: Block) -> None:
    done = subprocess.run(
        [sys.executable, "-c", block.body], cwd=ran.folder, capture_output=True, text=True, timeout=TIMEOUT, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("block", blocks("toml"), ids=lambda block: block.place)
def test_toml_is_read(tmp_path: Path, block: Block) -> None:
    if "[[feed]]" in block.body:
        (tmp_path / "feeds.toml").write_text(block.body, encoding="utf-8")
        assert read_feeds(tmp_path / "feeds.toml")
    else:
        Settings.model_validate(tomllib.loads(block.body))


def test_blocks_are_of_a_kind_that_is_tested() -> None:
    for path in DOCUMENTS:
        fences = re.findall(r"^```(.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert set(fences[::2]) <= {"console", "sql", "python", "toml"}, name_of(path)
        assert not any(fences[1::2]), name_of(path)
    every = sum(path.read_text(encoding="utf-8").count("\n```") for path in DOCUMENTS) // 2
    assert len(blocks("console", "sql", "python", "toml")) == every


@pytest.mark.parametrize("pattern", ELSEWHERE)
def test_what_runs_elsewhere_is_still_in_the_documents(pattern: str) -> None:
    if pattern == r"newsmill server stop":
        return  # a precaution
    assert any(re.fullmatch(pattern, command.line) for command in commands())


# --- tables of the README -------------------------------------------------------------------------------------------


def table(path: Path, heading: str) -> list[list[str]]:
    """The rows of the table with this first heading, cell by cell."""
    lines = iter(path.read_text(encoding="utf-8").splitlines())
    for line in lines:
        if line.startswith(f"| {heading} |"):
            break
    next(lines)
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def test_settings_table_has_every_setting_with_its_default() -> None:
    settings = ROOT / "docs" / "settings.md"
    rows = {name.strip("`"): default for name, default, _ in table(settings, "variable")}
    assert list(rows) == [f"NEWSMILL_{name.upper()}" for name in Settings.model_fields]
    for name, field in Settings.model_fields.items():
        told = rows[f"NEWSMILL_{name.upper()}"].strip("`")
        if isinstance(field.default, bool):
            assert told == str(field.default).lower(), name
        elif isinstance(field.default, int | float | str | Path):
            assert told == str(field.default), name


def test_settings_named_in_the_documents_exist() -> None:
    known = {f"NEWSMILL_{name.upper()}" for name in Settings.model_fields}
    for path in LINKED:
        named = set(re.findall(r"NEWSMILL_[A-Z0-9_]*[A-Z0-9]", path.read_text(encoding="utf-8")))
        assert named <= known, name_of(path)


def test_command_table_has_every_command() -> None:
    there = set()
    for name, command in cli.commands.items():
        if isinstance(command, click.Group):
            there |= {f"newsmill {name} {each}" for each in command.commands}
        else:
            there.add(f"newsmill {name}")
    told = [re.sub(r" (\[?[A-Z].*)", "", row[0].strip("`")) for row in table(DOCUMENTS[0], "command")]
    assert sorted(told) == sorted(there)


# --- links ----------------------------------------------------------------------------------------------------------


def anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", LINKED, ids=name_of)
def test_links_lead_somewhere(path: Path) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", path.read_text(encoding="utf-8")):
        if "://" in link:
            continue
        target, _, anchor = link.partition("#")
        file = (path.parent / target).resolve() if target else path
        assert file.is_file(), f"{name_of(path)}: {link}"
        assert ROOT in file.parents, f"{name_of(path)}: {link}"
        assert not anchor or anchor in anchors(file), f"{name_of(path)}: {link}"
