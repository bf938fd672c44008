"""Feeds with a wrong encoding, damaged bytes, or XML that is not well-formed: each costs as little as it can."""

from __future__ import annotations

import pytest

from tasks.mill.document import mill_bytes
from tests.tasks.making import FEED, Item, document, rss
from tests.tasks.parse.feeds import ATOM, RSS_10, RSS_20, parse_data, parse_single_entry


@pytest.mark.parametrize(
    "before",
    [
        *(b"\xef\xbb\xbf\n", b"\xef\xbb\xbf\xef\xbb\xbf", b"\0\r\n", b"<!-- cached -->\n"),
        b"<br />\n<b>Warning</b>: Undefined index in <b>/srv/feed.php</b> on line <b>3</b><br />\n",
    ],
)
def test_what_comes_before_the_declaration_hides_nothing(before: bytes) -> None:
    data = before + rss(Item("Причал & пирс"), encoding="windows-1251")
    (article,) = mill_bytes(data, document(data), FEED).articles
    assert article.title == "Причал & пирс"


@pytest.mark.parametrize(
    ("encoding", "titles"),
    [
        ("utf-8", ["Première", "Été à |Québec", "Fin"]),
        ("utf-8", ["港口新闻", "船坞|", "北门"]),
        ("gb2312", ["港口新闻", "船坞|", "北门"]),
        ("euc-kr", ["항구 소식", "부두|", "북문"]),
    ],
)
def test_one_invalid_byte_costs_one_character(encoding: str, titles: list[str]) -> None:
    data = rss(*(Item(title, guid=title) for title in titles), encoding=encoding).replace(b"|", b"\xff")
    assert [entry.title for entry in parse_data(data).entries] == [title.replace("|", "\ufffd") for title in titles]


@pytest.mark.parametrize("declared", ["windows-1251", "utf-16", "gb2312", "iso-8859-1", "us-ascii"])
def test_a_declaration_that_lies_is_not_believed(declared: str) -> None:
    data = rss(Item("Причал — 港口 — Été")).replace(b'encoding="utf-8"', f'encoding="{declared}"'.encode())
    assert parse_single_entry(data).title == "Причал — 港口 — Été"


@pytest.mark.parametrize(
    "title", ["D&D, but better", "AT&T", "R&B & soul", "Q&A; more", "caf&eacute; d'&Eacute;vora", "5 < 6"]
)
def test_a_bare_ampersand_or_an_entity_of_html_in_a_title(title: str) -> None:
    data = RSS_20.replace("Gate &amp; quay", title).replace("/gate</link>", "/gate?a=1&b=2&copy=3</link>")
    entry = parse_single_entry(data)
    assert entry.title == title.replace("&eacute;", "é").replace("&Eacute;", "É")
    assert entry.link == "https://quay.example/gate?a=1&b=2&copy=3"


@pytest.mark.parametrize("cdata", ["&lt;![CDATA[{}]]&gt;", "<![CDATA[<![CDATA[{}]]]]>"])
def test_escaped_cdata_is_no_text(cdata: str) -> None:
    data = RSS_20
    for text in ("https://quay.example/gate", "Oda Brandt", "harbour", "g1"):
        data = data.replace(f">{text}<", f">{cdata.format(text)}<")
    data = data.replace("Gate &amp; quay", cdata.format("Gate"))
    entry = parse_single_entry(data)
    found = (entry.title, entry.link, entry.author, entry.categories, entry.guid)
    assert found == ("Gate", "https://quay.example/gate", "Oda Brandt", ("harbour",), "g1")


@pytest.mark.parametrize("whole", [RSS_20, RSS_10, ATOM], ids=["rss", "rdf", "atom"])
def test_a_root_or_an_entry_that_is_never_closed_costs_no_entry(whole: str) -> None:
    name = "entry" if whole == ATOM else "item"
    end = whole.rindex(f"</{name}>") + len(f"</{name}>")
    assert parse_single_entry(whole[:end]).title == "Gate & quay"
    assert parse_single_entry(whole[:end] + "\n<!-- <item> -->").title == "Gate & quay"
    assert parse_single_entry(whole.replace(f"</{name}>", "")).title == "Gate & quay"
    cut = parse_data(whole[:end] + f"<{name}><title>Nex")
    assert [entry.title for entry in cut.entries] == ["Gate & quay"]
    assert len(cut.rejects) == 1


def test_escaped_cdata_around_a_text_leaves_nothing_behind() -> None:
    data = RSS_20.replace("Opens at eight", "&lt;![CDATA[<p>At eight.</p><p>At nine.</p>]]&gt;").encode()
    (article,) = mill_bytes(data, document(data), FEED).articles
    assert article.content_text == "At eight.\n\nAt nine."
