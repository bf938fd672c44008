"""Article files: what is taken out of both generations, and of all that goes wrong in them."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tasks.errors import ParseError
from tasks.mill.document import mill_bytes
from tasks.parse.article_file import (
    Verbatim,
    decode,
    parse_article,
    simple_front_matter,
    split_article_file,
    stated_time,
)
from warehouse.export.archive_form import ExportedArticle, article_file, read_original
from warehouse.records import Document, Entry, Feed

SITE = Feed("quay", "码头日报", "", language="zh")
SEEN = datetime(2024, 6, 1, tzinfo=UTC)


def document(path: str = "quay/1.md") -> Document:
    headers = {"file": path}
    return Document("d", "quay", path, path, SEEN, 200, headers, 1, "", source="archive", form="article")


def parse_entry(text: str | bytes) -> Entry:
    data = text.encode() if isinstance(text, str) else text
    (entry,) = parse_article(data, document(), SITE).entries
    return entry


def export(entry: Entry) -> str:
    """The file as it is written again."""
    assert entry.link
    original = read_original(entry.parsed)
    article = ExportedArticle(entry.title, entry.link, None, entry.published_at, (), entry.content_html or "", original)
    return article_file(article, 1).decode()


FIRST = "<!--1717221600000-->\n[渡轮恢复通航](https://quay.example/ferry?id=1)\n------\n\n<p>渡轮今天恢复通航。</p>\n"
FRONT = """---
layout: post
title: "渡轮恢复通航"
date: 2024-06-01T06:00:00.000Z
author: 林岸
from: https://quay.example/ferry?id=1
tags: [ 港口, 渡轮 ]
categories: [ 码头日报 ]
---
"""


@pytest.mark.parametrize(
    ("lines", "authors"),
    [
        ("author: [Oda Brandt, Ana Reis]", ("Oda Brandt", "Ana Reis")),
        ("author:\n  - Oda Brandt\n  - Ana Reis", ("Oda Brandt", "Ana Reis")),
        ("authors: [ Oda Brandt, Ana Reis ]", ("Oda Brandt", "Ana Reis")),
        ("authors:\n  - name: Oda Brandt\n    email: oda@quay.example\n  - Ana Reis", ("Oda Brandt", "Ana Reis")),
        ("author:\n  name: Oda Brandt\n  twitter: oda", ("Oda Brandt",)),
        ("author: {name: 林岸, url: 'https://quay.example/'}", ("林岸",)),
        ("authors:\n  oda: {name: Oda Brandt}\n  ana: {name: Ana Reis}", ("Oda Brandt", "Ana Reis")),
        ("author: Oda Brandt\nauthors: [Oda Brandt, Ana Reis]", ("Oda Brandt", "Ana Reis")),
        ("author: 林岸", ("林岸",)),
        ("author:", ()),
    ],
)
def test_the_authors_of_front_matter(lines: str, authors: tuple[str, ...]) -> None:
    assert parse_entry(f"---\ntitle: Ferry\n{lines}\n---\n<p>x</p>\n").authors == authors


@pytest.mark.parametrize(
    ("lines", "categories"),
    [
        ("tags: harbour ferry", ("harbour", "ferry")),
        ("tags: harbour, north gate", ("harbour", "north gate")),
        ("tags: '#harbour #ferry'", ("harbour", "ferry")),
        ("tags: [harbour, north gate]\ncategories: news", ("harbour", "north gate", "news")),
        ("tags:\n  - name: harbour\n    slug: h\n  - [ferry]", ("harbour", "ferry")),
        ("category: North Gate", ("North Gate",)),
        ("tags: 港口 渡轮\ncategories: 码头日报", ("港口", "渡轮", "码头日报")),
        ("tags: 2024", ("2024",)),
        ("tags:", ()),
    ],
)
def test_the_tags_of_front_matter(lines: str, categories: tuple[str, ...]) -> None:
    assert parse_entry(f"---\ntitle: Ferry\n{lines}\n---\n<p>x</p>\n").categories == categories


def test_the_first_generation() -> None:
    entry = parse_entry(FIRST)
    assert entry.title == "渡轮恢复通航"
    assert entry.link == "https://quay.example/ferry?id=1"
    assert entry.published_at == datetime(2024, 6, 1, 6, tzinfo=UTC)
    assert entry.content_html == "<p>渡轮今天恢复通航。</p>"
    original = json.loads(entry.parsed)
    assert (original["generation"], original["file"], original["stated"], original["end"]) == (
        1,
        "quay/1.md",
        "1717221600000",
        "\n",
    )
    assert original["content"] is None


@pytest.mark.parametrize("begin", ["", "  ", "\n\u3000\u3000", "\x1c\r\n\t", "\u200b\n"])
def test_leading_white_space_is_stored_without_the_content(begin: str) -> None:
    text = FIRST.replace("<p>", begin + "<p>")
    entry = parse_entry(text)
    assert json.loads(entry.parsed)["content"] is None
    assert export(entry) == text


def test_content_with_unprintable_characters_is_stored_as_it_was() -> None:
    text = FIRST.replace("今天", "今\x08\0天")
    entry = parse_entry(text)
    assert entry.content_html == "<p>渡轮今天恢复通航。</p>"
    assert export(entry) == text


@given(st.text("a港<p>\t\n\u3000\xa0\x08\0\uffff\u200b", max_size=12))
def test_an_exported_file_equals_the_file_that_was_parsed(content: str) -> None:
    text = FIRST.replace("<p>渡轮今天恢复通航。</p>", f"{content}港")
    assert export(parse_entry(text)) == text


def test_the_second_generation() -> None:
    body = FIRST.replace("<p>", "<div>\n<p>").replace("</p>", "</p>\n</div>")
    entry = parse_entry(FRONT + body)
    assert (entry.title, entry.author) == ("渡轮恢复通航", "林岸")
    assert entry.categories == ("港口", "渡轮", "码头日报")
    assert json.loads(entry.parsed)["generation"] == 2


def test_front_matter_only() -> None:
    entry = parse_entry(FRONT + "\n<p>渡轮今天恢复通航。</p>\n")
    assert (entry.title, entry.link) == ("渡轮恢复通航", "https://quay.example/ferry?id=1")
    assert entry.published_at == datetime(2024, 6, 1, 6, tzinfo=UTC)
    assert entry.content_html == "<p>渡轮今天恢复通航。</p>"


def test_nan_falls_back_to_the_front_matter() -> None:
    assert parse_entry(FIRST.replace("1717221600000", "NaN")).published_at is None
    body = FIRST.replace("1717221600000", "NaN")
    assert parse_entry(FRONT + body).published_at == datetime(2024, 6, 1, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("title", "url"),
    [
        ("Pier [closed] (again)", "https://quay.example/pier_(south)"),
        ("A [nested [deep]] one](x)", "https://quay.example/a"),
        ('He said "stop"', "https://quay.example/a?b=[1]"),
        ("two\nlines", "https://quay.example/two"),
        ("ends with ]", "https://quay.example/e"),
        ("标题](http", "https://quay.example/(a)(b)"),
    ],
)
def test_titles_and_addresses_may_contain_anything(title: str, url: str) -> None:
    file = split_article_file(f"<!--1-->\n[{title}]({url})\n------\n\n<p>x</p>\n")
    assert (file.title, file.url, file.content) == (title, url, "<p>x</p>")


@pytest.mark.parametrize(
    "front",
    [
        'title: "He said "stop" twice"',  # no YAML
        "title: He said: stop",
        "title: 'Tide''s out'",
        "title: [ a, b",
        "title: *anchor",
    ],
)
def test_front_matter_that_is_not_yaml_is_read_line_by_line(front: str) -> None:
    entry = parse_entry(f"---\n{front}\nfrom: https://quay.example/a\n---\n<p>x</p>")
    assert entry.title
    assert entry.link == "https://quay.example/a"


def test_crlf_bom_and_other_encodings() -> None:
    wanted = parse_entry(FIRST)
    for data in (
        FIRST.replace("\n", "\r\n").encode(),
        FIRST.encode("utf-8-sig"),
        FIRST.encode("utf-16"),
        FIRST.encode("gb18030"),
    ):
        entry = parse_entry(data)
        assert (entry.title, entry.link, entry.published_at) == (wanted.title, wanted.link, wanted.published_at)
        assert entry.content_html == wanted.content_html


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_one_invalid_byte_costs_one_character(encoding: str) -> None:
    whole = parse_entry(FIRST)
    entry = parse_entry(FIRST.replace("今天", "今|天").encode(encoding).replace(b"|", b"\xff"))
    assert (entry.title, entry.content_html) == (whole.title, whole.content_html.replace("今天", "今\ufffd天"))


@pytest.mark.parametrize("data", [b"", b"  \n", b"# A list\n\n- [a](b)\n", b"---\ntitle: open\n", b"\0\1\2" * 50])
def test_a_file_that_is_not_an_article_is_refused(data: bytes) -> None:
    with pytest.raises(ParseError):
        parse_article(data, document(), SITE)


def test_a_reject_names_the_file() -> None:
    milled = mill_bytes(b"# A list\n", document("quay/list.md"), SITE)
    assert [(reject.step, reject.location) for reject in milled.rejects] == [("parse", "quay/list.md")]


def test_a_time_beyond_the_year_9999_is_none() -> None:
    assert stated_time(split_article_file(FIRST.replace("1717221600000", "9999999999999999"))) is None


def test_yaml_aliases_do_not_expand() -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{b}: &{b} [{','.join(f'*{a}' for _ in range(9))}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    entry = parse_entry(f"---\ntitle: t\n{bomb}from: https://quay.example/a\n---\n<p>x</p>")
    assert entry.title == "t"


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1),
    st.text(st.characters(exclude_categories=["Cs", "Cc"])),
)
def test_any_title_and_content_are_read_as_written(title: str, content: str) -> None:
    written = f"<!--NaN-->\n[{title}](https://quay.example/a)\n------\n\n{content}\n"
    file = split_article_file(decode(written.encode()))
    assert file.title == title or "](http" in title
    assert file.content + file.end == content + "\n"


@given(st.binary(max_size=400))
def test_any_bytes_are_an_article_or_refused(data: bytes) -> None:
    try:
        parsed = parse_article(data, document(), SITE)
    except ParseError:
        return
    assert len(parsed.entries) == 1


_PIECES = [
    *("a", "b c", "港口", ": ", ":", "#", " #", "- ", "-", "[", "]", ",", ", ", "'", '"', "\\", "null", "~", "?", "!"),
    *("&", "*", "|", ">", "%", "@", "`", "{", "}", "=", "<<", "1", "2020-01-01", "true", "  "),
    *("\u2028", "\u3000", "\u00a0", "\t", "https://quay.example/a?b=1#c"),
]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["title", "null", "x-y", "_z"]),
            st.sampled_from(["{}", '"{}"', "[{}]", "[ {} ]"]),
            st.lists(st.sampled_from(_PIECES), max_size=5),
        ),
        min_size=1,
        max_size=3,
    )
)
@settings(suppress_health_check=[HealthCheck.filter_too_much])
def test_simple_front_matter_gives_what_yaml_gives(lines: list[tuple[str, str, list[str]]]) -> None:
    text = "".join(f"{name}: {form.format(''.join(pieces))}\n" for name, form, pieces in lines)
    simple = simple_front_matter(text)
    assume(simple is not None)
    assert simple == yaml.load(text, Loader=Verbatim)


def test_typical_front_matter_is_simple() -> None:
    assert simple_front_matter(FRONT.split("---\n")[1]) is not None
