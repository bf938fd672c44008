"""Site patterns: the files that FiveFilters' full-text tools read."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.registry.site_patterns import SitePatterns, host_of_file, hosts_of, read_pattern
from tasks.text.markup import parse_html, to_whole_tree
from tasks.text.selectors import select_texts, to_lxml
from tests.tasks.parse.pages import FEED, document
from warehouse.records import PageRules

FILE = """
# The Quay, 2024
title: //h1
title://meta[@property="og:title"]/@content
body: //div[@id='story']
  BODY: //article
author: substring-after(//p[@class='by'], 'By ')
date: //time/@datetime
strip: //aside
strip_id_or_class: 'advert'
strip_image_src: /pixel.gif
next_page_link: //a[@rel='next']
prune: no
tidy: no
test_url: https://quay.example/a:b
test_contains: harbour: the news
replace_string(<noscript>): <div>
replace_string(<a href="http:): <a href="https:
find_string: one: two
replace_string: three
find_string: four
replace_string:
http_header(user-agent): Mozilla/5.0
http_header(cookie): a=b
dissolve: //a
"""


def test_every_directive_is_the_rule_that_it_stands_for() -> None:
    pattern = read_pattern("quay.example", FILE.encode())
    assert pattern.rules == PageRules(
        content=("//div[@id='story']", "//article"),
        remove=(
            "//aside",
            "//*[contains(@class, 'advert') or contains(@id, 'advert')]"
            "[contains(concat(' ', normalize-space(@class), ' '), ' advert ') "
            "or contains(concat(' ', normalize-space(@id), ' '), ' advert ')]",
            "//img[contains(@src, '/pixel.gif')]",
        ),
        title=("//h1", '//meta[@property="og:title"]/@content'),
        author=("(substring-after(//p[@class='by'], 'By '))",),
        date=("//time/@datetime",),
        next=("//a[@rel='next']",),
        replace=(
            ("<noscript>", "<div>"),
            ('<a href="http:', '<a href="https:'),
            ("one: two", "three"),
            ("four", ""),
        ),
    )
    assert pattern.problems == ()
    assert pattern.unfollowed == ("http_header", "dissolve")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("body: //div[", '2: body holds "//div[", which is not an XPath: Invalid'),
        ("strip: //p[matches(., 'x')]", "XPath 1.0 has no function matches()"),
        ("title: //php:p", "php:p has a prefix"),
        ("just words", '2: "just words" is no directive'),
        ("if_page_contains: //p", "2: if_page_contains stands before any link"),
        ("find_string: alone", "each find_string needs a replace_string of its own"),
    ],
)
def test_a_line_that_cannot_be_read_is_named_and_the_others_hold(line: str, problem: str) -> None:
    pattern = read_pattern("quay.example", f"body: //article\r\n{line}\r\nstrip: //aside".encode())
    (found,) = pattern.problems
    assert problem in found
    assert (pattern.rules.content, pattern.rules.remove) == (("//article",), ("//aside",))


def links(lines: str, html: str) -> list[str]:
    pattern = read_pattern("quay.example", lines.encode())
    assert pattern.problems == ()
    page = to_lxml(to_whole_tree(parse_html(html)))
    return list(select_texts(page, pattern.rules.whole[0], ("href",)))


@pytest.mark.parametrize("link", ["//a[@class='all']", "concat(//a[@class='all']/@href, '')", "(//a[@class='all'])[1]"])
def test_a_link_with_a_condition_counts_only_where_the_page_meets_it(link: str) -> None:
    lines = f"single_page_link: {link}\nif_page_contains: //div[@class='pager']"
    page = "<a class=all href='/gate?all=1'>All</a>"
    assert links(lines, f"{page}<div class=pager>1 2</div>") == ["/gate?all=1"]
    assert links(lines, page) == []


def test_a_path_without_a_slash_begins_at_the_body() -> None:
    assert read_pattern("a.example", b"body: div[@id='x']").rules.content == ("//body/div[@id='x']",)


@pytest.mark.parametrize("data", [b"", b"\xff\xfe\x00", b"# only a comment", b"\xef\xbb\xbf", b"body:\n\n" * 10])
def test_a_file_without_rules(data: bytes) -> None:
    assert not read_pattern("a.example", data).rules


@pytest.mark.parametrize(
    ("name", "host"),
    [
        ("quay.example.txt", "quay.example"),
        (".quay.example.txt", ".quay.example"),
        ("www.quay.example.txt", "quay.example"),
        ("Quay.Example.TXT", "quay.example"),
        ("xn--e1afmkfd.example.txt", "xn--e1afmkfd.example"),
        ("README.txt", None),
        ("quay.example.md", None),
        ("a b.example.txt", None),
    ],
)
def test_a_file_is_for_the_host_that_it_is_named_for(name: str, host: str | None) -> None:
    assert host_of_file(Path(name)) == host


@pytest.mark.parametrize(
    ("address", "hosts"),
    [
        ("https://www.quay.example/x", ["quay.example"]),
        ("https://news.quay.example:8080/x", ["news.quay.example", ".quay.example"]),
        ("https://a.b.quay.example/", ["a.b.quay.example", ".b.quay.example", ".quay.example"]),
        ("http://localhost/", []),
        ("http://[/", []),
        ("http://../x", []),
        ("", []),
    ],
)
def test_the_nearest_file_comes_first(address: str, hosts: list[str]) -> None:
    assert list(hosts_of(address)) == hosts


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, body in (("quay.example", "//own"), (".quay.example", "//below"), ("empty.example", "")):
        (tmp_path / f"{name}.txt").write_text(f"body: {body}\n", encoding="utf-8")
    (tmp_path / "dir.example.txt").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("address", "content"),
    [
        ("https://www.quay.example/a", ("//own",)),
        ("https://sport.quay.example/a", ("//below",)),
        ("https://empty.example/a", ()),
        ("https://other.example/a", ()),
        ("https://dir.example/a", ()),
    ],
)
def test_a_page_has_the_rules_of_its_host(folder: Path, address: str, content: tuple[str, ...]) -> None:
    patterns = SitePatterns(folder)
    assert patterns.rules_for(address).content == content
    assert patterns.only_for([address]).rules_for(address).content == content


def test_a_feeds_own_rules_come_first_and_hold_for_no_feed_document(folder: Path) -> None:
    patterns = SitePatterns(folder)
    page = document(b"")  # of quay.example
    assert patterns.apply(FEED, page).page.content == ("//own",)
    own = replace(FEED, page=PageRules(title=("h1",)))
    assert patterns.apply(own, page) is own
    assert patterns.apply(FEED, replace(page, form="feed")) is FEED
    assert patterns.apply(FEED, replace(page, final_url="https://elsewhere.example/")) is FEED


def test_what_is_wrong_with_a_file_is_logged_once(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folder / "quay.example.txt").write_text("body: //own\nstrip: //p[\n", encoding="utf-8")
    patterns = SitePatterns(folder)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert patterns.rules_for("https://quay.example/").content == ("//own",)
    (record,) = caplog.records
    assert 'quay.example.txt:2: strip holds "//p["' in record.getMessage()


def test_a_condition_that_makes_a_link_too_long_leaves_it_out() -> None:
    long = f"//a[@class='{'x' * 1_900}']"
    lines = f"single_page_link: {long}\nif_page_contains: //p[@class='{'y' * 200}']\nif_page_contains: //p"
    pattern = read_pattern("quay.example", lines.encode())
    assert pattern.rules.whole == ()
    assert [problem.partition(":")[0] for problem in pattern.problems] == ["2", "3"]
