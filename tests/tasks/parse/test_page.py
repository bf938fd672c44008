from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from trafilatura.metadata import examine_meta

from tasks.errors import ParseError
from tasks.mill.document import mill_bytes
from tasks.parse.page import parse_page
from tasks.parse.page_source import MAX_TAGS, MAX_WORDS
from tests.tasks.parse.pages import (
    ADDRESS,
    ARABIC,
    CHINESE,
    ENGLISH,
    FEED,
    MANDARIN,
    NOW,
    document,
    json_ld,
    mill_article,
    page,
    paragraphs,
    refusal_reason,
)


def test_an_english_page_gives_its_article_without_its_surroundings() -> None:
    head = json_ld(
        headline="The gate is open",
        datePublished="2024-03-05T07:08:09-05:00",
        dateModified="2024-03-06T10:00:00Z",
        author=[{"@type": "Person", "name": "Oda Brandt"}, {"@type": "Person", "name": "Jun Li"}],
        keywords=["harbour", "gate"],
    )
    article = mill_article(page(head=head))
    assert article.title == "The gate is open"
    assert article.url == ADDRESS
    assert article.content_text.split("\n\n") == list(ENGLISH)
    assert article.published_at == datetime(2024, 3, 5, 12, 8, 9, tzinfo=UTC)
    assert article.updated_at == datetime(2024, 3, 6, 10, tzinfo=UTC)
    assert article.author == "Oda Brandt, Jun Li"
    assert article.categories == ("harbour", "gate")
    assert article.language == "en"


@pytest.mark.parametrize(("texts", "language"), [(MANDARIN, "zh"), (ARABIC, "ar")])
def test_pages_in_other_languages(texts: tuple[str, ...], language: str) -> None:
    article = mill_article(page(text=paragraphs(texts), title=texts[0][:12], lang=language))
    assert article.content_text.split("\n\n") == list(texts)
    assert article.title == texts[0][:12].strip()
    assert article.language == language


@pytest.mark.parametrize(
    ("encoding", "meta", "content_type"),
    [
        ("gb2312", '<meta http-equiv="Content-Type" content="text/html; charset=gb2312">', "text/html"),
        ("gbk", "", "text/html; charset=GB2312"),
        ("gb18030", "", "text/html"),
        ("utf-8", "", "text/html"),
        ("utf-8-sig", '<meta charset="gbk">', "text/html; charset=gbk"),
        ("big5", '<meta charset="big5">', "text/html"),
        ("utf-16", "", "text/html"),
        ("utf-8", "", "text/html; charset=hex"),
        ("gb18030", '<meta charset="utf-8">', "text/html; charset=utf-8"),
        ("gb18030", '<meta charset="gbk">', "text/html; charset=utf-8"),
    ],
)
def test_encodings(encoding: str, meta: str, content_type: str) -> None:
    texts = (
        MANDARIN
        if encoding != "big5"
        else ("港務局局長星期二表示，北門將於每天早上八點開放。" * 3, "許多漁民對此表示歡迎。" * 9)
    )
    html = (
        page(head=meta, title="北門開放", text=paragraphs(texts), lang="zh")
        if encoding == "big5"
        else page(head=meta, title="北门开放", text=paragraphs(texts), lang="zh")
    )
    article = mill_article(html.encode(encoding), CHINESE, content_type=content_type)
    assert article.content_text.split("\n\n") == list(texts)
    assert article.title in ("北门开放", "北門開放")


def test_a_page_that_is_not_the_utf_8_that_it_declares_is_told_by_its_letters() -> None:
    """It was decoded to nothing, and gave no text."""
    text = "Мост через реку Орра закрыт до весны, сказал инженер: водолазы нашли размытый гравий под опорами. " * 4
    html = page(head='<meta charset="utf-8">', title="Мост закрыт", text=f"<p>{text}</p>", lang="ru")
    article = mill_article(html.encode("cp1251"), content_type="text/html; charset=utf-8")
    assert (article.title, article.content_text) == ("Мост закрыт", text.strip())


def test_one_invalid_byte_costs_one_character() -> None:
    html = page(title="Été à |Évora", text="<p>" + "Le bac à vapeur a navigué jusqu'à l'été. " * 20 + "</p>")
    assert mill_article(html.encode().replace(b"|", b"\xff"), content_type="text/html").title == "Été à \ufffdÉvora"


