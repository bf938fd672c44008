"""feeds.toml: every problem is named with its line, and adding keeps the file as it is."""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from tasks.errors import FeedsFileError
from tasks.registry.feeds_file import add_feed, add_feeds, choose, read_feeds
from tests.sites.sample import SampleSite
from tests.tasks.registry.feeds import DEFAULT, FEEDS, Write, feed, lists
from warehouse.errors import LandingError
from warehouse.records import Feed, ListRules, PageRules, Rules


def problems(path: Path) -> list[str]:
    """What reading the file complains of, without the folder."""
    with pytest.raises(FeedsFileError) as caught:
        read_feeds(path)
    return str(caught.value).replace(f"{path.parent}{os.sep}", "").splitlines()


def test_the_default_file_is_valid() -> None:
    feeds = read_feeds(DEFAULT)
    assert len(feeds) == len(tomllib.loads(DEFAULT.read_text(encoding="utf-8"))["feed"])
    zaobao = next(f for f in feeds if f.id == "zaobao")
    assert (zaobao.name, zaobao.timezone, zaobao.language) == ("联合早报", "Asia/Singapore", "zh")


def test_the_sample_sites_file_is_valid(write: Write) -> None:
    feeds = read_feeds(write(SampleSite().feeds_toml()))
    assert [f.name for f in feeds][:2] == ["The Harbour Post", "海港日报"]


def test_every_key_is_read(write: Write) -> None:
    path = write(
        """
[[feed]]
id = "bahr"
name = "صحيفة البحر"
url = "https://example.org/rss?lang=ar"
site_url = "https://example.org/"
language = "ar-EG"
timezone = "Africa/Cairo"
group = "عربي"
images = "lead"
enabled = false
rules = { content = "div.article > p", remove = [".ad", "a[rel~=sponsored]"], drop_after = '^\\(\\d+\\)' }
[feed.page]
content = "div.story"
remove = [".ad", "//p[@class='x']"]
title = ["h1", "(//h2)[1]"]
replace = [["<noscript>", "<div>"], ["</noscript>", "</div>"]]
"""
    )
    assert read_feeds(path) == [
        Feed(
            id="bahr",
            name="صحيفة البحر",
            url="https://example.org/rss?lang=ar",
            site_url="https://example.org/",
            language="ar-EG",
            timezone="Africa/Cairo",
            group="عربي",
            images="lead",
            enabled=False,
            rules=Rules("div.article > p", (".ad", "a[rel~=sponsored]"), r"^\(\d+\)"),
            page=PageRules(
                content=("div.story",),
                remove=(".ad", "//p[@class='x']"),
                title=("h1", "(//h2)[1]"),
                replace=(("<noscript>", "<div>"), ("</noscript>", "</div>")),
            ),
        )
    ]


def test_a_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "feeds.toml"
    path.write_bytes(b"\xef\xbb\xbf" + feed().encode())
    assert [f.id for f in read_feeds(path)] == ["a"]


