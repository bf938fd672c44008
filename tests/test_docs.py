"""The documentation is true: its commands run and print what it shows, its SQL returns rows, its links work."""

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
from tasks.settings import FOLDER, SETTINGS, load_settings
from tests.conftest import TIMEOUT
from tests.places import ROOT
from tests.sites.faults import GOOD_FEED
from tests.sites.feedless import FeedlessSite
from tests.sites.sample import SampleSite
from tests.sites.server import Page, SiteServer
from tests.tasks.backfill.archives import article, write_archive

pytestmark = pytest.mark.timeout(900)  # all commands run in one fixture

DOCUMENTS = [
    ROOT / "README.md",
    *(
        ROOT / "docs" / f"{name}.md"
        for name in (
            *("operator", "running", "containers", "feeds", "upkeep"),
            *("alerts", "installing", "full-text", "filters", "access", "forget", "outbox", "rhythm"),
            *("settings", "analyst", "archivist", "backfill", "rules", "scaling"),
        )
    ),
]
ARCHITECTURE = ROOT / "docs" / "architecture.md"
LINKED = [
    *DOCUMENTS,
    ARCHITECTURE,
    ROOT / "docs" / "metrics.md",
    ROOT / "docs" / "reliability.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
]

ELSEWHERE = {
    r"make (demo|test)": "CI runs `make test`; tests/test_demo.py runs the demo",
    r"make serve": "tests/flows/prefect_server/test_serving.py",
    r"make wheel|python3 -m venv .*|(/srv/newsmill/bin/)?pip install .*|.*newsmill serve": "tests/flows/test_wheel.py",
    r"export (PATH|PREFECT_SERVER_API_AUTH_STRING)=.*": "tests/flows/test_wheel.py",
    r"sudo .*|journalctl .*": "no systemd runs here; tests/flows/installation/test_making.py verifies the unit",
    r"printf .* > \.env": "tests/flows/test_compose.py",
    r"newsmill restore .*": "tests/flows/cli/test_installation.py; here, the server that all tests share runs",
    r"newsmill run .*": "tests/flows/prefect_server/test_following.py",
    r"newsmill alerts .*|cat mail\.address": "tests/flows/prefect_server/test_alerting.py",
    r"(newsmill )?prefect (automation|global-concurrency-limit) .*": "tests/flows/prefect_server/test_deploying.py",
    r"docker .*": "no container engine here; tests/flows/test_pools.py lints the image",
    r"export PREFECT_API_URL=.*": "tests/flows/prefect_server/test_deploying.py",
    r"prefect (work-pool|deploy|worker) .*": "tests/flows/prefect_server/test_deploying.py",
    r"prefect (variable|block) .*|export NEWSMILL_WAREHOUSE=.*": "tests/flows/cli/test_config.py",
    r"newsmill doctor.*": "tests/flows/cli/test_doctor.py; here, other tests have left deployments without a worker",
    r"newsmill deploy": "tests/flows/prefect_server/test_deploying.py",
    r"newsmill server stop": "it would stop the server that all tests share; tests/conftest.py runs it at the end",
    r"newsmill (pages.*|ingest --no-pages)": "tests/flows/test_full_text.py",
    r"newsmill backfill wayback .*": "tests/tasks/backfill/test_wayback.py, against a copy of the API",
    r"newsmill backfill archive https://git\..*": "tests/tasks/backfill/test_archive.py",
}
"""Commands that are not run here: their pattern, and what runs them or why they cannot run."""

FAILING = {"newsmill feeds check": 1, "newsmill feeds check --feeds members.toml harbour-en": 1}
"""Commands that must fail, with their exit status: one of the sample's feeds is dead, one's secret has no value."""

