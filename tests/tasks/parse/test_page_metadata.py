from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from trafilatura import metadata
from trafilatura.xpaths import AUTHOR_XPATHS

from tasks.parse.page_body import as_lxml
from tasks.parse.page_head import PageHead
from tasks.parse.page_metadata import _CALLING, _READ_FOR_AUTHOR, _says_author, read_author, read_metadata
from tasks.text.markup import parse


def test_trafilatura_looks_for_no_licence() -> None:
    """It takes the square of the links in footers that are nested: a minute for 8,000."""
    licence = "<a rel=license href=https://creativecommons.org/licenses/by/4.0/>CC BY</a>"
    read = read_metadata(
        PageHead(base="https://quay.example/gate"), parse(f"<p>The gate</p><footer>{licence}</footer>")
    )
    assert read.license is None


def test_trafilatura_looks_for_no_other_names_of_authors() -> None:
    """The words in its patterns, which another version may change: read_author gives it what has one of them."""
    patterns = " ".join(pattern.path for pattern in AUTHOR_XPATHS)
    words = [word for quoted in re.findall("'([^']*)'", patterns) for word in quoted.replace("-?", "-").split("|")]
    assert len(words) > 20
    words = [re.sub(r"\[(.)(.)\]", rf"\{case}", word) for word in words for case in (1, 2)]
    assert {word for word in words if not _says_author(word)} == {"me"}  # of <rel>, which is no element of HTML
    attributes = set(re.findall(r"@([\w-]+)", patterns))
    assert attributes == set(_CALLING)


NAMES = st.sampled_from(
    [
        *('class="author"', 'class="byline top"', 'rel="author"', 'itemprop="author"', 'data-component="Byline"'),
        *('id="post-author"', 'class="comments"', 'class="date"', 'class="writer"', "", 'class="lead"', 'id="menu"'),
    ]
)
TAGS = st.sampled_from(["div", "p", "span", "a", "section", "author", "time", "h3", "b"])


@given(
    st.recursive(
        st.sampled_from(["Ida Brandt", " ", "The harbour opens at eight. ", "陈宁", "x" * 130]),
        lambda inner: st.builds(
            lambda tag, names, children: f"<{tag} {names}>{''.join(children)}</{tag}>", TAGS, NAMES, st.lists(inner)
        ),
    )
)
def test_the_author_is_found_as_in_the_whole_page(html: str) -> None:
    body = parse(html)
    author = metadata.extract_author(as_lxml(body, _READ_FOR_AUTHOR))
    assert read_author(body) == (metadata.normalize_authors(None, author) if author else None)
