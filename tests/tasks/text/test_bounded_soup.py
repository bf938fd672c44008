"""However Python's HTML parser reads it, BeautifulSoup's tree is not deep, and not large."""

from __future__ import annotations

import pytest

from tasks.text.bounded_soup import BoundedSoup
from tasks.text.nesting import DEEPEST, MOST_ELEMENTS
from tasks.text.site_rules import soup


def test_what_is_nested_deep_loses_its_tags() -> None:
    """It takes the square of the depth, too: 5 s of processor for 400 kB, found by fuzzing."""
    tree = soup("<p><div></p>" * 3_000 + "word")
    word = tree.find(string="word")
    assert word is not None
    assert len(list(word.parents)) <= DEEPEST + 2


@pytest.mark.parametrize(
    "piece",
    [
        "<p>",
        "<x a=b/>",
        "<title a=b>",  # 9,000 of them in an OPML file took 7 s
        "<!-- -- ><x>-->",
        "<script></ script><x></script>",
        "<x><script></script a></x></script>",
        "<script/><x></script>",
        "<x></x a='><x>'>",
        "<x><!--></x>-->",
        "<x><![if x></x>]>",
    ],
)
def test_however_pythons_html_parser_reads_it(piece: str) -> None:
    tree = BoundedSoup(piece * (DEEPEST + 100) + "<p>word")
    assert max(len(list(tag.parents)) for tag in tree.find_all(True)) <= DEEPEST + 1


@pytest.mark.parametrize("before", ["<p>a", "<p>a<plaintext>", "<xmp>"])
@pytest.mark.parametrize("piece", ["<!-- -- ><x>-->", "<p>", "<script></ script><x></script>"])
def test_nor_what_lexbor_passes_on_as_it_is(before: str, piece: str) -> None:
    tags = soup(before + piece * (DEEPEST + 100)).find_all(True)
    assert max(len(list(tag.parents)) for tag in tags) <= DEEPEST + 1


def test_what_comes_after_very_many_elements_loses_its_tags() -> None:
    tree = BoundedSoup("<p>one</p>" * MOST_ELEMENTS + "<b>two</b>")
    assert len(tree.find_all(True)) == MOST_ELEMENTS
    assert tree.get_text().endswith("onetwo")


def test_an_element_without_an_end_may_have_one() -> None:
    tree = BoundedSoup("<p>a<br>b</br>c<br/>d<img></img></p><p>e</p>")
    assert str(tree) == "<p>a<br/>bc<br/>d<img/></p><p>e</p>"


def test_line_breaks_are_not_searched_at_each_end_tag() -> None:
    """In the square of their number, this would take minutes."""
    tree = BoundedSoup("<br>" * 25_000 + "<b>c</b>" * 24_000)
    assert len(tree.find_all("b")) == 24_000
