from __future__ import annotations

import json

import pytest

from tests.tasks.parse.feeds import parse_data, parse_single_entry
from warehouse.records import Entry

NAMESPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "media": "http://search.yahoo.com/mrss/",
}


def entry_of(elements: str) -> Entry:
    item = f"<item><guid>g1</guid><title>Quay</title>{elements}</item>"
    namespaces = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
    return parse_single_entry(f'<rss version="2.0"{namespaces}><channel><title>The Quay</title>{item}</channel></rss>')


def test_a_word_too_long_for_an_address_is_no_author() -> None:
    """feedparser looks for an address in it. In the square of its length, this would take an hour."""
    assert entry_of(f"<author>{'a' * 1_000_000} Oda Brandt</author>").authors == ("Oda Brandt",)


@pytest.mark.parametrize("empty", ["<author><uri/></author>", "<author/>"])
def test_a_long_author_is_searched_once_for_an_address(empty: str) -> None:
    """Not again for each author without a name, which would take minutes."""
    long = "Oda Brandt, " * 100_000
    entry = entry_of(f"<author>{long}</author><z>{empty * 6_000}</z><author>Ana Reis</author>")
    assert entry.authors == (long.strip(), "Ana Reis")


def test_a_long_publisher_is_searched_once_for_an_address() -> None:
    """Not again for each empty element, which would take minutes."""
    long = "The Quay, " * 100_000
    entry = entry_of(f"<dc:publisher>{long}</dc:publisher><z>{'<dc:publisher/>' * 10_000}</z>")
    assert json.loads(entry.parsed)["publisher_detail"] == {"name": long.strip()}


def test_the_same_long_list_of_authors_in_two_elements() -> None:
    long = "Oda Brandt, " * 20 + "ann@quay.example"
    elements = f"<author>{long}</author><dc:creator>{long}</dc:creator>"
    assert [author["email"] for author in json.loads(entry_of(elements).parsed)["authors"]] == ["ann@quay.exam"] * 2


def test_long_white_space_in_a_keyword_is_read_once() -> None:
    """In the square of its length, this would take an hour."""
    spaces = " " * 300_000
    entry = entry_of(f"<media:keywords>quay{spaces}gate, harbour{spaces}:{spaces}1.5</media:keywords>")
    assert entry.categories == (f"quay{spaces}gate", "harbour")


def test_the_first_of_very_many_keywords_count() -> None:
    """Each is compared with those before it, which would take an hour."""
    words = [f"w{number}" for number in range(300_000)]
    entry = entry_of(f"<itunes:keywords>{','.join(words)}</itunes:keywords><category>quay</category>")
    assert entry.categories == tuple(words[:500])


def test_a_category_counts_once() -> None:
    assert entry_of("<category>quay</category><category>gate</category>" * 300).categories == ("quay", "gate")


def test_a_feed_with_very_many_namespaces() -> None:
    """feedparser goes through them at each tag, which would take minutes."""
    declared = " ".join(f'xmlns:n{number}="urn:{number}"' for number in range(100_000))
    known = '<d:creator xmlns:d="http://purl.org/dc/elements/1.1/">Oda Brandt</d:creator>'
    entry = entry_of(f'<z {declared} xmlns:q="urn:q">{"<q:a/>" * 6_000}{known}</z>')
    assert (entry.title, entry.authors) == ("Quay", ("Oda Brandt",))


@pytest.mark.parametrize(
    ("attributes", "elements"),
    [
        (f'xml:lang="{"en" * 250_000}"', ""),
        (f'xml:base="https://quay.example/{"a" * 500_000}"', ""),
        ("", f"<language>{'en' * 250_000}</language>"),
    ],
)
def test_entries_do_not_inherit_megabytes(attributes: str, elements: str) -> None:
    """Each has its own copy of them: gigabytes."""
    items = "<item><title>Quay</title><link>/gate</link></item>" * 2_000
    data = f'<rss version="2.0" {attributes}><channel><title>The Quay</title>{elements}{items}</channel></rss>'
    entries = parse_data(data).entries
    assert {(entry.title, entry.link) for entry in entries} == {("Quay", "/gate")}
    assert max(len(entry.language or "") for entry in entries) <= 100
    assert max(len(entry.parsed) for entry in entries) < 1_000


def test_an_xml_base_that_nested_elements_make_too_long_is_no_base() -> None:
    start, end = f'<z xml:base="{"a" * 3_000}/">' * 50, "</z>" * 50
    data = (
        f'<rss version="2.0" xml:base="https://quay.example/b/"><channel>{start}<item><title>Quay</title></item>{end}'
    )
    entry = parse_single_entry(f"{data}</channel></rss>")
    assert json.loads(entry.parsed)["title_detail"]["base"] == f"https://quay.example/b/{'a' * 3_000}/"


@pytest.mark.parametrize("element", ["<a/>", "<q:a/>"])
def test_a_very_long_name_of_a_namespace_is_read_once(element: str) -> None:
    """expat hands it over with each element, which would take minutes."""
    name = "q" * 1_000_000
    entry = entry_of(f"<z xmlns='{name}' xmlns:q='{name}'>{element * 4_000}</z><dc:creator>Oda Brandt</dc:creator>")
    assert (entry.title, entry.authors) == ("Quay", ("Oda Brandt",))
