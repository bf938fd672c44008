"""OPML: read in any encoding, written, and imported into feeds.toml."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.errors import FeedsFileError
from tasks.registry.feeds_file import read_feeds
from tasks.registry.opml_files import from_opml, import_opml, to_opml
from tests.tasks.registry.feeds import DEFAULT, FEEDS, Write, feed, lists
from warehouse.records import Feed, ListRules, Rules


def exchanged(feeds: list[Feed]) -> list[Feed]:
    """The feeds as OPML has them: without what it has no place for. An API's list can't be read without its paths."""
    kept = [
        replace(f, timezone="UTC", images="all", enabled=True, rules=Rules(), list=ListRules())
        for f in feeds
        if f.kind != "json"
    ]
    return sorted(kept, key=lambda f: f.id)


@settings(max_examples=100)
@given(lists, st.text(max_size=20))
def test_opml_round_trip(feeds: list[Feed], title: str) -> None:
    found, notes = from_opml(to_opml(feeds, title).encode())
    assert len(notes) == sum(f.kind == "json" for f in feeds)
    assert all("is left out: list is missing" in note for note in notes)
    assert sorted(found, key=lambda f: f.id) == exchanged(feeds)


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
        Feed(
            "lian-he-zao-bao", "联合早报", "https://example.sg/rss", "https://example.sg/", "zh-CN", group="新闻/中国"
        ),
        Feed("example-es", "El País", "https://www.example.es/rss", group="新闻"),
        Feed("alpha", "Άλφα", "https://example.gr/feed"),
        Feed("example-sg", "https://www.example.sg/other", "https://www.example.sg/other"),
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


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "not well-formed XML"),
        (b"not xml", "not well-formed XML"),
        (b"<opml><body>", "not well-formed XML"),
        (b'<opml><body><outline text="a" xmlUrl="https://example.org/"', "not well-formed XML"),
        (b'<opml><body><outline a=b xmlUrl="https://example.org/"/><outline te', "not well-formed XML"),
        (b'<?xml version="1.0" encoding="klingon"?><opml/>', "not OPML"),
        (b"<opml><head/></opml>", "not OPML"),
        (b"<rss><channel/></rss>", "not OPML"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><opml><body>&a;</body></opml>', "entities"),
        (b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><opml><body>&a;</body></opml>', "entities"),
        (b" " * 10_000_001, "10,000,000 is the most"),
    ],
)
def test_files_that_are_not_opml(data: bytes, expected: str) -> None:
    with pytest.raises(FeedsFileError, match=expected):
        from_opml(data)


def channels(*titles: str) -> bytes:
    outlines = (
        f'<outline text="{title}" xmlUrl="https://www.youtube.com/feeds/videos.xml?channel_id=UC{number}"/>'
        for number, title in enumerate(titles)
    )
    return f"<opml><body>{''.join(outlines)}</body></opml>".encode()


def test_the_ids_of_feeds_of_one_host_are_of_their_titles() -> None:
    titles = ["The Quay", "El Puerto: ¡cada día!", "李子柒", "Новости порта", "The Quay", "🎣", "w" * 80]
    assert [f.id for f in from_opml(channels(*titles))[0]] == [
        *("the-quay", "el-puerto-cada-dia", "li-zi-qi", "novosti-porta", "the-quay-2", "youtube-com", "w" * 40)
    ]
    assert [f.id for f in from_opml(channels("The Quay"))[0]] == ["the-quay"]


def test_the_id_of_a_feed_whose_id_is_taken_is_of_its_title(write: Write) -> None:
    path = write(feed(name="youtube-com") + feed(name="the-quay").replace("org/", "org/quay/"))
    added, _ = import_opml(path, channels("The Quay", "Boats"))
    assert [f.id for f in added] == ["the-quay-2", "boats"]


def test_the_number_of_feeds_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_import_adds_missing_feeds_in_one_write(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(feed(name="example-es") + "# kept\n" + feed(name="b").replace("org/b", "sg/rss"))
    writes: list[Path] = []

    def write_plainly(path: Path, data: bytes) -> None:
        writes.append(path)
        path.write_bytes(data)

    monkeypatch.setattr("warehouse.landing.write_durably", write_plainly)
    added, notes = import_opml(path, OPML.encode())
    assert [f.id for f in added] == ["el-pais", "alpha", "example-sg"]
    assert [f.id for f in read_feeds(path)] == ["example-es", "b", *(f.id for f in added)]
    assert '"联合早报" is there already, as "b"' in notes
    assert '"El País" became "el-pais": "example-es" is another feed' in notes
    assert import_opml(path, OPML.encode())[0] == []
    assert writes == [path]


def test_import_creates_the_file(tmp_path: Path) -> None:
    path = tmp_path / "feeds.toml"
    added, _ = import_opml(path, to_opml(read_feeds(DEFAULT), "newsmill").encode())
    assert read_feeds(path) == added
    assert exchanged(added) == exchanged(read_feeds(DEFAULT))