LINKS = "".join(f'<li><a href="/{n}">A headline about the harbour, number {n} of many</a></li>' for n in range(60))
TEASERS = "".join(f"<article><h2><a href='/{n}'>News {n}</a></h2><p>{ENGLISH[n]}</p></article>" for n in range(4))


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        ("", "empty"),
        ("  \n ", "empty"),
        ("just words, and 3 < 4", "no HTML"),
        ("%PDF-1.7 \u0000\u0001", "no HTML"),
        ('{"a": 1}', "no HTML"),
        ('<?xml version="1.0"?><rss version="2.0"><channel/></rss>', "is a feed"),
        ("<html><head><title>Gate</title></head><body></body></html>", "no article"),
        (f"<html><body><ul>{LINKS}</ul></body></html>", "no article"),
        (f"<html><body>{TEASERS}</body></html>", "a list of 4 articles"),
        ("<html><body><p>404</p></body></html>", "no article"),
        ("<p>x</p>" * MAX_TAGS, "tags"),
        (f"<html><body><p {'a ' * (MAX_WORDS + 1)}>x", "attributes"),
    ],
)
def test_a_page_without_an_article_is_refused_with_the_reason(html: str, reason: str) -> None:
    assert reason in refusal_reason(html)


def test_a_front_page_is_refused() -> None:
    assert "front page" in refusal_reason(page(), url="https://quay.example/")


def test_trafilatura_is_given_short_scripts_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes the square of their length for each "<" without an end: half a minute for this page."""
    given: list[str] = []

    def examine(tree: Any) -> Any:
        given.extend(script.text for script in tree.iter("script"))
        return examine_meta(tree)

    monkeypatch.setattr("tasks.parse.page_metadata.metadata.examine_meta", examine)
    scripts = '{"about": "the gate"}', '{"name": "' + "<!- " * 50_000 + '"}'
    head = "".join(f'<script type="application/ld+json">{script}</script>' for script in scripts)
    assert mill_article(page(head=head)).content_html == mill_article(page()).content_html
    assert given == [scripts[0]]


def test_hostile_json_and_markup() -> None:
    head = f'<script type="application/ld+json">{"[" * 100_000}</script>' + json_ld(
        headline="A\ud800\u0000<script>alert(1)</script>", author={"name": {"name": {"name": {"name": "deep"}}}}
    )
    text = paragraphs(ENGLISH) + "<script>alert(2)</script><p onclick='alert(3)'>The end of it, and of the quay.</p>"
    article = mill_article(page(head=head, text=text))
    assert "alert" not in article.content_html
    assert "\ud800" not in article.title
    assert "\u0000" not in article.title


def test_the_same_bytes_give_the_same_entry_on_any_day() -> None:
    html = page(head="<meta name='date' content='2024-03-05'>").encode()
    later = document(html, at=NOW + timedelta(days=4_000))
    assert parse_page(html, document(html), FEED).entries == parse_page(html, later, FEED).entries


PIECES = st.sampled_from(
    [
        *("<div>", "</div>", "<p>", "<table><td>", "<a href='", "'>", "<svg>", "<!--", "<script>", "</script>", "<li>"),
        *("<article>", "<h1>", "<title>", "<html lang=", "<img src=x>", "<template>", "<frameset>", "&#xD800;", "\0"),
        *(
            "<base href='http://['>",
            "<meta property='og:url' content='",
            "<time datetime='",
            "2024-03-05 99:99",
            "港口",
        ),
        *(json_ld(author=[[[]]]), ENGLISH[0], MANDARIN[0], ARABIC[0]),
    ]
)


@settings(max_examples=150)
@given(
    st.one_of(
        st.binary(max_size=400),
        st.lists(PIECES, max_size=40).map(lambda pieces: "".join(pieces).encode()),
        st.text(max_size=200).map(
            lambda text: page(title=escape(text), text=f"<p>{text}</p>").encode("utf-8", "replace")
        ),
    ),
    st.sampled_from(["text/html", "text/html; charset=utf-16", "text/html; charset=hex", "", "x"]),
)
@example(b"<html>\xff\xfe", "text/html; charset=idna")
@example(b"\xff\xfe<\x00p\x00>\x00\x00\xd8", "text/html")
def test_any_bytes_give_an_entry_or_a_reason(data: bytes, content_type: str) -> None:
    where = document(data, content_type=content_type)
    try:
        parsed = parse_page(data, where, CHINESE)
    except ParseError as error:
        assert str(error)
        return
    (article,) = parsed.entries
    json.loads(article.parsed)
    article.content_html.encode()
    assert parse_page(data, where, CHINESE).entries == (article,)
    assert mill_bytes(data, where, CHINESE).rejects == ()
