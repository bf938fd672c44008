from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import PurePosixPath
from unicodedata import category

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from tasks.parse.article_file import read_front_matter, split_article_file
from tests.places import CORPUS
from warehouse.export.archive_form import (
    MAX_NAME,
    ExportedArticle,
    Generation,
    Original,
    article_file,
    escape_address,
    fold_name,
    generated_name,
    list_page,
    original_name,
    read_original,
    safe_name,
    site_name,
    unused_name,
)

SEED = CORPUS / "seed"
ARCHIVE = SEED.with_name("archive")
MOMENT = datetime(2024, 11, 15, 3, 39, 3, 125000, tzinfo=UTC)
CAFE = ExportedArticle(
    title="港口咖啡馆重新开张",
    url="https://quay.example/cafe?page=2",
    author="林海",
    published_at=MOMENT,
    categories=("社会", "港口"),
    content_html="<div>\n  <p>港口咖啡馆\t今天</p>\r\n\u3000\u3000<p>重新开张。</p>  \r</div>\n",
)
FILE = Original(1, "articles/quay/77.md", "1731641943000", "[快讯] 海港", "https://quay.example/77", None, "\n", None)

any_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
titles = any_text | st.sampled_from(
    [
        "\"quoted\" and 'quoted'",
        "[a](http://b) c",
        "two\nlines\r\nof\ttitle",
        "------",
        "\\",
        "a: b # c",
        "true",
        "🎐\u2028x",
    ]
)


def printable(text: str) -> str:
    return "".join(" " if category(char) == "Cc" or char in "\ufffe\uffff" else char for char in text)


# --- article files --------------------------------------------------------------------------------------------------


def test_first_generation() -> None:
    assert article_file(CAFE, 1).decode() == (
        "<!--1731641943125-->\n[港口咖啡馆重新开张](https://quay.example/cafe?page=2)\n------\n\n"
        "<div><p>港口咖啡馆\t今天</p><p>重新开张。</p></div>\n"
    )


def test_second_generation() -> None:
    assert article_file(CAFE, 2).decode() == (
        '---\nlayout: post\ntitle: "港口咖啡馆重新开张"\ndate: 2024-11-15T03:39:03.125Z\nauthor: 林海\n'
        "from: https://quay.example/cafe?page=2\ntags: [ 社会, 港口 ]\ncategories: [ 社会, 港口 ]\n---\n"
        "<!--1731641943125-->\n[港口咖啡馆重新开张](https://quay.example/cafe?page=2)\n------\n\n"
        "<div>\n<div><p>港口咖啡馆\t今天</p><p>重新开张。</p></div>\n</div>\n"
    )


def test_what_is_not_known() -> None:
    bare = ExportedArticle("A title", None, None, None, (), "")
    assert article_file(bare, 1) == b"<!--NaN-->\n[A title]()\n------\n\n\n"
    assert article_file(bare, 2).startswith(
        b'---\nlayout: post\ntitle: "A title"\ntags: []\ncategories: []\n---\n<!--NaN-->'
    )


@pytest.mark.parametrize(("year", "milliseconds"), [(1970, 0), (1969, -31536000000), (2262, 9214646400000)])
def test_milliseconds(year: int, milliseconds: int) -> None:
    found = article_file(replace(CAFE, published_at=datetime(year, 1, 1, tzinfo=UTC)), 1)
    assert found.startswith(f"<!--{milliseconds}-->\n".encode())


def kept(text: str, content: str | None = None) -> ExportedArticle:
    """The article as it is exported after this file was read into a warehouse; its content as `raw.entries` has it."""
    read = split_article_file(text)
    parsed = {
        "generation": read.generation,
        "file": "a/b.md",
        "stated": read.stated,
        "title": read.title,
        "url": read.url,
        "content": None if content is None else read.content,
        "end": read.end,
        "front_matter": read.front_matter,
    }
    return ExportedArticle(
        title="Cleaned",
        url="https://quay.example/cleaned",
        author=None,
        published_at=MOMENT,
        categories=(),
        content_html=read.content if content is None else content,
        original=read_original(json.dumps(parsed)),
    )


@pytest.mark.parametrize(
    "text",
    [
        "<!--1731641943000-->\n[标题](https://quay.example/1)\n------\n\n<p>正文</p>\n",
        '<!--NaN-->\n[标题 [1] (2) "3"](https://quay.example/1_(x))\n------\n\n<p>正文</p>',
        "<!---5-->\n[a](http://b)](https://quay.example/1?a=b&c#d)\n------\n\n<p>two</p>\n  <p>lines</p>\r\n\n\n",
        "<!--0012-->\n[  spaced  ](https://quay.example/ü)\n------\n\n\u3000缩进",
    ],
)
def test_a_first_generation_file_gives_its_bytes(text: str) -> None:
    assert article_file(kept(text), 1) == text.encode()
    assert article_file(kept(text, content="something else"), 1) == text.encode()


