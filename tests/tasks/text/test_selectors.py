from __future__ import annotations

import pytest

from tasks.text.markup import parse, parse_html, serialise, to_whole_tree
from tasks.text.selectors import MAX_SELECTOR, compile_selector, from_lxml, select, select_texts, to_lxml

PAGE = to_lxml(
    to_whole_tree(
        parse_html(
            """<html lang=en><head><title>The gate</title><meta name=author content="Oda Brandt"></head>
            <body><div class="story lead" id=s1><p @click=x>Open at <b>eight</b></p>
            <time datetime="2024-03-05">Tuesday</time><a href="/2" rel=next>Next</a></div>
            <div class=story><p>港口</p></div><my-story>own</my-story><o:p>Word</o:p></body></html>"""
        )
    )
)


@pytest.mark.parametrize(
    ("selector", "texts"),
    [
        ("div.story > p", ["Open at eight", "港口"]),
        ("#s1 p, my-story", ["Open at eight", "own"]),
        ("div:has(time) b", ["eight"]),
        ("p:contains('港')", ["港口"]),
        ("time", ["2024-03-05"]),
        ("meta[name=author]", ["Oda Brandt"]),
        ("//div[contains(@class, 'story')]/p", ["Open at eight", "港口"]),
        ("//meta[@name='author']/@content", ["Oda Brandt"]),
        ("/html/head/title", ["The gate"]),
        ("(//div[@class='story']/p)[1]", ["港口"]),
        ("(concat(//a/@href, '?all=1'))", ["/2?all=1"]),
        ("(count(//p))", ["2.0"]),
        ("//video", []),
        ("(string(//video))", []),
    ],
)
def test_what_css_and_xpath_find(selector: str, texts: list[str]) -> None:
    assert list(select_texts(PAGE, selector)) == texts


def test_only_elements_are_selected() -> None:
    assert [node.tag for node in select(PAGE, "//a | //meta")] == ["meta", "a"]
    assert select(PAGE, "//a/@href") == []
    assert select(PAGE, "(count(//a))") == []


@pytest.mark.parametrize(
    ("selector", "reason"),
    [
        ("", "Expected selector"),
        ("div[", ""),
        ("div >", "Expected selector"),
        ("p::before", "Pseudo-elements"),
        ("p:shouted", "pseudo-class"),
        ("//div[", "Invalid"),
        ("//div[matches(@class, 'x')]", "no function matches()"),
        ("//div[php:function('x')]", "php:function has a prefix"),
        ("//x:div", "x:div has a prefix"),
        ("//div[$name]", "$name is a variable"),
        ("//" + "a" * MAX_SELECTOR, "more than 2,000 characters"),
        ("//di\x00v", "control characters"),
    ],
)
def test_what_is_no_selector_is_refused_with_the_reason(selector: str, reason: str) -> None:
    with pytest.raises(ValueError) as error:
        compile_selector(selector)
    assert reason in str(error.value)


@pytest.mark.parametrize(
    "xpath",
    [
        "//a[text()='sign up: now (free)']",
        "//div[contains(concat(' ', normalize-space(@class), ' '), ' story ')]",
        "//h2[not(preceding-sibling::p) and (position() > 1 or last() = 1)]",
        "//footer/self::footer | //footer/following-sibling::*",
        "//p[starts-with(., 'http://x:y')]",
    ],
)
def test_valid_xpaths(xpath: str) -> None:
    compile_selector(xpath)


def test_a_tree_survives_the_way_there_and_back() -> None:
    html = '<div class="a">one <b>two</b> three<br>four<p>five &amp; &lt;six&gt;</p>seven</div>'
    assert serialise(from_lxml(to_lxml(parse(html))).children) == html


def test_deep_nesting_is_bounded() -> None:
    tree = to_lxml(parse("<div>" * 5_000 + "text" + "</div>" * 5_000))
    assert list(select_texts(tree, "//body | /body"))
    assert from_lxml(tree).text() == "text"
