"""What is read of an entry of a list: the title of a link, a picture."""

from __future__ import annotations

import pytest

from tasks.parse.list_items import image_of, segments, title_of
from tasks.text.markup import Element, parse


def first(html: str, tag: str) -> Element:
    return next(element for element in parse(html).walk() if element.tag == tag)


@pytest.mark.parametrize(
    ("link", "title"),
    [
        ("<a>The gate <b>opens</b></a>", "The gate opens"),
        ("<a><h3><span>North pier</span><span>The gate</span> opens</h3></a>", "North pier The gate opens"),
        ("<a><b>T</b>he gate <span>opens</span>, they say</a>", "The gate opens, they say"),
        ("<a><span>北门</span><span>明日开放</span></a>", "北门明日开放"),
        ("<a><p>Harbour</p><h3>The gate opens</h3><p>A long teaser comes below it.</p></a>", "The gate opens"),
        ('<a><div>Harbour news</div><div class="card-title">The gate</div></a>', "The gate"),
        ("<a><div>2026-11-19</div><div>The gate opens at eight</div></a>", "The gate opens at eight"),
        ("<a><span>2026-11-19</span>The gate opens</a>", "The gate opens"),
        ("<a>The gate opens <time>today</time></a>", "The gate opens"),
        (
            '<a title="The gate opens at eight, not at nine">The gate opens at…</a>',
            "The gate opens at eight, not at nine",
        ),
        ('<a title="Opens in a new window">The gate opens</a>', "The gate opens"),
        ('<a><img src="1.jpg" alt="The gate opens"></a>', "The gate opens"),
        ("<a><svg><title>Arrow</title></svg>The gate</a>", "The gate"),
        ('<a><img src="1.jpg"></a>', ""),
    ],
)
def test_title(link: str, title: str) -> None:
    assert title_of(first(link, "a"))[0] == title


@pytest.mark.parametrize(
    ("html", "address"),
    [
        ('<img src="/a.jpg">', "/a.jpg"),
        ('<img src="data:image/gif;base64,xx" data-src="/a.jpg">', "/a.jpg"),
        ('<img src="/loading.gif" data-original="/a.jpg">', "/a.jpg"),
        ('<img srcset="/a-1.jpg 320w, /a-2.jpg 640w">', "/a-2.jpg"),
        ('<img src="/icon-arrow.png"><img src="/a.jpg">', "/a.jpg"),
        ('<img src="/tiny.png" width="16"><img src="/a.jpg" width="300">', "/a.jpg"),
        ("<i style=\"background: url('/a.jpg') center\"></i>", "/a.jpg"),
        ("<p>none</p>", ""),
    ],
)
def test_picture(html: str, address: str) -> None:
    assert image_of(parse(html)) == address


def test_what_holds_further_entries_is_no_part_of_one() -> None:
    """A page of 24 kB, with the rest of its list in a <div> after each entry, took 5 s."""
    body = parse("<p>The gate</p><i>in May</i><div><p>The ferry</p><i>in June</i></div>")
    gate, dated, rest = (child for child in body.children if isinstance(child, Element))
    ferry, _ = (child for child in rest.children if isinstance(child, Element))
    found = segments([(body, gate), (rest, ferry)], [(body, gate), (body, rest, ferry)])
    assert [list(map(id, nodes)) for nodes in found] == [[id(gate), id(dated)], [id(node) for node in rest.children]]