@pytest.mark.parametrize(
    "text",
    [
        '---\ntitle: "标题"\nfrom: https://q.example/1\n---\n<!--5-->\n[标题](https://q.example/1)\n------\n\n<div>\nx\n</div>\n',
        "---\ntitle: 'it''s'\nfrom: https://q.example/\ntags: [ a ]\n---\n\n<article>\n <p>\n x\n </p>\n</article>\n\n",
    ],
)
def test_a_second_generation_file_gives_its_bytes(text: str) -> None:
    assert article_file(kept(text), 2) == text.encode()


@given(
    stated=st.integers(-(10**15), 10**15).map(str) | st.just("NaN"),
    title=st.text("ab港[]()\"'#- ", min_size=1, max_size=20).filter(lambda text: "](" not in text),
    content=st.text("ab港<p>/ \t\n\r\u3000", max_size=40).map(lambda text: text.strip() or "x"),
    end=st.sampled_from(["", "\n", "\r\n", "\n\n "]),
)
def test_any_first_generation_file_gives_its_bytes(stated: str, title: str, content: str, end: str) -> None:
    text = f"<!--{stated}-->\n[{title}](https://quay.example/港?a=[1])\n------\n\n{content}{end}"
    assert article_file(kept(text), 1) == text.encode()


@given(
    title=titles,
    content=any_text,
    url=st.sampled_from(["https://quay.example/a b](http://c)\n", "http://x.example/(1)"]),
)
@example(title="](http://c)", content="\n------\n", url="https://quay.example/1")
def test_what_is_written_is_read_again(title: str, content: str, url: str) -> None:
    """The comment, the link and the content of a first-generation file, whatever the feed put into them."""
    article = ExportedArticle(title, url, None, MOMENT, (), f"<p>{content}</p>")
    lines = article_file(article, 1).decode().split("\n")
    assert len(lines) == 6, lines
    assert (lines[0], lines[2], lines[3], lines[5]) == ("<!--1731641943125-->", "------", "", "")
    assert "\r" not in lines[4]
    read = split_article_file("\n".join(lines))
    assert read.stated == "1731641943125"
    assert read.url == escape_address(url)
    assert read.content == lines[4].rstrip()
    assert read.title == " ".join(printable(title).split())


@given(title=titles, author=titles, categories=st.lists(titles, max_size=3))
def test_front_matter_is_yaml(title: str, author: str, categories: list[str]) -> None:
    article = ExportedArticle(title, "https://quay.example/a:", author, MOMENT, tuple(categories), "<p>x</p>")
    written = article_file(article, 2).decode()
    front = written.split("---\n")[1]
    for fields in (yaml.safe_load(front), read_front_matter(front)):
        assert [str(fields["title"]).split()] == [printable(title).split()]
        assert str(fields.get("author") or "").split() == printable(author).split()
        assert [str(tag).split() for tag in fields["tags"]] == [printable(tag).split() for tag in categories]
        assert fields["tags"] == fields["categories"]
        assert fields["from"] == "https://quay.example/a:"
    assert split_article_file(written).generation == 2


@pytest.mark.parametrize("generation", [1, 2])
def test_the_other_generation_and_back(generation: Generation) -> None:
    text = article_file(CAFE, generation).decode()
    other: Generation = 2 if generation == 1 else 1
    there = article_file(replace(kept(text), title=CAFE.title), other).decode()
    assert split_article_file(there).generation == other
    back = article_file(replace(kept(there), title=CAFE.title), 1).decode()
    assert back == article_file(CAFE, 1).decode()


def test_a_stated_time_of_the_second_generation_stays() -> None:
    text = '---\ntitle: "a"\n---\n<!--9999999999999999-->\n[a](https://q.example/1)\n------\n\n<div>\nx\n</div>\n'
    assert article_file(kept(text), 1) == b"<!--9999999999999999-->\n[a](https://q.example/1)\n------\n\nx\n"


@pytest.mark.parametrize(
    "parsed",
    [
        None,
        "",
        "{",
        "[]",
        "7",
        "{}",
        '{"generation": "1"}',
        '{"generation": 3}',
        '{"generation": 1, "title": ["x"]}',
        "[" * 99999,
    ],
)
def test_what_is_no_article_file(parsed: str | None) -> None:
    assert read_original(parsed) is None


def test_hostile_originals() -> None:
    parsed = {"generation": 1, "stated": "1--><script>", "end": "x", "title": "a\ud800", "url": "u"}
    found = read_original(json.dumps(parsed))
    assert found and (found.stated, found.end) == (None, "\n")
    assert article_file(replace(CAFE, original=found), 1).startswith(b"<!--1731641943125-->\n[a?](u)\n")


@pytest.mark.skipif(not SEED.exists(), reason="the corpus isn't here")
def test_the_seed() -> None:
    (path,) = SEED.iterdir()
    text = path.read_bytes()
    assert article_file(kept(text.decode()), 1) == text


@pytest.mark.skipif(not ARCHIVE.exists(), reason="the corpus isn't here")
def test_real_archives() -> None:
    """Every file comes back, but for those that begin or end in a way that reading doesn't keep."""
    paths = sorted(ARCHIVE.rglob("*.md"))[::7]
    different = [path.name for path in paths if article_file(kept(path.read_bytes().decode()), 2) != path.read_bytes()]
    assert different == []


