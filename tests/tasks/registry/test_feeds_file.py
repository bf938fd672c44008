"""The feeds registry, OPML and discovery."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.errors import FeedsFileError
from tasks.registry.discovery import COMMON_PATHS, Candidate, discover, looks_like_feed
from tasks.registry.feed_table import UNPRINTABLE, slug
from tasks.registry.feeds_file import add_feed, add_feeds, choose, read_feeds
from tasks.registry.opml_files import from_opml, import_opml, to_opml
from tests.places import ROOT
from tests.sites.faults import FaultySite
from tests.sites.sample import SampleSite
from warehouse.errors import LandingError
from warehouse.records import Feed, Rules

DEFAULT = ROOT / "feeds.toml"

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def make(text: str) -> Path:
        path = tmp_path / "feeds.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return make


def problems(path: Path) -> list[str]:
    """What reading the file complains of, without the folder."""
    with pytest.raises(FeedsFileError) as caught:
        read_feeds(path)
    return str(caught.value).replace(f"{path.parent}{os.sep}", "").splitlines()


def feed(line: str = "", *, name: str = "a") -> str:
    return f'[[feed]]\nid = "{name}"\nname = "{name.upper()}"\nurl = "https://example.org/{name}"\n{line}\n'


# --- feeds.toml, read


def test_the_default_file_is_valid() -> None:
    feeds = read_feeds(DEFAULT)
    assert len(feeds) == len(tomllib.loads(DEFAULT.read_text(encoding="utf-8"))["feed"])
    zaobao = next(f for f in feeds if f.id == "zaobao")
    assert (zaobao.name, zaobao.timezone, zaobao.language) == ("联合早报", "Asia/Singapore", "zh")


def test_the_sample_sites_file_is_valid(write: Write) -> None:
    feeds = read_feeds(write(SampleSite().feeds_toml()))
    assert [f.name for f in feeds][:2] == ["The Harbour Post", "海港日报"]


def test_every_key_arrives(write: Write) -> None:
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
        ('enabled = "no"', 'enabled must be true or false, not "no" (write it without quotes)'),
        ("group = 7", "group must be text, not 7 (write it in quotes"),
        ('group = " "', "group must not be empty"),
        ('group = "a\\nb"', "group must be one line of text"),
        ('rules = "p"', "rules must be a table (write rules = { remove = "),
        ('rules = { remove = "p" }', "rules.remove must be a list (write rules.remove = "),
        ('rules = { remove = ["p["] }', 'rules.remove holds "p[", which is no CSS selector'),
        ('rules = { content = "" }', 'rules.content holds "", which is no CSS selector'),
        ('rules = { drop_after = "(版权" }', "rules.drop_after must be a regular expression, and '(版权' is not one"),
        ('rules = { drop_afer = "x" }', "unknown key rules.drop_afer (write rules.drop_after)"),
    ],
)
def test_what_is_wrong_is_named_with_its_line_and_mended(write: Write, line: str, expected: str) -> None:
    found = problems(write(f"# heading\n\n{feed(line)}"))
    assert len(found) == 1
    assert found[0].startswith('feeds.toml:7: feed "a": ')
    assert expected in found[0]


@pytest.mark.parametrize(
    ("name", "better"),
    [("voa zh", "voa-zh"), ("BBC", "bbc"), ("Élan_vital", "elan-vital"), ("美国之音", "example-org"), ("-x", "x")],
)
def test_a_bad_id_gets_a_slug_to_write(write: Write, name: str, better: str) -> None:
    path = write(f'[[feed]]\nurl = "https://www.example.org/"\nname = "x"\nid = "{name}"\n')
    assert problems(path) == [
        f'feeds.toml:4: feed "{name}": id must be a slug of a-z, 0-9 and "-", 63 characters at the most '
        f'(write "{better}")'
    ]


def test_ids_have_63_characters_at_the_most(write: Write) -> None:
    assert [f.id for f in read_feeds(write(feed(name="a" * 63)))] == ["a" * 63]
    assert f'(write "{"a" * 63}")' in problems(write(feed(name="a" * 64)))[0]


def test_all_problems_are_told_at_once_in_order(write: Write) -> None:
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
        ('[feed]\nid = "a"\n', "feeds.toml:1: feed must be a list of tables (write [[feed]], with two brackets)"),
        ('[[feeds]]\nid = "a"\n', "feeds.toml:1: unknown table or key feeds (write [[feed]] for each feed)"),
        ('\nid = "a"\n', "feeds.toml:2: id stands before the first [[feed]]"),
        ('feed = ["https://example.org/"]', "feeds.toml:1: feed 1: must be a table (write [[feed]]"),
        ("feed = [{}]", "feeds.toml:1: feed 1: id is missing (write id = "),
    ],
)
def test_what_is_no_list_of_feeds(write: Write, text: str, expected: str) -> None:
    assert expected in problems(write(text))[0]


def test_other_encodings_are_refused_by_line(tmp_path: Path) -> None:
    path = tmp_path / "feeds.toml"
    path.write_bytes(feed('group = "新闻"').encode("gb18030"))
    assert problems(path) == ["feeds.toml:5: not UTF-8 (byte 0xD0); save it as UTF-8"]


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    assert "newsmill feeds add URL" in problems(tmp_path / "feeds.toml")[0]
    assert "can't be read" in problems(tmp_path)[0]


# --- choosing

FEEDS = [
    Feed("bbc-zh", "BBC 中文", "https://example.org/1", group="zh"),
    Feed("voa-zh", "美国之音", "https://example.org/2", group="zh", enabled=False),
    Feed("npr", "NPR", "https://example.org/3", group="en"),
    Feed("alone", "Alone", "https://example.org/4"),
]


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


def test_unknown_names_bring_the_nearest() -> None:
    with pytest.raises(FeedsFileError, match='no feed "BBC-ZN"; did you mean "bbc-zh"'):
        choose(FEEDS, ["BBC-ZN"])
    with pytest.raises(FeedsFileError, match='no group "ZH"; did you mean "zh"'):
        choose(FEEDS, groups=["ZH"])
    with pytest.raises(FeedsFileError, match=r"those there are: zh, en$"):
        choose(FEEDS, groups=["sport"])


# --- adding


def test_adding_keeps_what_is_there_byte_for_byte(write: Write) -> None:
    before = '# 说明\n\n[[feed]]\nid="a"   # first\nname = \'A\'\nurl = "https://example.org/a"\n\n# the end'
    path = write(before)
    add_feed(path, Feed("b", "B 报", "https://example.org/b", language="zh", rules=Rules(remove=(".ad",))))
    assert path.read_text(encoding="utf-8") == (
        before + '\n\n[[feed]]\nid = "b"\nname = "B 报"\nurl = "https://example.org/b"\nlanguage = "zh"\n'
        'rules = {remove = [".ad"]}\n'
    )
    assert [f.id for f in read_feeds(path)] == ["a", "b"]


def test_adding_keeps_line_ends_mark_mode_and_link(tmp_path: Path) -> None:
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


def test_adding_makes_the_file_and_its_folder(tmp_path: Path) -> None:
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
def test_what_can_not_be_added_leaves_the_file_alone(write: Write, new: Feed, expected: str) -> None:
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


# --- property tests

slugs = st.from_regex(r"[a-z0-9][a-z0-9-]{0,62}", fullmatch=True)
texts = st.text(min_size=1, max_size=40).filter(lambda t: t == t.strip() and not UNPRINTABLE.search(t))
addresses = st.builds(
    "https://{}.example/{}".format,
    st.from_regex(r"[a-z0-9]{1,12}", fullmatch=True),
    st.from_regex(r"[A-Za-z0-9/_.~%26&=?-]{0,20}", fullmatch=True).filter(lambda t: "%" not in t),
)
selectors = st.sampled_from(["p", ".ad", 'a[href^="x"]', "div > p:first-child", "中文", ":is(h1, h2)\n"])
patterns = st.sampled_from([r"^\d+\.", "'quoted'", '"""', "版权|©", "a\nb\t\x7f\\\\", ""])
rules = st.builds(Rules, st.none() | selectors, st.lists(selectors, max_size=3).map(tuple), st.none() | patterns)
feeds_ = st.builds(
    Feed,
    id=slugs,
    name=texts,
    url=addresses,
    site_url=st.none() | addresses,
    language=st.sampled_from([None, "zh", "zh-Hant", "en-GB", "pt-BR", "mul", "sr-Latn-RS", "es-419"]),
    timezone=st.sampled_from(["UTC", "Asia/Shanghai", "America/Argentina/Ushuaia"]),
    group=st.none() | texts,
    images=st.sampled_from(["all", "lead", "none"]),
    enabled=st.booleans(),
    rules=rules,
)
lists = st.lists(feeds_, min_size=1, max_size=6, unique_by=(lambda f: f.id, lambda f: f.url.split("?")[0].rstrip("/")))


