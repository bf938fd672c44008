from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tasks.parse.page_blocks import Block, read_blocks
from tasks.parse.page_choice import Told, _recalled, choose, find_lines
from tasks.text.markup import parse
from tests.tasks.parse.pages import ENGLISH, MANDARIN, mill_article, page, paragraphs

LONG = (*ENGLISH, *(text.replace("the ", "this ").replace("for", "against") for text in ENGLISH))
NOTHING_TOLD = Told("", "", "")
ELSEWHERE = (
    "The whale that swam into the bay on Sunday has left it again, and the boats that followed it are back, too.",
    "It had come after the herring, a biologist of the aquarium said, and had found its way out by itself at night.",
)


def chosen(html: str, lines: tuple[str, ...] = (), told: Told = NOTHING_TOLD) -> list[str]:
    sections, blocks = read_blocks(parse(html), told.site)
    return [blocks[number].text for number in sorted(choose(sections, blocks, lines, told))]


def test_the_element_with_the_most_prose_is_the_article_if_trafilatura_finds_none() -> None:
    html = (
        f"<div><div>{paragraphs(ENGLISH)}</div><div><p>The ferry is late, and waits.</p></div><div>Street 1</div></div>"
    )
    assert chosen(html) == list(ENGLISH)


def test_an_article_in_several_elements_alike_is_found_whole() -> None:
    columns = "".join(f'<div class="col"><div class="chunk"><p>{text}</p></div></div>' for text in ENGLISH)
    assert chosen(f"<div>{columns}</div>", ENGLISH[:1]) == list(ENGLISH)


def test_the_second_opinion_adds_the_paragraphs_that_trafilatura_misses() -> None:
    assert chosen(f"<article>{paragraphs(ENGLISH)}</article>", ENGLISH[1:]) == list(ENGLISH)


def test_the_next_article_of_the_page_is_not_added() -> None:
    html = f"<article>{paragraphs(ENGLISH)}</article><article>{paragraphs(ELSEWHERE * 4)}</article>"
    assert chosen(html, ENGLISH) == list(ENGLISH)


def test_a_short_line_that_stands_twice_is_found_where_the_text_has_it() -> None:
    html = f"<p>The gate</p><p>{ENGLISH[0]}</p><h2>The gate</h2><p>{ENGLISH[1]}</p><p>The gate</p>"
    blocks = read_blocks(parse(html))[1]
    assert find_lines(blocks, [ENGLISH[0], "The gate", ENGLISH[1]]) == {1, 2, 3}


def test_a_cell_that_is_a_link_stays_with_its_row() -> None:
    rows = "".join(
        f"<tr><td><div><a href=/{name}>{name}</a></div></td><td>{number} boats</td></tr>"
        for name, number in (("Harbour", 71), ("Quay", 32), ("Pier Road", 17))
    )
    html = f"<div>{paragraphs(ENGLISH)}<table>{rows}</table>{paragraphs(MANDARIN)}</div>"
    lines = (*ENGLISH, "71 boats", "32 boats", "17 boats", *MANDARIN)
    cells = ["Harbour", "71 boats", "Quay", "32 boats", "Pier Road", "17 boats"]
    assert chosen(html, lines) == [*ENGLISH, *cells, *MANDARIN]


def test_a_layouts_column_does_not_come_with_the_article() -> None:
    aside = "".join(f"<p><a href=/{number}>{text}</a></p>" for number, text in enumerate(ELSEWHERE))
    html = f"<table><tr><td>{aside}</td><td>{paragraphs(ENGLISH)}</td></tr></table>"
    assert chosen(html, ENGLISH) == list(ENGLISH)


@pytest.mark.parametrize("name", ["e1ad", "no_caption"])
def test_names_that_only_seem_to_say_what_an_element_is(name: str) -> None:
    html = f"<div><p>{LONG[0]}</p><p id={name}>{LONG[1]}</p>{paragraphs(LONG[2:])}</div>"
    assert chosen(html, LONG) == list(LONG)