def test_an_empty_file_has_no_feeds(write: Write) -> None:
    assert read_feeds(write("# nothing yet\n")) == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('titel = "x"', "unknown key titel (write name)"),
        ('langauge = "zh"', "unknown key langauge (write language)"),
        ('frequency = "x"', "unknown key frequency (the keys are id, name, url"),
        ('site_url = "www.example.org"', "site_url must be an http:// or https:// address"),
        ('site_url = "www.example.org"', '(write "https://www.example.org")'),
        ('site_url = "file:///etc/passwd"', '(write "https://example.org/feed", for example)'),
        ('site_url = "https://example.org/a b"', '(write "https://example.org/a%20b")'),
        ('timezone = "asia/shanghai"', '(write "Asia/Shanghai")'),
        ('timezone = "Shanghai"', '(write "Asia/Shanghai")'),
        ('timezone = "New York"', '(write "America/New_York")'),
        ('timezone = "Beijing"', '(write "Asia/Shanghai" or "Europe/Paris", for example)'),
        ('timezone = "GMT+8x"', '(write "Asia/Shanghai" or "Europe/Paris", for example)'),
        ('timezone = "../UTC"', "timezone must be an IANA time zone"),
        ('images = "first"', 'images must be "all", "lead" or "none"'),
        ('images = "leads"', '(write "lead")'),
        ("images = true", 'images must be "all", "lead" or "none"'),
        ('language = "zh_CN"', 'language must be a BCP 47 language tag (write "zh-CN")'),
        ('language = "Chinese"', "language must be a BCP 47 language tag"),
        ('keep_for = "90"', 'keep_for holds "90", which is no length of time of an hour or more (write "90d"'),
        ('keep_for = "10s"', 'keep_for holds "10s", which is no length of time'),
        ('enabled = "no"', 'enabled must be true or false, not "no" (write it without quotes)'),
        ("group = 7", "group must be text, not 7 (write it in quotes"),
        ('group = " "', "group must not be empty"),
        ('group = "a\\nb"', "group must be one line of text"),
        ('rules = "p"', "rules must be a table (write rules = { remove = "),
        ('rules = { remove = "p" }', "rules.remove must be a list (write rules.remove = "),
        ('rules = { remove = ["p["] }', 'rules.remove holds "p[", which is not a CSS selector'),
        ('rules = { content = "" }', 'rules.content holds "", which is not a CSS selector'),
        ('rules = { drop_after = "(版权" }', "rules.drop_after must be a regular expression, and '(版权' is not one"),
        ('rules = { drop_afer = "x" }', "unknown key rules.drop_afer (write rules.drop_after)"),
        ('page = "p"', "page must be a table (write page = { remove = "),
        ('page = { contents = "p" }', "unknown key page.contents (write page.content)"),
        ('page = { content = "div[" }', 'page.content holds "div[", which is not a CSS selector: '),
        ('page = { remove = ["p", "//p["] }', 'page.remove holds "//p[", which is not an XPath: Invalid'),
        ('page = { title = "//h1[lower-case(.)]" }', "is not an XPath: XPath 1.0 has no function lower-case()"),
        ("page = { date = 3 }", "page.date must be a selector or a list of selectors"),
        ('page = { replace = ["a", "b"] }', 'page.replace must be pairs of texts (write replace = [["what to find"'),
    ],
)
def test_a_problem_is_reported_with_its_line_and_a_fix(write: Write, line: str, expected: str) -> None:
    found = problems(write(f"# heading\n\n{feed(line)}"))
    assert len(found) == 1
    assert found[0].startswith('feeds.toml:7: feed "a": ')
    assert expected in found[0]


@pytest.mark.parametrize(
    ("name", "better"),
    [("voa zh", "voa-zh"), ("BBC", "bbc"), ("Élan_vital", "elan-vital"), ("美国之音", "example-org"), ("-x", "x")],
)
def test_a_slug_is_suggested_for_an_invalid_id(write: Write, name: str, better: str) -> None:
    path = write(f'[[feed]]\nurl = "https://www.example.org/"\nname = "x"\nid = "{name}"\n')
    assert problems(path) == [
        f'feeds.toml:4: feed "{name}": id must be a slug of a-z, 0-9 and "-", 63 characters at the most '
        f'(write "{better}")'
    ]


def test_ids_have_63_characters_at_the_most(write: Write) -> None:
    assert [f.id for f in read_feeds(write(feed(name="a" * 63)))] == ["a" * 63]
    assert f'(write "{"a" * 63}")' in problems(write(feed(name="a" * 64)))[0]


def test_all_problems_are_reported_at_once_in_order(write: Write) -> None:
    path = write(
        '''wrong = 1
[[feed]]
id = "one"
name = """The "id" of
[[feed]]
id = 'not a key' # ["""
url = "https://example.org/one"

[[feed]]
# [[feed]]
url = "ftp://example.org/"
[feed.rules]
remove = [
  "[",
  "p",
]
drop_after = "*"

[[feed]]
id = "one"
name = "Two"
url = "https://EXAMPLE.org/one#top"
'''
    )
    assert [re.sub(r"^feeds\.toml:|(feed \".*?\": )", "", line).split(" ")[:2] for line in problems(path)] == [
        ["1:", "unknown"],
        ["4:", "name"],
        ["9:", "id"],
        ["9:", "name"],
        ["11:", "url"],
        ["13:", "rules.remove"],
        ["17:", "rules.drop_after"],
        ["20:", "id"],
        ["22:", "url"],
    ]


def test_duplicates_name_the_other_line(write: Write) -> None:
    path = write(feed() + feed())
    assert problems(path) == [
        'feeds.toml:7: feed "a": id is taken by the feed on line 1 (write "a-2")',
        'feeds.toml:9: feed "a": url is that of the feed on line 1 too (remove one of the two)',
    ]