# --- list pages -----------------------------------------------------------------------------------------------------


def test_list_page() -> None:
    articles = [
        ("港口 [快讯]", "quay", "77_港口 (1).md", datetime(2024, 12, 31, 16, 5, tzinfo=UTC)),
        ("<b>a_b*</b>\n`c`", "quay", "78.md", None),
        ("", "quay", "79.md", datetime(1, 1, 1, tzinfo=UTC)),
    ]
    assert list_page("码头\n# 报", articles) == (
        "# 码头 # 报\n\n"
        "- 2025-01-01 00:05 [港口 \\[快讯\\]](quay/77_%E6%B8%AF%E5%8F%A3%20%281%29.md)\n"
        "- [\\<b\\>a\\_b\\*\\</b\\> \\`c\\`](quay/78.md)\n"
        "- 0001-01-01 08:00 [79.md](quay/79.md)\n"
    )


@given(st.lists(titles, max_size=5))
def test_each_article_has_one_line(found: list[str]) -> None:
    page = list_page("x", [(title, "quay", "1.md", MOMENT) for title in found])
    assert len(page.splitlines()) == 2 + len(found)


# --- names ----------------------------------------------------------------------------------------------------------


@given(
    any_text
    | st.sampled_from(["../../etc/passwd", "..", ".", "", "con", "NUL.md", "a/b\\c", "\0", ".git", "x" * 300 + ".md"])
)
def test_a_name_stays_one_file(name: str) -> None:
    for found in (safe_name(name), original_name(name), generated_name("0" * 32, name)):
        assert found == PurePosixPath(found).name
        assert found not in ("", ".", "..")
        assert not found.startswith(".")
        assert not any(char < " " or char in "/\\\x7f" for char in found)
        assert found.partition(".")[0].strip().lower() not in {"con", "nul", "prn", "aux", "com1", "lpt9"}
        assert len(found.encode()) <= 255
    assert len(safe_name(name).encode()) <= MAX_NAME
    assert len(generated_name("0" * 32, name).encode()) <= MAX_NAME
    assert safe_name(safe_name(name)) == safe_name(name)


@given(any_text)
def test_a_name_can_be_a_file(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    folder = tmp_path_factory.getbasetemp() / "names"
    folder.mkdir(exist_ok=True)
    path = folder / safe_name(name)
    path.write_bytes(b"")
    assert path.parent == folder
    assert path in set(folder.iterdir())
    path.unlink()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("articles/quay/7864771.md", "7864771.md"),
        ("2021-09-03-【港口】|现在，100% “真的”？.md", "2021-09-03-【港口】|现在，100% “真的”？.md"),
        ("a\\b\\c.md", "c.md"),
        ("quay/..md", "_md"),
        ("quay/.md", "_md"),
        ("x/con.md", "con_.md"),
        ("x/COM1", "COM1_"),
        ("x/console.md", "console.md"),
        ("x/a\u202egpj.md", "a_gpj.md"),
        ("", "_"),
        ("x/" + "港" * 100 + ".md", "港" * 84 + ".md"),
    ],
)
def test_own_names(name: str, expected: str) -> None:
    assert original_name(name) == expected


def test_made_names() -> None:
    assert generated_name("0123456789abcdef" * 2, "港口: 开门?") == "0123456789abcdef_港口_ 开门_.md"
    assert generated_name("0123456789abcdef" * 2, " \n") == "0123456789abcdef.md"
    long = generated_name("0123456789abcdef" * 2, "港" * 100)
    assert long == f"0123456789abcdef_{'港' * 60}.md"


@given(st.lists(st.text("aAäÄéE\u0301.", min_size=1, max_size=3), max_size=30))
def test_no_two_articles_share_a_name(names: list[str]) -> None:
    taken: set[str] = set()
    given = [unused_name(safe_name(f"{name}.md"), f"{number:032x}"[::-1], taken) for number, name in enumerate(names)]
    assert len({fold_name(name) for name in given}) == len(names)


def test_a_taken_name_gets_the_id() -> None:
    taken: set[str] = set()
    names = [unused_name(name, each * 32, taken) for name, each in (("1.md", "a"), ("1.MD", "b"), ("1.md", "c"))]
    assert names == ["1.md", f"1_{'b' * 16}.MD", f"1_{'c' * 16}.md"]
    long = "港" * 84 + ".md"
    assert unused_name(long, "d" * 32, taken) == long
    cut = unused_name(long, "e" * 32, taken)
    assert cut == f"{'港' * 60}_{'e' * 16}.md"
    # an archive may have a file that is named like this already
    assert unused_name(cut, "e" * 32, taken) == f"{'港' * 54}_{'e' * 32}-1.md"


def test_site_names() -> None:
    assert site_name("voa-zh") == "voa-zh"
    strange = ["../x", "x.md", "X", "con", "", "港口", "a" * 100]
    found = [site_name(each) for each in strange]
    assert len({fold_name(each) for each in found}) == len(strange)
    for each in found:
        assert "/" not in each
        assert not each.startswith(".")
        assert not each.endswith(".md")