@pytest.mark.parametrize(
    "line",
    [
        "违法和不良信息举报电话：010-00000000 举报邮箱：jubao@quay.example",
        "请支持独立网站，转发请注明本文链接：https://quay.example/1",
        "每日推送最新消息。扫描下方二维码关注官方微信。",
    ],
)
def test_chinese_template_lines_go(line: str) -> None:
    html = f"<div><p>{MANDARIN[0]}</p><p>{line}</p><p>{MANDARIN[1]}</p></div>"
    assert chosen(html, (MANDARIN[0], line, MANDARIN[1])) == list(MANDARIN[:2])


@pytest.mark.parametrize(
    "around",
    [
        '<div class="related-articles"><h3>More</h3><p>{}</p></div>',
        '<div class="newsletter-signup"><p>{}</p></div>',
        '<div class="share-tools"><p>{}</p></div>',
        '<div id="comments"><p>{}</p></div>',
        "<aside><p>{}</p></aside>",
        "<form><p>{}</p></form>",
        '<a href="/whale"><div><p>{}</p></div></a>',
        "<div hidden><p>{}</p></div>",
    ],
)
def test_what_is_named_otherwise_among_the_text_is_no_part_of_it(around: str) -> None:
    text = f"{paragraphs(LONG[:2])}{around.format(ELSEWHERE[0])}{paragraphs(LONG[2:])}"
    assert chosen(f"<article>{text}</article>", (*LONG[:2], ELSEWHERE[0], *LONG[2:])) == list(LONG)


def test_a_name_that_holds_most_of_the_text_says_nothing() -> None:
    html = f'<article><div class="paywall">{paragraphs(ENGLISH)}</div></article>'
    assert chosen(html) == list(ENGLISH)
    slides = "".join(f'<div class="slide-caption"><p>{text}</p></div>' for text in ENGLISH)
    assert chosen(f"<article>{slides}</article>", ENGLISH) == list(ENGLISH)


@pytest.mark.parametrize(
    "line",
    [
        "Read more: <a href=x>The ferry is late</a>",
        "Lesen Sie auch: <a href=x>Die Fähre kommt später</a>",
        "Lire aussi : <a href=x>Le ferry est en retard</a>",
        "Lee también: <a href=x>El ferry se retrasa</a>",
        "Czytaj też: <a href=x>Prom się spóźnia</a>",
        "Читайте также: <a href=x>Паром опаздывает</a>",
        "延伸阅读：<a href=x>渡轮晚点</a>",
        "Advertisement",
        "Anzeige",
        "Publicidad",
        "Story continues below",
        "© The Quay 2026",
    ],
)
def test_lines_that_lead_elsewhere_or_advertise_are_dropped(line: str) -> None:
    html = f"<article><p>{ENGLISH[0]}</p><p>{line}</p><p>{ENGLISH[1]}</p><p>{ENGLISH[2]}</p></article>"
    assert chosen(html) == list(ENGLISH[:3])


def test_the_title_and_the_line_of_author_and_date_are_not_in_the_text() -> None:
    before = "<p>By Ann Quay</p><p>Updated 5:27 am, 20 November</p>"
    article = mill_article(page(text=before + paragraphs(ENGLISH)))
    assert article.content_text.split("\n\n") == list(ENGLISH)


def test_a_poem_keeps_its_first_and_last_lines() -> None:
    words = ("small", "grey", "slow", "far", "lost", "home")
    poem = (*(f"The boat is {word} on the sea" for word in words), ENGLISH[0], *(f"The sea is {w} now" for w in words))
    assert chosen(f"<article>{paragraphs(poem)}</article>", poem) == list(poem)


@pytest.mark.parametrize(("named", "description"), [("standfirst", ""), ("", ELSEWHERE[0]), ("ingress", ELSEWHERE[0])])
def test_the_lead_above_the_text_is_a_part_of_it(named: str, description: str) -> None:
    html = (
        f'<header><p class="{named}">{ELSEWHERE[0]}</p></header><div class="media">Video</div>'
        f"<div class=text>{paragraphs(ENGLISH)}</div>"
    )
    assert chosen(html, ENGLISH, Told("", description, "")) == [ELSEWHERE[0], *ENGLISH]