def test_feeds_that_differ_in_their_query_are_different(write: Write) -> None:
    text = feed() + feed(name="b").replace("org/b", "org/a?utm_source=x")
    assert len(read_feeds(write(text))) == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[[feed]]\nid = a\n", 'feeds.toml:2: not TOML: Invalid value in column 6 (write key = "text"'),
        (feed('name = "again"'), "feeds.toml:5: not TOML: Cannot overwrite a value"),
        (feed('rules = { drop_after = "\\d" }'), "in 'single quotes')"),
        ('[[feed]]\nid = "a', "feeds.toml:2: not TOML: Unterminated string at the end"),
        ("feed = " + "[" * 5000, "feeds.toml:1: not a feeds file"),
        ("feed = " + "9" * 5000, "feeds.toml:1: not a feeds file"),
        ('[feed]\nid = "a"\n', "feeds.toml:1: feed must be a list of tables (write [[feed]], with two brackets)"),
        ('[[feeds]]\nid = "a"\n', "feeds.toml:1: unknown table or key feeds (write [[feed]] for each feed)"),
        ('\nid = "a"\n', "feeds.toml:2: id stands before the first [[feed]]"),
        ('feed = ["https://example.org/"]', "feeds.toml:1: feed 1: must be a table (write [[feed]]"),
        ("feed = [{}]", "feeds.toml:1: feed 1: id is missing (write id = "),
    ],
)
def test_files_that_are_not_a_list_of_feeds(write: Write, text: str, expected: str) -> None:
    assert expected in problems(write(text))[0]


def test_other_encodings_are_refused_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "feeds.toml"
    path.write_bytes(feed('group = "新闻"').encode("gb18030"))
    assert problems(path) == ["feeds.toml:5: not UTF-8 (byte 0xD0); save it as UTF-8"]


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    assert "newsmill feeds add URL" in problems(tmp_path / "feeds.toml")[0]
    assert "can't be read" in problems(tmp_path)[0]


@pytest.mark.parametrize(
    ("ids", "groups", "chosen"),
    [
        ([], [], ["bbc-zh", "npr", "alone"]),
        (["voa-zh"], [], ["voa-zh"]),
        ([], ["zh"], ["bbc-zh"]),
        (["npr", "npr"], ["zh"], ["bbc-zh", "npr"]),
    ],
)
def test_choose(ids: list[str], groups: list[str], chosen: list[str]) -> None:
    assert [f.id for f in choose(FEEDS, ids, groups)] == chosen


def test_the_nearest_name_is_suggested_for_an_unknown_one() -> None:
    with pytest.raises(FeedsFileError, match='no feed "BBC-ZN"; did you mean "bbc-zh"'):
        choose(FEEDS, ["BBC-ZN"])
    with pytest.raises(FeedsFileError, match='no group "ZH"; did you mean "zh"'):
        choose(FEEDS, groups=["ZH"])
    with pytest.raises(FeedsFileError, match=r"those there are: zh, en$"):
        choose(FEEDS, groups=["sport"])


def test_adding_keeps_what_is_there_byte_for_byte(write: Write) -> None:
    before = '# 说明\n\n[[feed]]\nid="a"   # first\nname = \'A\'\nurl = "https://example.org/a"\n\n# the end'
    path = write(before)
    add_feed(path, Feed("b", "B 报", "https://example.org/b", language="zh", rules=Rules(remove=(".ad",))))
    assert path.read_text(encoding="utf-8") == (
        before + '\n\n[[feed]]\nid = "b"\nname = "B 报"\nurl = "https://example.org/b"\nlanguage = "zh"\n'
        'rules = {remove = [".ad"]}\n'
    )
    assert [f.id for f in read_feeds(path)] == ["a", "b"]


def test_adding_keeps_line_ends_byte_order_mark_mode_and_link(tmp_path: Path) -> None:
    target, path = tmp_path / "real.toml", tmp_path / "feeds.toml"
    target.write_bytes(b"\xef\xbb\xbf" + feed().replace("\n", "\r\n").encode())
    target.chmod(0o640)
    path.symlink_to(target)
    add_feed(path, replace(FEEDS[0]))
    data = target.read_bytes()
    assert path.is_symlink()
    assert target.stat().st_mode & 0o777 == 0o640
    assert data.startswith(b"\xef\xbb\xbf[[")
    assert data.count(b"\n") == data.count(b"\r\n")
    assert [f.id for f in read_feeds(path)] == ["a", "bbc-zh"]


