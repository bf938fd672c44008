from __future__ import annotations

import zlib

import feedparser
import pytest
from bs4 import Tag
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.text.markup import Element, parse
from tasks.text.site_rules import apply_rules, from_soup, soup
from tests.places import CORPUS
from tests.tasks.clean.cleaning import assert_safe, clean_fragment
from warehouse.records import Rules


def test_removing_an_element_inside_a_removed_element() -> None:
    assert apply_rules('<div class="ad"><p class="ad">x</p></div><p>y</p>', Rules(remove=(".ad", "p.ad"))).text() == "y"


def test_each_selector_is_applied_to_what_the_one_before_left() -> None:
    html = "<div><p>a</p>1<p class=ad>b</p>2<p>c<i class=ad>d</i></p>3<p class=ad>e<i class=ad>f</i></p>4<p>g</p></div>"
    assert apply_rules(html, Rules(remove=(".ad",))).text() == "a12c34g"
    assert apply_rules(html, Rules(remove=(".ad", "p:nth-child(2)"))).text() == "a1234g"
    assert apply_rules(html, Rules(remove=(".ad", ".ad", "p + p"))).text() == "a1234"
    assert apply_rules(html, Rules(remove=("p.ad",), content="p")).text() == "acdg"


def test_elements_to_remove_are_not_looked_for_among_all_of_their_siblings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands, each looked for, take seconds."""
    monkeypatch.delattr(Tag, "index")
    assert apply_rules(f"<p>x</p>{'<small>y</small>' * 100}<p>z</p>", Rules(remove=("small",))).text() == "xz"


def test_content_inside_content_is_not_repeated() -> None:
    assert apply_rules('<div class="c"><p>a</p><div class="c"><p>b</p></div></div>', Rules(content=".c")).text() == "ab"


def collapsed(tree: Element) -> Element:
    """The tree with blank text as BeautifulSoup keeps it: one line break or one blank."""
    children = [
        collapsed(c) if isinstance(c, Element) else c if c.strip() else "\n" if "\n" in c else " "
        for c in tree.children
    ]
    return Element(tree.tag, tree.attrs, list(children))


_SOUP = st.lists(
    st.one_of(
        st.text(max_size=8).filter(lambda text: "<" not in text),
        st.sampled_from(
            [
                *("p", "div", "b", "a", "img", "table", "tr", "td", "li", "ul", "figure", "figcaption", "noscript"),
                *("picture", "script", "svg", "math", "style", "pre", "br", "dl"),
            ]
        ).flatmap(
            lambda tag: st.sampled_from(
                [f"<{tag}>", f"</{tag}>", f"<{tag} src=/x href='javascript:1' onclick=y style=z>"]
            )
        ),
    ),
    max_size=25,
).map("".join)


@given(_SOUP)
@settings(max_examples=250)
def test_any_tag_soup_gives_safe_html_and_the_same_tree_both_ways(html: str) -> None:
    assert_safe(clean_fragment(html).html)
    if "<svg" not in html and "<math" not in html:  # html.parser knows no foreign content; cleaning drops it anyway
        assert collapsed(from_soup(soup(html))) == collapsed(parse(html))


def _sample() -> list[tuple[str, str]]:
    """Every tenth article of the archives and every tenth entry of the feeds."""
    content = []
    for path in sorted((CORPUS / "archive").rglob("*.md"))[::10]:
        content.append((path.name, path.read_text(encoding="utf-8").split("\n---\n", 1)[-1]))
    entries = []
    for path in sorted((CORPUS / "feeds").iterdir()):
        if zlib.crc32(path.name.encode()) % 5 == 0:  # parsing them all takes longer than what is tested here
            parsed = feedparser.parse(path.read_bytes(), sanitize_html=False, resolve_relative_uris=False)
            for raw in parsed.entries:
                bodies = [content["value"] for content in raw.get("content", ())] or [raw.get("summary", "")]
                entries.append((f"{path.name} {raw.get('link')}", max(bodies, key=len)))
    return content + entries[::10]


@pytest.mark.skipif(not CORPUS.is_dir(), reason="../shared/corpus is absent: nothing real to compare on")
def test_lexbor_and_beautifulsoup_give_the_same_tree_of_real_articles() -> None:
    sample = _sample()
    assert len(sample) > 150
    differing = [name for name, html in sample if collapsed(parse(html)) != collapsed(from_soup(soup(html)))]
    assert differing == []
