"""The command line: what its commands print, and how they complain."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from tests.conftest import Newsmill
from tests.sites.sample import SampleSite


@pytest.fixture(scope="module")
def site() -> Iterator[SampleSite]:
    with SampleSite() as site:
        yield site


@pytest.fixture(scope="module")
def filled(
    newsmill_in: Callable[[Path], Newsmill], tmp_path_factory: pytest.TempPathFactory, site: SampleSite
) -> Newsmill:
    """newsmill after one ingest of the sample site; tests only read it."""
    newsmill = newsmill_in(tmp_path_factory.mktemp("filled"))
    newsmill.registry(site.feeds_toml())
    assert newsmill.facts("ingest", "--no-images")["new"] == 18
    return newsmill


@pytest.fixture
def bare(newsmill_environment: dict[str, str], program: Path, tmp_path: Path) -> Newsmill:
    """newsmill in an empty folder; commands that run no flow need no Prefect server."""
    return Newsmill(tmp_path, newsmill_environment, program)


def complaint(newsmill: Newsmill, *arguments: str | Path) -> str:
    """What the command complains: exit code 1, one line, nothing else."""
    done = newsmill(*arguments)
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


# --- status and sql -------------------------------------------------------------------------------------------------


def test_status_as_json(filled: Newsmill) -> None:
    found = filled.facts("status")
    assert found["counts"]["articles"] == 18
    assert found["counts"]["versions"] == 18
    assert found["counts"]["entries"] == 20
    assert found["documents_waiting"] == 0
    assert found["runs"][0]["state"] == "partial"
    health = {feed["feed_id"]: (feed["health"], feed["articles"]) for feed in found["feeds"]}
    assert health["harbour-dead"] == ("shaky", 0)
    assert health["harbour-zh"] == ("healthy", 6)
    assert len(health) == 5


def test_status_in_words(filled: Newsmill) -> None:
    done = filled("status")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("18 articles in 18 versions, 20 entries,")


def test_sql_as_csv(filled: Newsmill) -> None:
    done = filled("sql", "SELECT title, language FROM clean.articles WHERE feed_id = 'harbour-zh' ORDER BY 1", "--csv")
    header, *lines = csv.reader(io.StringIO(done.stdout))
    assert header == ["title", "language"]
    assert len(lines) == 6
    assert ["图书馆阅览室开放至午夜", "zh"] in lines


def test_sql_as_json(filled: Newsmill) -> None:
    assert filled.facts(
        "sql", "SELECT count(*) AS n, max(published_at) > '2000-01-01' AS late FROM clean.articles"
    ) == [{"n": 18, "late": True}]


def test_sql_as_parquet(filled: Newsmill, tmp_path: Path) -> None:
    target = tmp_path / "articles.parquet"
    done = filled("sql", "SELECT title, published_at FROM clean.articles", "--parquet", target)
    assert done.stdout == f"wrote {target}\n"
    assert len(duckdb.sql(f"SELECT DISTINCT title FROM '{target}'").fetchall()) == 18


def test_sql_as_a_table_is_cut_at_the_limit(filled: Newsmill) -> None:
    done = filled("sql", "SELECT title FROM clean.articles", "--limit", "3")
    assert len(done.stdout.splitlines()) == 5
    assert done.stdout.splitlines()[-1].startswith("… 15 more rows")


def test_sql_reads_raw_only_live(filled: Newsmill) -> None:
    assert filled.facts("sql", "SELECT count(*) AS n FROM raw.entries", "--live") == [{"n": 20}]
    done = filled("sql", "SELECT count(*) FROM raw.entries")
    assert done.returncode == 1
    assert done.stderr.startswith("error: the query failed: Catalog Error")


@pytest.mark.parametrize("where", [(), ("--live",)])
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO clean.article_keys (key, article_id) VALUES ('a', 'b')",
        "DELETE FROM clean.articles",
        "DROP VIEW marts.feed_health",
    ],
)
def test_sql_cannot_write(filled: Newsmill, statement: str, where: tuple[str, ...]) -> None:
    done = filled("sql", statement, *where)
    assert done.returncode == 1
    assert "read-only mode" in done.stderr
    assert "Traceback" not in done.stderr
    assert filled.facts("sql", "SELECT count(*) AS n FROM clean.articles", *where) == [{"n": 18}]


def test_mistaken_sql_is_explained(filled: Newsmill) -> None:
    done = filled("sql", "SELECT titel FROM clean.articles")
    assert done.returncode == 1
    assert '"titel" not found' in done.stderr
    assert "Traceback" not in done.stderr


# --- a second ingest, quietly ---------------------------------------------------------------------------------------


def test_unchanged_feed_prints_only_newsmills_own_lines(
    newsmill: Newsmill, site: SampleSite, prefect_home: Path
) -> None:
    newsmill.registry(site.feeds_toml())
    assert newsmill.facts("ingest", "harbour-world")["new"] == 4
    done = newsmill("ingest", "harbour-world")
    assert done.returncode == 0
    assert done.stderr == ""
    first, second, last = done.stdout.splitlines()
    assert first == "0 new, 0 changed, 0 seen again"
    assert second == "1 feeds: 0 fetched, 1 not modified, 0 failed, 0 skipped"
    server = json.loads((prefect_home / "prefect" / "server.json").read_text())["url"]
    assert last.startswith("ingest took ")
    assert last.endswith(f" s; the run in Prefect's UI: {server}")


# --- publish, server ------------------------------------------------------------------------------------------------


def test_publish_makes_the_copy_anew(filled: Newsmill) -> None:
    filled.published.unlink()
    facts = filled.facts("publish")
    assert facts["path"] == str(filled.published)
    assert facts["bytes"] == filled.published.stat().st_size
    assert filled.facts("sql", "SELECT count(*) AS n FROM clean.articles") == [{"n": 18}]


def test_server_status_and_start_find_the_running_server(newsmill: Newsmill, prefect_home: Path) -> None:
    server = json.loads((prefect_home / "prefect" / "server.json").read_text())
    assert newsmill("server", "status").stdout == f"running at {server['url']}, process {server['pid']}\n"
    started = newsmill("server", "start")
    assert started.stdout == f"{server['url']} (PREFECT_API_URL={server['url']}/api)\n"
    assert started.stderr == "", "it is not started a second time"


def test_no_server_runs(bare: Newsmill, tmp_path: Path) -> None:
    elsewhere = bare.setting(home=tmp_path / "home")
    assert elsewhere("server", "status").stdout.startswith("not running;")
    assert elsewhere("server", "stop").stdout == "no local server was running\n"


# --- feeds ----------------------------------------------------------------------------------------------------------


def test_feeds_list(bare: Newsmill, site: SampleSite) -> None:
    bare.registry(site.feeds_toml())
    listed = {feed["id"]: feed for feed in bare.facts("feeds", "list")}
    assert set(listed) == {"harbour-en", "harbour-zh", "harbour-world", "harbour-brief", "harbour-dead"}
    assert listed["harbour-zh"]["name"] == "海港日报"
    assert listed["harbour-zh"]["timezone"] == "Asia/Shanghai"
    assert "5 feeds, 5 enabled, in feeds.toml" in bare("feeds", "list").stdout


def test_feeds_check(bare: Newsmill, site: SampleSite) -> None:
    bare.registry(site.feeds_toml())
    done = bare("feeds", "check", "--json")
    assert done.returncode == 1, "one of them is dead"
    checked = {row["feed"]: row for row in json.loads(done.stdout)}
    assert checked["harbour-dead"]["problem"].endswith("the server answered 404 Not Found")
    expected = {"harbour-en": 6, "harbour-zh": 6, "harbour-world": 4, "harbour-brief": 4}
    for feed, entries in expected.items():
        assert (checked[feed]["entries"], checked[feed]["problem"]) == (entries, None)
    assert bare("feeds", "check", "harbour-en").returncode == 0
    assert not bare.warehouse.exists(), "nothing is stored"


def test_feeds_add_discovers_the_feed_of_a_front_page(bare: Newsmill, site: SampleSite) -> None:
    added = bare("feeds", "add", site.url("/"), "--id", "harbour", "--language", "en")
    assert added.returncode == 0, added.stderr
    assert added.stdout.splitlines()[0] == (
        f"added harbour (The Harbour Post), {site.url('/en/feed.xml')}, to feeds.toml"
    )
    (feed,) = bare.facts("feeds", "list")
    assert (feed["id"], feed["url"], feed["site_url"], feed["language"]) == (
        "harbour",
        site.url("/en/feed.xml"),
        site.url("/"),
        "en",
    )
    assert "is there already" in complaint(bare, "feeds", "add", site.url("/en/feed.xml"))


def test_feeds_add_takes_a_feeds_own_address(bare: Newsmill, site: SampleSite) -> None:
    added = bare("feeds", "add", site.url("/brief.json"))
    assert added.returncode == 0, added.stderr
    (feed,) = bare.facts("feeds", "list")
    assert (feed["name"], feed["url"]) == ("The Harbour Post in Brief", site.url("/brief.json"))


def test_feeds_add_says_when_there_is_none(bare: Newsmill, site: SampleSite) -> None:
    picture = site.url("/pixel.gif")
    assert complaint(bare, "feeds", "add", picture).startswith(f"error: {picture}: no feed there")
    assert not (bare.folder / "feeds.toml").exists()


def test_export_and_import_agree(bare: Newsmill, site: SampleSite, tmp_path: Path) -> None:
    bare.registry(site.feeds_toml())
    before = bare.facts("feeds", "list")
    assert bare("feeds", "export", "feeds.opml").stdout == "wrote feeds.opml\n"
    printed = bare("feeds", "export").stdout
    outlines = [o.get("xmlUrl") for o in ElementTree.fromstring(printed.encode()).iter("outline") if o.get("xmlUrl")]
    assert sorted(map(str, outlines)) == sorted(feed["url"] for feed in before)
    (bare.folder / "feeds.toml").unlink()
    assert bare("feeds", "import", "feeds.opml").stdout == "added 5 feeds to feeds.toml\n"
    after = bare.facts("feeds", "list")
    shown = ("id", "name", "url", "language")
    assert sorted([feed[key] for key in shown] for feed in after) == sorted(
        [feed[key] for key in shown] for feed in before
    )
    assert bare("feeds", "import", "feeds.opml").stdout == "added 0 feeds to feeds.toml\n"


# --- complaints -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command", [("ingest", "harbor-en"), ("feeds", "check", "harbor-en"), ("feeds", "enable", "harbor-en")]
)
def test_unknown_feed_id(bare: Newsmill, site: SampleSite, command: tuple[str, ...]) -> None:
    bare.registry(site.feeds_toml())
    assert complaint(bare, *command) == 'error: there is no feed "harbor-en"; did you mean "harbour-en"?\n'


def test_unknown_group(bare: Newsmill, site: SampleSite) -> None:
    bare.registry(site.feeds_toml())
    assert 'there is no group "harbor"; did you mean "harbour"?' in complaint(bare, "ingest", "--group", "harbor")


@pytest.mark.parametrize("command", [("ingest",), ("feeds", "list"), ("feeds", "check"), ("feeds", "export")])
def test_no_registry(bare: Newsmill, command: tuple[str, ...]) -> None:
    assert complaint(bare, *command).startswith("error: feeds.toml: there is no such file; make one with")


def test_registry_that_is_no_toml(bare: Newsmill) -> None:
    bare.registry('[[feed]]\nid = "a"\nname = A\n')
    assert complaint(bare, "ingest").startswith("error: feeds.toml:3: not TOML:")


@pytest.mark.parametrize("command", [("status",), ("publish",), ("sql", "SELECT 1", "--live")])
def test_no_warehouse_yet(bare: Newsmill, command: tuple[str, ...]) -> None:
    assert "there is no warehouse yet; `newsmill ingest` makes it" in complaint(bare, *command)
    assert not bare.warehouse.exists()


def test_nothing_published_yet(bare: Newsmill) -> None:
    assert "nothing is published yet" in complaint(bare, "sql", "SELECT 1")


def test_setting_that_makes_no_sense(bare: Newsmill) -> None:
    said = complaint(bare.setting(retries="many"), "status")
    assert said.startswith("error: settings: retries:")
    assert "'many'" in said


def test_settings_file_that_is_no_toml(bare: Newsmill) -> None:
    (bare.folder / "newsmill.toml").write_text("retries = \n")
    assert complaint(bare, "status").startswith("error: newsmill.toml:")


def test_settings_file_with_an_unknown_setting(bare: Newsmill) -> None:
    (bare.folder / "newsmill.toml").write_text("retrys = 3\n")
    assert "retrys" in complaint(bare, "status")