@settings(max_examples=100, deadline=None)
@given(lists)
def test_what_is_added_is_read_again(tmp_path_factory: pytest.TempPathFactory, feeds: list[Feed]) -> None:
    path = tmp_path_factory.mktemp("feeds") / "feeds.toml"
    for new in feeds:
        add_feed(path, new)
    assert read_feeds(path) == feeds


def exchanged(feeds: list[Feed]) -> list[Feed]:
    """The feeds as OPML has them."""
    return sorted(
        (replace(f, timezone="UTC", images="all", enabled=True, rules=Rules()) for f in feeds), key=lambda f: f.id
    )


@settings(max_examples=100, deadline=None)
@given(lists, st.text(max_size=20))
def test_opml_round_trip(feeds: list[Feed], title: str) -> None:
    found, notes = from_opml(to_opml(feeds, title).encode())
    assert notes == []
    assert sorted(found, key=lambda f: f.id) == exchanged(feeds)


@settings(deadline=None)
@given(st.text(max_size=90) | addresses, st.sets(slugs, max_size=5))
def test_a_slug_is_always_a_free_id(name: str, taken: set[str]) -> None:
    for _ in range(3):
        found = slug(name, taken)
        assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", found)
        assert found not in taken
        taken.add(found)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("www.example.co.uk", "example-co-uk"),
        ("https://www.example.co.uk:8080/feed?x=1", "example-co-uk"),
        ("Le Café du Port", "le-cafe-du-port"),
        ("Ｆｕｌｌ Width", "full-width"),
        ("联合早报", "feed"),
        ("http://[", "feed"),
        ("", "feed"),
    ],
)
def test_slug(name: str, expected: str) -> None:
    assert slug(name, ()) == expected
    assert slug(name, {expected, f"{expected}-2"}) == f"{expected}-3"