def test_adding_creates_the_file_and_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "new" / "feeds.toml"
    add_feed(path, FEEDS[1])
    assert read_feeds(path) == [FEEDS[1]]


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (Feed("b", "B", "https://EXAMPLE.org/a"), 'is there already, as feed "a"'),
        (Feed("a", "B", "https://example.org/b"), 'such as "a-2"'),
        (Feed("B b", "B", "https://example.org/b"), 'feed "B b" can\'t be added: id must be a slug'),
        (Feed("b", "B\ud800", "https://example.org/b"), "can't be added: name"),
    ],
)
def test_an_invalid_feed_leaves_the_file_unchanged(write: Write, new: Feed, expected: str) -> None:
    path = write(feed())
    with pytest.raises(FeedsFileError, match=re.escape(expected)):
        add_feeds(path, [FEEDS[0], new])
    assert path.read_text(encoding="utf-8") == feed()


def test_adding_needs_a_file_that_can_be_read_and_added_to(write: Write, tmp_path: Path) -> None:
    with pytest.raises(FeedsFileError, match="not TOML"):
        add_feed(write("[["), FEEDS[0])
    with pytest.raises(FeedsFileError, match=r"feeds\.toml:2: feed = \[…\] can't be added to"):
        add_feed(write("\nfeed = []\n"), FEEDS[0])
    with pytest.raises(FeedsFileError, match="can't be read"):
        add_feed(tmp_path, FEEDS[0])


def test_a_file_that_can_not_be_written_is_a_landing_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises((LandingError, FeedsFileError)):
        add_feed(tmp_path / "file" / "feeds.toml", FEEDS[0])


@settings(max_examples=50)
@given(lists)
def test_what_is_added_is_read_again(tmp_path_factory: pytest.TempPathFactory, feeds: list[Feed]) -> None:
    path = tmp_path_factory.mktemp("feeds") / "feeds.toml"
    for new in feeds:
        add_feed(path, new)
    assert read_feeds(path) == feeds


def test_the_lists_of_sites_without_a_feed_are_read(write: Write) -> None:
    path = write(
        feed('kind = "page"', name="a")
        + feed('kind = "page"\nlist = { items = "li:not(.ad)", date = "time" }', name="b")
        + feed('kind = "sitemap"', name="c")
        + feed('kind = "json"\n[feed.list]\nitems = "@"\nlink = "\\"web-url\\""', name="d")
    )
    assert [(each.kind, each.list) for each in read_feeds(path)] == [
        ("page", ListRules()),
        ("page", ListRules(items="li:not(.ad)", date="time")),
        ("sitemap", ListRules()),
        ("json", ListRules(items="@", link='"web-url"')),
    ]


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ('kind = "pages"', '5: feed "a": kind must be "feed", "page", "sitemap" or "json" (write "page")'),
        ("kind = 3", '5: feed "a": kind must be "feed", "page", "sitemap" or "json" (write "page")'),
        ('list = { items = "li" }', 'list is only for feeds of kind "page" or "json" (write kind = "page", or'),
        ('kind = "sitemap"\nlist = { items = "li" }', '6: feed "a": list is only for feeds of kind'),
        ('kind = "page"\nlist = { items = "li[" }', '6: feed "a": list.items holds "li[", which is not a CSS selector'),
        ('kind = "page"\nlist = { tilte = "a" }', '6: feed "a": unknown key list.tilte (write list.title)'),
        ('kind = "page"\nlist = { content = "p" }', "(the keys are items, link, title, date, summary, image, author)"),
        ('kind = "page"\nlist = ["li"]', "list must be a table (write list = { items = "),
        ('kind = "json"', "list is missing: it says where the articles are in the JSON (write list = {"),
        ('kind = "json"\nlist = { items = "a" }', '6: feed "a": list.link is missing (write list.link = "url")'),
        (
            'kind = "json"\n[feed.list]\nlink = "url"\nitems = "a..b"',
            "8: feed \"a\": list.items holds 'a..b', which is not a JMESPath expression, from column 2 on",
        ),
        ('kind = "json"\nlist = { items = 3, link = "" }', "list.items must be text, not 3"),
    ],
)
def test_what_is_wrong_with_a_list_is_named(write: Write, lines: str, problem: str) -> None:
    assert any(problem in each for each in problems(write(feed(lines))))