@pytest.mark.parametrize(
    ("sentence", "stays"),
    [
        ("Good morning from the quay!", True),
        ("很高兴又一次和大家见面。", True),
        ("It is open again.", True),
        ("By Ann Quay", False),
        ("20 November", False),
        ("<a href=/ann>Ann Quay writes here.</a>", False),
        ("It is <a href=/lock>open</a> again.", True),
    ],
)
def test_a_short_first_sentence_is_text_and_a_byline_is_not(sentence: str, stays: bool) -> None:
    words = parse(sentence).text()
    text = chosen(f"<article><p>{sentence}</p>{paragraphs(ENGLISH)}</article>", (words, *ENGLISH))
    assert (text[0] == words) is stays
    assert text[-4:] == list(ENGLISH)


@pytest.mark.parametrize(
    ("lines", "staying"),
    [
        (("Ladies and gentlemen,", "It is open again."), 2),
        (("女士们、先生们：", "很高兴又一次和大家见面。"), 2),
        (("Liebe Leserinnen und Leser,",), 1),
        (("24 June 2012", "Ladies and gentlemen,"), 1),
        (("Ladies and gentlemen,", "By Ann Quay"), 0),
        (("1:",), 0),
    ],
)
def test_a_greeting_stays_with_what_it_stands_above(lines: tuple[str, ...], staying: int) -> None:
    text = chosen(f"<article>{paragraphs(lines)}{paragraphs(ENGLISH)}</article>", (*lines, *ENGLISH))
    assert text == [*lines[len(lines) - staying :], *ENGLISH]


def test_a_line_that_announces_the_list_below_it_stays() -> None:
    points = "".join(f"<li>{text}</li>" for text in ENGLISH)
    html = f"<article><p>Key points:</p><ol>{points}</ol>{paragraphs(MANDARIN)}</article>"
    assert chosen(html, ("Key points:", *ENGLISH, *MANDARIN)) == ["Key points:", *ENGLISH, *MANDARIN]


def test_a_line_with_a_colon_between_the_paragraphs_stays() -> None:
    for line in ("点评：", "To do:"):
        html = f"<article><p>{ENGLISH[0]}</p><p>{line}</p><p>{ENGLISH[1]}</p><p>{ENGLISH[2]}</p></article>"
        assert chosen(html, ENGLISH[:3]) == [ENGLISH[0], line, *ENGLISH[1:3]]


def test_text_between_the_paragraphs_that_has_no_element_of_its_own_stays() -> None:
    """A note in <em> on Google's developers' blog, between a table and a paragraph."""
    html = f"<div><p>{ENGLISH[0]}</p><em>{ELSEWHERE[0]}</em><p>{ENGLISH[1]}</p><p>{ENGLISH[2]}</p></div>"
    assert chosen(html, ENGLISH[:3]) == [ENGLISH[0], ELSEWHERE[0], *ENGLISH[1:3]]


class CountedBlocks(list[Block]):
    """Counts how many blocks are read."""

    reads = 0

    def __iter__(self) -> Iterator[Block]:
        self.reads += len(self)
        return super().__iter__()

    def __getitem__(self, place: Any) -> Any:
        found = super().__getitem__(place)
        self.reads += len(found) if isinstance(place, slice) else 1
        return found


def test_blocks_are_not_read_again_for_each_piece_of_loose_text() -> None:
    """8,000 of them between paragraphs took 8 s, found by fuzzing."""

    def reads(times: int) -> int:
        texts = "".join(f"<p>{text}</p><em>A note from the harbour</em>" for text in ENGLISH[:3])
        sections, blocks = read_blocks(parse(f"<div>{texts * times}</div>"))
        counted = CountedBlocks(blocks)
        choose(sections, counted, ENGLISH[:3], NOTHING_TOLD)
        return counted.reads

    assert reads(200) < 3 * reads(100)


def test_loose_text_above_the_paragraphs_is_the_line_of_the_date() -> None:
    date = "Updated 1:39 am EST, Wednesday, November 20, 2019, by the harbour desk"
    html = f"<div><h1>{ELSEWHERE[0]}</h1></div><div>{date}{paragraphs(ENGLISH)}</div>"
    assert date not in chosen(html, (ELSEWHERE[0], *ENGLISH))