# --- OPML

OPML = """<?xml version="1.0" encoding="utf-8"?>
<opml version="1.1"><head><title>订阅</title><windowTop></windowTop></head><body>
<outline text="新闻" title="新闻">
  <outline text="中国">
    <outline type="rss" text="zaobao" title="联合早报" xmlUrl=" https://example.sg/rss " htmlUrl="https://example.sg/"
      language="zh_CN"/>
  </outline>
  <outline type="rss" text="El País" xmlUrl="feed://www.example.es/rss" htmlUrl="javascript:x" language="Spanish"/>
</outline>
<outline type="rss" text="Άλφα" xmlUrl="https://example.gr/feed" language="unknown" category="/x,/newsmill/alpha"/>
<outline type="rss" xmlUrl="https://www.example.sg/other"/>
<outline type="rss" text="twice" xmlUrl="https://example.SG/rss"/>
<outline type="rss" text="no address"/>
<outline type="rss" text="odd address" xmlUrl="gopher://example.org/1"/>
</body></opml>
"""


def test_opml_from_elsewhere() -> None:
    feeds, notes = from_opml(OPML.encode())
    assert feeds == [
        Feed("example-sg", "联合早报", "https://example.sg/rss", "https://example.sg/", "zh-CN", group="新闻/中国"),
        Feed("example-es", "El País", "https://www.example.es/rss", group="新闻"),
        Feed("alpha", "Άλφα", "https://example.gr/feed"),
        Feed("example-sg-2", "https://www.example.sg/other", "https://www.example.sg/other"),
    ]
    assert [note.split(":")[0] for note in notes] == [
        '"El País" goes without its site_url',
        '"El País" goes without its language',
        '"twice" is listed more than once (https',
        '"no address" is left out',
        '"odd address" is left out',
    ]
    assert 'it is kept in group "新闻/中国"' in notes[2]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb2312", "euc-jp", "windows-1252"])
def test_opml_in_its_declared_encoding(encoding: str) -> None:
    name = {"windows-1252": "Café", "euc-jp": "朝日", "gb2312": "朝日"}.get(encoding, "𠮷 朝日 ©")
    declared = {"utf-8-sig": "utf-8"}.get(encoding, encoding)
    xml = (
        f'<?xml version="1.0" encoding="{declared}"?>'
        f'<opml><body><outline text="{name}" xmlUrl="https://example.jp/"/></body></opml>'
    )
    feeds, _ = from_opml(xml.encode(encoding))
    assert [f.name for f in feeds] == [name]


def nested(levels: int) -> bytes:
    inner = '<outline text="x" xmlUrl="https://example.org/"/>'
    return ("<opml><body>" + '<outline text="g">' * levels + inner + "</outline>" * levels + "</body></opml>").encode()


