"""Which links of a page are its list of articles. tests/tasks/parse/list_pages.py has pages of many makes."""

from __future__ import annotations

import pytest

from tasks.parse.list_links import Link, _columns, find_items, wrap_lines
from tasks.text.markup import Element, parse
from tests.tasks.parse.list_pages import BASE, EN, MOST_READ, each, link

ROWS = each(lambda n, s: f"<li>{link(s)}</li>", EN)
OTHERS = each(lambda n, s: f"<li>{link(s)}</li>", MOST_READ)


def found(html: str) -> list[str]:
    return [item.title for item in find_items(parse(html), f"{BASE}/news/", f"{BASE}/news/")]


@pytest.mark.parametrize(
    "around",
    [
        '<div class="page has-sidebar"><ul>{rows}</ul></div>',
        '<div class="no-comments"><ul>{rows}</ul></div>',
        '<form action="search.aspx"><ul>{rows}</ul></form>',
        "<ul>{rows}</ul><h3>Most popular</h3><ul>{others}</ul>",
        '<ul>{rows}</ul><ul id="mostRead">{others}</ul>',
        "<aside><ul>{others}</ul></aside><ul>{rows}</ul>",
        '<ul class="related-links">{others}</ul><ul>{rows}</ul>',
        "<h2>点击排行</h2><ul>{others}</ul><h2>要闻</h2><ul>{rows}</ul>",
        "<footer><ul>{others}</ul></footer><ul>{rows}</ul>",
        "<div hidden><ul>{others}</ul></div><ul>{rows}</ul>",
    ],
)
def test_the_list_is_found_and_not_what_stands_beside_it(around: str) -> None:
    assert found(around.format(rows=ROWS, others=OTHERS)) == [story.title for story in EN]


def test_links_that_are_no_articles_are_none() -> None:
    assert found('<ul><li><a href="#a">An anchor on this same page</a></li>' * 9) == []
    assert found('<ul><li><a href="javascript:open(1)">An article in a window</a></li>' * 9) == []
    assert (
        found("".join(f'<li><a href="/picture-{n}.jpg">A picture of the harbour {n}</a></li>' for n in range(9))) == []
    )
    assert found("".join(f'<li><a href="/{n}">Sports {n}</a></li>' for n in range(9))) == []


def test_the_index_of_a_mailing_list_s_archive_lists_no_articles_and_its_months_do() -> None:
    """Pipermail's: seven months, each with buttons and a download, were seven articles called "Gzip'd Text 40 KB"."""
    buttons = "".join(
        f'<a href="{{month}}/{name}.html">[ {name.title()} ]</a> ' for name in ("thread", "subject", "date")
    )
    index = "".join(
        f"<tr><td>Month {month}:</td><td>{buttons.format(month=month)}</td>"
        f"<td><a href='{month}.txt.gz'>[ Gzip'd Text {40 + month} KB ]</a></td></tr>"
        for month in range(1, 8)
    )
    assert found(f"<p>You can <a href='all.mbox'>download the full raw archive</a></p><table>{index}</table>") == []
    sorting = f"<ul><li><b>Messages sorted by:</b> {buttons.format(month=1)}</li></ul>"
    assert found(f"{sorting}<ul>{ROWS}</ul>{sorting}") == [story.title for story in EN]


def test_an_address_comes_once() -> None:
    assert found(f"<ul>{ROWS}</ul><ul>{ROWS}</ul>") == [story.title for story in EN]


def test_lines_become_elements() -> None:
    body = parse("<p>1 <a>a</a><br>2 <a>b</a><br>3 <a>c</a></p>")
    wrap_lines(body)
    paragraph = body.children[0]
    assert not isinstance(paragraph, str)
    assert [child.text() for child in paragraph.children if not isinstance(child, str)] == ["1 a", "2 b", "3 c"]


def test_the_cells_of_a_row_are_counted_once() -> None:
    """Counted for each link, this would take an hour; a page of 153 kB took 5 s."""
    cells = [Element("th"), *(Element("td") for _ in range(150_000))]
    row = Element("tr", {}, list(cells))
    links = [Link((row, cell), f"{BASE}/{n}", 20, False, "The gate", False, n) for n, cell in enumerate(cells)]
    assert _columns(links, 1) == {id(cell): column for column, cell in enumerate(cells) if column}