def test_a_short_sentence_of_another_element_is_not_the_first() -> None:
    html = f"<article><div><p>The ferry is late.</p></div><div>{paragraphs(ENGLISH)}</div></article>"
    assert chosen(html, ("The ferry is late.", *ENGLISH)) == list(ENGLISH)


def test_a_sentence_that_only_begins_like_a_teaser_stays() -> None:
    sentence = "相关路段强制分流，听从交警指挥疏导。"
    assert chosen(f"<article><p>{MANDARIN[0]}</p><p>{sentence}</p><p>{MANDARIN[1]}</p></article>") == [
        MANDARIN[0],
        sentence,
        MANDARIN[1],
    ]


def test_lines_that_begin_alike_and_are_links_are_teasers_in_any_language() -> None:
    teaser = "<p>FUNDA OLUNYE UDABA LAPHA | <a href=/{0}>Isikebhe sesithathu sibuya emuva {0}</a></p>"
    parts = [f"<p>{text}</p>{teaser.format(number)}" for number, text in enumerate(ENGLISH)]
    assert chosen(f"<article>{''.join(parts)}</article>") == list(ENGLISH)


def test_one_line_with_a_link_is_no_teaser() -> None:
    words = "The harbour master's own words: the gate is open until ten at night"
    linked = words.replace("the gate is open until ten at night", "<a href=/1>the gate is open until ten at night</a>")
    html = f"<article><p>{ENGLISH[0]}</p><p>{linked}</p><p>{ENGLISH[1]}</p></article>"
    assert chosen(html, (ENGLISH[0], words, ENGLISH[1])) == [ENGLISH[0], words, ENGLISH[1]]


def test_a_pictures_text_is_its_caption_and_a_tables_is_text() -> None:
    video = f"<figure><video src=v></video><p>{ELSEWHERE[0]}</p></figure>"
    table = f"<figure><table><tr><td>{ELSEWHERE[1]}</td></tr></table></figure>"
    html = f"<article><p>{ENGLISH[0]}</p>{video}<p>{ENGLISH[1]}</p>{table}<p>{ENGLISH[2]}</p></article>"
    lines = (ENGLISH[0], ELSEWHERE[0], ENGLISH[1], ELSEWHERE[1], ENGLISH[2])
    assert chosen(html, lines) == [ENGLISH[0], ENGLISH[1], ELSEWHERE[1], ENGLISH[2]]


def test_a_list_between_the_paragraphs_is_found_whatever_stands_in_its_items() -> None:
    items = "".join(f"<li>{text} <i>(one third of them.)</i><p></p></li>" for text in ELSEWHERE)
    html = f"<div><p>{ENGLISH[0]}</p><ul>{items}</ul><p>{ENGLISH[1]}</p><p>{ENGLISH[2]}</p></div>"
    found = chosen(html, ENGLISH[:3])
    assert [text[:30] for text in found] == [text[:30] for text in (ENGLISH[0], *ELSEWHERE, *ENGLISH[1:3])]


def test_an_element_that_is_named_for_the_text_is_text_whatever_it_is_in() -> None:
    """Politico cuts its text into two such, with a banner between them."""
    part = '<div class="sidebar-grid__container"><div class="sidebar-grid__content article__content">{}</div></div>'
    html = f"<article>{part.format(paragraphs(LONG[:2]))}<p>Subscribe</p>{part.format(paragraphs(LONG[2:]))}</article>"
    assert chosen(html, LONG) == list(LONG)


def test_paragraphs_above_an_element_with_the_rest_are_found() -> None:
    """Mallorca Magazin hides the rest from those who have not paid."""
    rest = f'<div class="hideable">{paragraphs(LONG[2:])}</div>'
    html = f'<main><div class="post-text">{paragraphs(LONG[:2])}{rest}</div></main>'
    assert chosen(html) == list(LONG)


