"""Article files: what is taken out of both generations, and of all that goes wrong in them."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from tasks.errors import ParseError
from tasks.mill.document import mill_bytes
from tasks.parse.article_file import Verbatim, decode, parse_article, simple_front_matter, stated_time, take_apart
from warehouse.export.archive_form import Exported, article_file, read_original
from warehouse.records import Document, Entry, Feed

SITE = Feed("quay", "码头日报", "", language="zh")
SEEN = datetime(2024, 6, 1, tzinfo=UTC)


def document(path: str = "quay/1.md") -> Document:
    headers = {"file": path}
    return Document("d", "quay", path, path, SEEN, 200, headers, 1, "", source="archive", form="article")


def entry(text: str | bytes) -> Entry:
    data = text.encode() if isinstance(text, str) else text
    (found,) = parse_article(data, document(), SITE).entries
    return found


def exported(found: Entry) -> str:
    """The file as it is written again."""
    assert found.link
    original = read_original(found.parsed)
    article = Exported(found.title, found.link, None, found.published_at, (), found.content_html or "", original)
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


def test_the_first_generation() -> None:
    found = entry(FIRST)
    assert found.title == "渡轮恢复通航"
    assert found.link == "https://quay.example/ferry?id=1"
    assert found.published_at == datetime(2024, 6, 1, 6, tzinfo=UTC)
    assert found.content_html == "<p>渡轮今天恢复通航。</p>"
    kept = json.loads(found.parsed)
    assert (kept["generation"], kept["file"], kept["stated"], kept["end"]) == (1, "quay/1.md", "1717221600000", "\n")
    assert kept["content"] is None


@pytest.mark.parametrize("begin", ["", "  ", "\n\u3000\u3000", "\x1c\r\n\t", "\u200b\n"])
def test_white_space_before_the_content_is_kept_without_the_content(begin: str) -> None:
    text = FIRST.replace("<p>", begin + "<p>")
    found = entry(text)
    assert json.loads(found.parsed)["content"] is None
    assert exported(found) == text


def test_what_had_to_be_taken_out_is_kept_with_the_content() -> None:
    text = FIRST.replace("今天", "今\x08\0天")
    found = entry(text)
    assert found.content_html == "<p>渡轮今天恢复通航。</p>"
    assert exported(found) == text


@given(st.text("a港<p>\t\n\u3000\xa0\x08\0\uffff\u200b", max_size=12))
def test_a_file_that_was_read_gives_its_bytes(content: str) -> None:
    text = FIRST.replace("<p>渡轮今天恢复通航。</p>", f"{content}港")
    assert exported(entry(text)) == text


def test_the_second_generation() -> None:
    body = FIRST.replace("<p>", "<div>\n<p>").replace("</p>", "</p>\n</div>")
    found = entry(FRONT + body)
    assert (found.title, found.author) == ("渡轮恢复通航", "林岸")
    assert found.categories == ("港口", "渡轮", "码头日报")
    assert json.loads(found.parsed)["generation"] == 2


def test_front_matter_only() -> None:
    found = entry(FRONT + "\n<p>渡轮今天恢复通航。</p>\n")
    assert (found.title, found.link) == ("渡轮恢复通航", "https://quay.example/ferry?id=1")
    assert found.published_at == datetime(2024, 6, 1, 6, tzinfo=UTC)
    assert found.content_html == "<p>渡轮今天恢复通航。</p>"


def test_nan_falls_back_to_the_front_matter() -> None:
    assert entry(FIRST.replace("1717221600000", "NaN")).published_at is None
    body = FIRST.replace("1717221600000", "NaN")
    assert entry(FRONT + body).published_at == datetime(2024, 6, 1, 6, tzinfo=UTC)


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
def test_titles_and_addresses_hold_anything(title: str, url: str) -> None:
    found = take_apart(f"<!--1-->\n[{title}]({url})\n------\n\n<p>x</p>\n")
    assert (found.title, found.url, found.content) == (title, url, "<p>x</p>")


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
def test_front_matter_that_is_no_yaml_is_read_line_by_line(front: str) -> None:
    found = entry(f"---\n{front}\nfrom: https://quay.example/a\n---\n<p>x</p>")
    assert found.title
    assert found.link == "https://quay.example/a"


def test_crlf_bom_and_other_encodings() -> None:
    wanted = entry(FIRST)
    for data in (
        FIRST.replace("\n", "\r\n").encode(),
        FIRST.encode("utf-8-sig"),
        FIRST.encode("utf-16"),
        FIRST.encode("gb18030"),
    ):
        found = entry(data)
        assert (found.title, found.link, found.published_at) == (wanted.title, wanted.link, wanted.published_at)
        assert found.content_html == wanted.content_html


@pytest.mark.parametrize("data", [b"", b"  \n", b"# A list\n\n- [a](b)\n", b"---\ntitle: open\n", b"\0\1\2" * 50])
def test_what_is_no_article_is_refused(data: bytes) -> None:
    with pytest.raises(ParseError):
        parse_article(data, document(), SITE)


def test_a_reject_names_the_file() -> None:
    milled = mill_bytes(b"# A list\n", document("quay/list.md"), SITE)
    assert [(reject.step, reject.location) for reject in milled.rejects] == [("parse", "quay/list.md")]


def test_a_time_beyond_all_calendars_is_none() -> None:
    assert stated_time(take_apart(FIRST.replace("1717221600000", "9999999999999999"))) is None


def test_aliases_are_no_bomb() -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{b}: &{b} [{','.join(f'*{a}' for _ in range(9))}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    found = entry(f"---\ntitle: t\n{bomb}from: https://quay.example/a\n---\n<p>x</p>")
    assert found.title == "t"


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1),
    st.text(st.characters(exclude_categories=["Cs", "Cc"])),
)
def test_what_is_written_is_read(title: str, content: str) -> None:
    written = f"<!--NaN-->\n[{title}](https://quay.example/a)\n------\n\n{content}\n"
    found = take_apart(decode(written.encode()))
    assert found.title == title or "](http" in title
    assert found.content + found.end == content + "\n"


@given(st.binary(max_size=400))
def test_any_bytes_are_an_article_or_refused(data: bytes) -> None:
    try:
        found = parse_article(data, document(), SITE)
    except ParseError:
        return
    assert len(found.entries) == 1


_PIECES = [
    *[
        "a",
        "b c",
        "港口",
        ": ",
        ":",
        "#",
        " #",
        "- ",
        "-",
        "[",
        "]",
        ",",
        ", ",
        "'",
        '"',
        "\\",
        "null",
        "~",
        "?",
        "!",
        "&",
        "*",
    ],
    *[
        "|",
        ">",
        "%",
        "@",
        "`",
        "{",
        "}",
        "=",
        "<<",
        "1",
        "2020-01-01",
        "true",
        "  ",
        "\u2028",
        "\u3000",
        "\u00a0",
        "\t",
    ],
    "https://quay.example/a?b=1#c",
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
def test_plain_front_matter_is_read_as_yaml_reads_it(lines: list[tuple[str, str, list[str]]]) -> None:
    text = "".join(f"{name}: {form.format(''.join(pieces))}\n" for name, form, pieces in lines)
    simple = simple_front_matter(text)
    assume(simple is not None)
    assert simple == yaml.load(text, Loader=Verbatim)


def test_most_front_matter_is_plain() -> None:
    assert simple_front_matter(FRONT.split("---\n")[1]) is not None