def test_nesting_is_bounded() -> None:
    assert len(from_opml(nested(40))[0]) == 1
    with pytest.raises(FeedsFileError, match="nested deeper than 50 levels"):
        from_opml(nested(20_000))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "no well-formed XML"),
        (b"not xml", "no well-formed XML"),
        (b"<opml><body>", "no well-formed XML"),
        (b'<opml><body><outline xmlUrl="?a=1&b=2"/></body></opml>', "no well-formed XML"),
        (b'<?xml version="1.0" encoding="klingon"?><opml/>', "no well-formed XML"),
        (b"<opml><body>\xff</body></opml>", "no well-formed XML"),
        (b"<opml><head/></opml>", "no OPML"),
        (b"<rss><channel/></rss>", "no OPML"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><opml><body>&a;</body></opml>', "entities"),
        (b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><opml><body>&a;</body></opml>', "entities"),
        (b" " * 10_000_001, "10,000,000 is the most"),
    ],
)
def test_what_is_no_opml(data: bytes, expected: str) -> None:
    with pytest.raises(FeedsFileError, match=expected):
        from_opml(data)


def test_the_number_of_feeds_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.registry.opml_files.MAX_FEEDS", 20)
    outlines = [f'<outline xmlUrl="https://example.org/{number}"/>' for number in range(21)]
    feeds, _ = from_opml(f"<opml><body>{''.join(outlines[:20])}</body></opml>".encode())
    assert feeds[-1].id == "example-org-20"
    with pytest.raises(FeedsFileError, match="more than 20 feeds"):
        from_opml(f"<opml><body>{''.join(outlines)}</body></opml>".encode())


def test_to_opml_keeps_groups_together() -> None:
    text = to_opml(FEEDS, 'A & "B" <C>')
    assert '<title>A &amp; "B" &lt;C&gt;</title>' in text
    assert text.count('<outline text="zh">') == 1
    assert 'text="BBC 中文"' in text


def test_import_adds_what_is_not_there_in_one_write(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(feed(name="example-es") + "# kept\n" + feed(name="b").replace("org/b", "sg/rss"))
    writes: list[Path] = []

    def write_plainly(path: Path, data: bytes) -> None:
        writes.append(path)
        path.write_bytes(data)

    monkeypatch.setattr("tasks.registry.feeds_file.write_durably", write_plainly)
    added, notes = import_opml(path, OPML.encode())
    assert [f.id for f in added] == ["example-es-2", "alpha", "example-sg-2"]
    assert [f.id for f in read_feeds(path)] == ["example-es", "b", *(f.id for f in added)]
    assert '"联合早报" is there already, as "b"' in notes
    assert '"El País" became "example-es-2": "example-es" is another feed' in notes
    assert import_opml(path, OPML.encode())[0] == []
    assert writes == [path]


def test_import_makes_the_file(tmp_path: Path) -> None:
    path = tmp_path / "feeds.toml"
    added, _ = import_opml(path, to_opml(read_feeds(DEFAULT), "newsmill").encode())
    assert read_feeds(path) == added
    assert exchanged(added) == exchanged(read_feeds(DEFAULT))


# --- discovery


@pytest.fixture(scope="module")
def front_page() -> tuple[str, bytes]:
    with SampleSite() as site:
        return site.url(), httpx.get(site.url()).content


def test_discover_on_the_sample_site(front_page: tuple[str, bytes]) -> None:
    url, html = front_page
    assert discover(html, url) == [
        Candidate(f"{url}en/feed.xml", "The Harbour Post", "application/rss+xml"),
        Candidate(f"{url}zh/feed.xml", "海港日报", "application/rss+xml"),
        Candidate(f"{url}world/atom.xml", "The World at the Quay", "application/atom+xml"),
        Candidate(f"{url}brief.json", "The Harbour Post in Brief", "application/feed+json"),
    ]


def test_linked_feeds_come_likeliest_first() -> None:
    html = """<html><head><base href="https://cdn.example.org/sub/">
<link rel="alternate" type="application/json" href="/api.json">
<link rel="alternate" type="application/json" href="/wp-json/wp/v2/pages/2" title="JSON">
<link rel="alternate" type="application/rss+xml" title="Tide » Comments Feed" href="comments/feed/">
<link rel="ALTERNATE home" type="Application/RSS+XML; charset=utf-8" title=" Tide
 » Feed" href="feed/">
<link rel="alternate" type="application/rss+xml" href="feed/">
<link rel="alternate" hreflang="de" href="/de/">
<link rel="stylesheet" type="text/css" href="/feed">
<link rel="alternate" type="application/atom+xml" href="javascript:alert(1)">
</head><body><a href="/rss">RSS</a></body></html>"""
    assert [(c.url, c.title) for c in discover(html.encode(), "https://example.org/")] == [
        ("https://cdn.example.org/sub/feed/", "Tide » Feed"),
        ("https://cdn.example.org/api.json", ""),
        ("https://cdn.example.org/sub/comments/feed/", "Tide » Comments Feed"),
    ]


def test_anchors_are_taken_where_nothing_is_linked() -> None:
    html = """<meta charset="gb18030"><p><a href="https://feedly.com/i/rss.xml">Feedly</a>
<a href="/feeders">about feeding</a> <a href="/blog/index.xml"><b>订阅</b> RSS</a> <a href="?feed=rss2">博客</a>
<a href="/feed/">x</a><a href="https://www.example.org/">home</a><a href="/news.rss">n</a>"""
    assert discover(html.encode("gb18030"), "https://www.example.org/") == [
        Candidate("https://www.example.org/blog/index.xml", "订阅 RSS", None),
        Candidate("https://www.example.org/?feed=rss2", "博客", None),
        Candidate("https://www.example.org/feed/", "x", None),
        Candidate("https://www.example.org/news.rss", "n", None),
        Candidate("https://feedly.com/i/rss.xml", "Feedly", None),
    ]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "data", [b"", b"plain", b"\x89PNG\r\n<\x00\xff", b'<?xml version="1.0"?><rss/>', b"<div>" * 20_000]
)
def test_pages_without_feeds(data: bytes) -> None:
    assert discover(data, "https://example.org/") == []


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.text(alphabet="<>/=\"' abhreflinktypss&;{}[]:,", max_size=200).map(str.encode))
def test_strangers_bytes_break_nothing(data: bytes) -> None:
    discover(data, "https://example.org/")
    looks_like_feed(data)