def test_subheadings_stay_and_those_without_a_text_below_go() -> None:
    html = (
        f"<article><p>{ENGLISH[0]}</p><h2>In winter</h2><p>{ENGLISH[1]}</p><h2>Related</h2>"
        f'<div class="related"><p>{ELSEWHERE[0]}</p></div><h2>In May</h2><p>{ENGLISH[2]}</p><h2>Comments</h2></article>'
    )
    assert chosen(html, (ENGLISH[0], ENGLISH[1], ENGLISH[2])) == [
        ENGLISH[0],
        "In winter",
        ENGLISH[1],
        "In May",
        ENGLISH[2],
    ]


@pytest.mark.parametrize(
    ("heading", "text"),
    [
        ("How the tide turns", "How the tide turns"),
        ('<a href="#id5">How the tide turns</a><a href="#turns">¶</a>', "How the tide turns¶"),
    ],
)
def test_a_heading_that_links_to_itself_or_only_has_sections_below_it_stays(heading: str, text: str) -> None:
    section = f"<h2>{heading}</h2><div><h3>At night</h3>{paragraphs(ENGLISH[1:])}</div>"
    found = chosen(f"<article>{paragraphs(ENGLISH[:1])}<div>{section}</div></article>", ENGLISH)
    assert found == [ENGLISH[0], text, "At night", *ENGLISH[1:]]


@pytest.mark.parametrize(
    "label", ['<span class="headline2 head">Step 1</span>', "<b>Step 1</b>", "<strong>第一步</strong> "]
)
def test_a_short_line_that_is_a_heading_but_for_its_element_stays(label: str) -> None:
    html = f"<article>{paragraphs(ENGLISH[:1])}<div>{label}<p>{ENGLISH[1]}</p></div>{paragraphs(ENGLISH[2:])}</article>"
    assert len(chosen(html, ENGLISH)) == len(ENGLISH) + 1


@pytest.mark.parametrize("line", ["Step 1", '<b><a href="/steps">Step 1</a></b>', "<b>A</b> and <b>B</b>"])
def test_other_short_lines_above_a_paragraph_are_no_headings(line: str) -> None:
    html = f"<article>{paragraphs(ENGLISH[:1])}<div>{line}<p>{ENGLISH[1]}</p></div>{paragraphs(ENGLISH[2:])}</article>"
    assert chosen(html, ENGLISH) == list(ENGLISH)


def test_a_list_is_found_with_its_shortest_items_and_the_line_above_it() -> None:
    items = ("Oars", "A lantern with enough oil for two nights", "Rope", "Dried fish for the crew and for the cat")
    listed = "".join(f"<li>{item}</li>" for item in items)
    needed = f'<div><span class="title">You need</span><ul>{listed}</ul></div>'
    html = f"<article>{paragraphs(ENGLISH[:1])}{needed}{paragraphs(ENGLISH[1:])}</article>"
    lines = (ENGLISH[0], items[1], items[2], items[3], *ENGLISH[1:])
    assert chosen(html, lines) == [ENGLISH[0], "You need", *items, *ENGLISH[1:]]


ON_QUAY = Told("", "", "", site="quay.example")


@pytest.mark.parametrize(
    ("address", "stays"),
    [
        ("https://www.oars.example/shop", True),
        ("https://shop.quay.example/oars", False),
        ("https://x.com/quay", False),
        ("/oars", False),
    ],
)
def test_links_to_other_sites_are_a_part_of_the_article(address: str, stays: bool) -> None:
    items = "".join(f'<li><a href="{address}/{number}">Where to buy oars, part {number}</a></li>' for number in (1, 2))
    html = f"<article>{paragraphs(ENGLISH[:2])}<ul>{items}</ul>{paragraphs(ENGLISH[2:])}</article>"
    found = [text for text in chosen(html, ENGLISH, ON_QUAY) if text not in ENGLISH]
    assert found == (["Where to buy oars, part 1", "Where to buy oars, part 2"] if stays else [])


@pytest.mark.parametrize(("address", "stays"), [("https://oars.example/", True), ("https://quay.example/oars", False)])
def test_a_heading_that_links_to_another_site_is_the_articles(address: str, stays: bool) -> None:
    heading = f'<h3><a href="{address}">Long oars of ash ($30)</a></h3>'
    html = f"<article>{paragraphs(ENGLISH[:2])}{heading}{paragraphs(ENGLISH[2:])}</article>"
    assert ("Long oars of ash ($30)" in chosen(html, ENGLISH, ON_QUAY)) == stays