EDITED_BEFORE = "docs/running.md"
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
TEASER = Page(
    b"""<rss version="2.0"><channel><title>Harbour notices</title><link>https://example.org/</link>
<item><title>The berth opens</title><link>https://example.org/2024/berth</link><guid>berth</guid>
<description>The new berth at the quay opened this morning, ...</description>
<pubDate>Wed, 01 May 2024 08:30:00 +0200</pubDate></item></channel></rss>""",
    "application/rss+xml",
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

    location: str
    """File and line."""
    language: str
    body: str
    above: str
    """The line above it."""


@dataclass(frozen=True)
class Command:
    """A command of a console block, and the output that the document shows below it."""

    location: str
    line: str
    output: tuple[str, ...]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def blocks(*languages: str) -> list[Block]:
    fenced = []
    for path in DOCUMENTS:
        text = path.read_text(encoding="utf-8")
        for match in FENCED.finditer(text):
            location = f"{name_of(path)}:{text.count(chr(10), 0, match.start('body')) + 1}"
            fenced.append(Block(location, match["language"], match["body"], match["above"]))
    return [block for block in fenced if block.language in languages]


def commands() -> Iterator[Command]:
    for block in blocks("console"):
        for part in re.split(r"^\$ ", block.body, flags=re.MULTILINE)[1:]:
            line, *output = part.splitlines()
            yield Command(block.location, line, tuple(output))


def runs_elsewhere(line: str) -> bool:
    return any(re.fullmatch(pattern, line) for pattern in ELSEWHERE)


def comparable(text: str) -> str:
    """The text without white space, since column widths depend on the terminal, and with every number as 0."""
    return re.sub(r"\d+", "0", re.sub(r"\s+", "", text))


@dataclass(frozen=True)
class Outcome:
    """The folder in which all commands of the documents ran, and the problems."""

    folder: Path
    problems: tuple[str, ...]
    count: int


@pytest.fixture(scope="module")
def outcome(
    prefect_home: Path,
    newsmill_environment: dict[str, str],
    program: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Outcome:
    """Run every command of the documents, in their order, in one folder."""
    folder = tmp_path_factory.mktemp("docs")
    environment = {name: value for name, value in newsmill_environment.items() if name != "NEWSMILL_WAREHOUSE"}
    environment |= {"PATH": f"{program.parent}:{Path(sys.executable).parent}:{environment['PATH']}"}
    environment |= {"NEWSMILL_BACKFILL_PAUSE": "0", "NEWSMILL_FULL_TEXT": "auto"}
    front = Page(b'<link rel="alternate" type="application/rss+xml" href="/feed">', "text/html")
    problems: list[str] = []
    count, edited = 0, False
    write_history(folder)
    pages = {"/": front, "/2024/berth": PAGE}
    with SampleSite() as site, SiteServer(pages) as other, FeedlessSite() as feedless:
        for path, page in {"/feed": TEASER, "/sitemap.xml": SITEMAP}.items():
            own = page.body.replace(b"https://example.org", other.url("").encode())
            other.pages[path] = Page(own, page.media_type)
        addresses = {"https://example.org": other.url(""), "example-org": "127-0-0-1"}
        addresses |= {"https://pilots.example": feedless.url(""), "pilots-example": "127-0-0-1"}
        (folder / "feeds.toml").write_text(site.feeds_toml(), encoding="utf-8")
        for command in commands():
            if runs_elsewhere(command.line):
                continue
            if command.location.startswith(EDITED_BEFORE) and not edited:
                site.edit()
                edited = True
            count += 1
            line = substitute(command.line, addresses)
            process = subprocess.run(
                ["/bin/sh", "-c", line],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=TIMEOUT,
                check=False,
            )
            report = f"{command.location}: {line}\n{process.stdout}\n{process.stderr}"
            if process.returncode != FAILING.get(command.line, 0):
                problems.append(f"exit status {process.returncode} of {report}")
            elif missing := first_missing(substitute("\n".join(command.output), addresses), process.stdout):
                problems.append(f"{missing!r} is not in the output of {report}")
    return Outcome(folder, tuple(problems), count)


def write_history(folder: Path) -> None:
    """Write what the documents backfill: an archive, saved feeds, a WARC file; and a site pattern."""
    (folder / "patterns").mkdir()
    (folder / "patterns" / "127.0.0.1.txt").write_text("body: //article\nhttp_header(cookie): a=b\n", encoding="utf-8")
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


def substitute(text: str, replacements: dict[str, str]) -> str:
    for old, new in replacements.items():
        text = text.replace(old, new)
    return text


def first_missing(expected: str, printed: str) -> str | None:
    """The first expected line that was not printed, or not after the line before it; None if all were."""
    rest = comparable(printed)
    for line in expected.splitlines():
        if comparable(line) in ("", "…"):
            continue
        _, match, rest = rest.partition(comparable(line))
        if not match:
            return line
    return None


def test_commands_work_and_print_what_is_shown(outcome: Outcome) -> None:
    assert outcome.count > 20
    assert not outcome.problems, "\n\n".join(outcome.problems)


@pytest.mark.parametrize("block", blocks("sql"), ids=lambda block: block.location)
def test_sql_finds_rows(outcome: Outcome, block: Block) -> None:
    with duckdb.connect(str(outcome.folder / "warehouse/data/news.duckdb"), read_only=True) as news:
        rows = news.execute(block.body).fetchall()
    assert rows or "may be empty" in block.above


@pytest.mark.parametrize("block", blocks("python"), ids=lambda block: block.location)
def test_python_runs(outcome: Outcome, block: Block) -> None:
    process = subprocess.run(
        [sys.executable, "-c", block.body],
        cwd=outcome.folder,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert process.returncode == 0, process.stderr


@pytest.mark.parametrize("block", blocks("toml"), ids=lambda block: block.location)
def test_toml_is_read(tmp_path: Path, block: Block) -> None:
    if "[[feed]]" in block.body:
        (tmp_path / "feeds.toml").write_text(block.body, encoding="utf-8")
        assert read_feeds(tmp_path / "feeds.toml")
    else:
        load_settings(**tomllib.loads(block.body))


def test_blocks_are_of_a_kind_that_is_tested() -> None:
    for path in DOCUMENTS:
        fences = re.findall(r"^```(.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert set(fences[::2]) <= {"console", "sql", "python", "toml"}, name_of(path)
        assert not any(fences[1::2]), name_of(path)
    fence_pairs = sum(path.read_text(encoding="utf-8").count("\n```") for path in DOCUMENTS) // 2
    assert len(blocks("console", "sql", "python", "toml")) == fence_pairs


@pytest.mark.parametrize("pattern", ELSEWHERE)
def test_what_runs_elsewhere_is_still_in_the_documents(pattern: str) -> None:
    if pattern == r"newsmill server stop":
        return  # in no console block; listed so that it never runs by accident
    assert any(re.fullmatch(pattern, command.line) for command in commands())


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
    assert list(rows) == [f"NEWSMILL_{name.upper()}" for name in SETTINGS]
    for name, field in SETTINGS.items():
        documented = rows[f"NEWSMILL_{name.upper()}"].strip("`")
        if isinstance(field.default, bool):
            assert documented == str(field.default).lower(), name
        elif isinstance(field.default, int | float | str | Path):
            assert documented == str(field.default), name


def test_settings_named_in_the_documents_exist() -> None:
    variables = {f"NEWSMILL_{name.upper()}" for name in SETTINGS}
    variables |= {"NEWSMILL_COMPLETE", FOLDER}
    for path in LINKED:
        mentioned = set(re.findall(r"(?<!_)NEWSMILL_[A-Z0-9_]*[A-Z0-9]", path.read_text(encoding="utf-8")))
        assert mentioned <= variables, name_of(path)


def test_command_table_has_every_command() -> None:
    commands = set()
    for name, command in cli.commands.items():
        if isinstance(command, click.Group):
            commands |= {f"newsmill {name} {subcommand}" for subcommand in command.commands}
        else:
            commands.add(f"newsmill {name}")
    documented = [re.sub(r" (\[?[A-Z].*|…)", "", row[0].strip("`")) for row in table(DOCUMENTS[0], "command")]
    assert sorted(documented) == sorted(commands)


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


def test_paths_of_the_architecture_exist() -> None:
    text = ARCHITECTURE.read_text(encoding="utf-8")
    paths = re.findall(r"\b(?:docs|flows|tasks|warehouse|tests)/[\w/]*(?:\.\w+)?", text)
    assert len(paths) > 80
    assert [path for path in paths if not (ROOT / path).exists()] == []