def test_common_paths_are_paths() -> None:
    assert all(path.startswith("/") for path in COMMON_PATHS)
    assert len(set(COMMON_PATHS)) == len(COMMON_PATHS)


def test_looks_like_feed_on_the_sample_site() -> None:
    with SampleSite() as site, httpx.Client() as client:
        titles = {
            path: looks_like_feed(client.get(site.url(path)).content)
            for path in ("/en/feed.xml", "/zh/feed.xml", "/world/atom.xml", "/brief.json", "/", "/pixel.gif")
        }
    assert titles == {
        "/en/feed.xml": "The Harbour Post",
        "/zh/feed.xml": "海港日报",
        "/world/atom.xml": "The World at the Quay",
        "/brief.json": "The Harbour Post in Brief",
        "/": None,
        "/pixel.gif": None,
    }


def test_looks_like_feed_on_the_faulty_site() -> None:
    with FaultySite() as site, httpx.Client() as client:
        found = {
            path: looks_like_feed(client.get(site.url(path)).content)
            for path in ("/feed", "/html", "/empty", "/gb18030", "/utf16", "/many", "/nul", "/undeclared-namespace")
        }
    assert found.pop("/html") is None
    assert found.pop("/empty") is None
    assert all(title is not None for title in found.values()), found
    assert found["/feed"] == "Harbour notices"


@pytest.mark.parametrize(
    ("data", "title"),
    [
        (b'{"version": "https://jsonfeed.org/version/1", "items": []}', ""),
        (b'\xef\xbb\xbf{"version": "https://jsonfeed.org/version/1.1", "title": "\xe6\xb5\xb7", "items": []}', "海"),
        (b'{"items": []}', None),
        (b'{"version": "https://jsonfeed.org/version/1"}', None),
        (b"{", None),
        (b'{"a":' * 100_000, None),
        (b"<rss version='2.0'><channel><title>A &lt;b&gt;bold&lt;/b&gt; one</title></channel></rss>", "A bold one"),
        (b"<rss version='2.0'><channel></channel></rss>", ""),
    ],
)
def test_looks_like_feed(data: bytes, title: str | None) -> None:
    assert looks_like_feed(data) == title


def test_bytes_that_name_a_file_are_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "feed.xml"
    path.write_text("<rss version='2.0'><channel><title>secret</title></channel></rss>")
    assert looks_like_feed(str(path).encode()) is None