def test_items_that_present_other_articles_are_no_part_of_it_unless_they_are_most_of_it() -> None:
    item = f'<li><h3><a href="/whale"><div>The whale has left</div></a></h3><p>{ELSEWHERE[0]}</p></li>'
    stream = f"<ul>{item}</ul><article>{paragraphs(ENGLISH)}</article>"
    assert chosen(stream, (ELSEWHERE[0], *ENGLISH)) == list(ENGLISH)
    texts = tuple(text for text in ENGLISH for _ in range(2))
    listed = "".join(
        f'<li><h3><a href="/{number}">Part</a></h3><p>{text}</p></li>' for number, text in enumerate(texts)
    )
    assert chosen(f"<article><ul>{listed}</ul></article>", texts).count(ENGLISH[0]) == 2


def test_a_lead_may_be_a_long_heading_but_no_teaser_in_a_list() -> None:
    told = Told("", ELSEWHERE[0], "")
    text = f"<div>{paragraphs(ENGLISH)}</div>"
    assert chosen(f"<div><h2>{ELSEWHERE[0]}</h2></div>{text}", ENGLISH, told) == [ELSEWHERE[0], *ENGLISH]
    assert chosen(f"<ul><li><p>{ELSEWHERE[0]}</p></li></ul>{text}", ENGLISH, told) == list(ENGLISH)


def test_a_post_among_the_paragraphs_stays_and_one_beside_the_article_goes() -> None:
    said = "The lock is open, and the boats are through. 船都过去了。"
    post = f'<blockquote class="twitter-tweet"><p>{said}</p>— Harbour (@quay)</blockquote>'
    html = (
        f'<article>{paragraphs(ENGLISH[:2])}<div class="social-media-embed">{post}</div>{paragraphs(ENGLISH[2:])}'
        f'</article><aside class="social"><div><div><div>{post}</div></div></div></aside>'
    )
    assert chosen(html, ENGLISH) == [*ENGLISH[:2], said, "— Harbour (@quay)", *ENGLISH[2:]]


def test_a_list_of_links_goes_and_a_list_stays() -> None:
    links = "<ul><li><a href=a>The ferry is late again</a></li><li><a href=b>A whale in the bay</a></li></ul>"
    items = "<ul><li>open at eight every morning</li><li>shut at ten in the evening</li></ul>"
    html = f"<article><p>{ENGLISH[0]}</p>{items}<p>{ENGLISH[1]}</p>{links}<p>{ENGLISH[2]}</p></article>"
    assert chosen(html) == [
        ENGLISH[0],
        "open at eight every morning",
        "shut at ten in the evening",
        ENGLISH[1],
        ENGLISH[2],
    ]


def test_json_shows_that_much_of_the_text_is_missing() -> None:
    longer = tuple(text * 2 for text in ENGLISH)
    html = f"<div><p>{longer[0]}</p></div><dl><dt><b>{longer[1]}</b></dt><dd>{longer[2]}</dd></dl>"
    assert chosen(html, longer[:1]) == [longer[0]]
    assert chosen(html, longer[:1], Told("", "", " ".join(longer[:3]))) == list(longer[:3])


def test_chinese_text_that_is_divided_by_line_breaks_only() -> None:
    html = f"<div class=nav>首页 新闻</div><div id=content>{'<br><br>'.join(MANDARIN)}</div><div>版权所有</div>"
    assert chosen(html) == list(MANDARIN)


def test_a_stated_text_is_looked_for_in_pages_with_no_more_blocks_than_articles_have(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each of 4,000 blocks, looked for in a text of 270 kB, took 11 s."""
    _, blocks = read_blocks(parse(paragraphs((*ELSEWHERE, *LONG))))
    chosen_first, told = {0, 1}, Told("", "", " ".join(LONG))
    assert _recalled(blocks, chosen_first, told) == set(range(2, len(blocks)))
    monkeypatch.setattr("tasks.parse.page_choice.MAX_RECALLED", len(LONG))
    assert _recalled(blocks, chosen_first, told) == chosen_first
