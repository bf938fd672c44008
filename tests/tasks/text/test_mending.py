"""XML that is not well-formed, made so."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.text.mending import mend_xml


@pytest.mark.parametrize(
    ("broken", "text"),
    [
        ("D&D, but better", "D&D, but better"),
        ("AT&T", "AT&T"),
        ("Fish & Chips &", "Fish & Chips &"),
        ("https://quay.example/?a=1&b=2&copy=3&lt=4", "https://quay.example/?a=1&b=2&copy=3&lt=4"),
        ("Q&A; and &unknown;", "Q&A; and &unknown;"),
        ("caf&eacute;&nbsp;&hellip; &colon;", "café\u00a0… :"),
        ("&LT;b&AMP;", "<b&"),
        ("5 < 6 <= 7 << 8", "5 < 6 <= 7 << 8"),
        ("a\x00b\x0bc\x1f\ufffed", "abcd"),
        ("&#11;a&#x1F;b&#xFFFF;", "ab"),
        ("&#xD800; &#1114112; &#99999999999999; &#x00041; &#233;", "\ufffd \ufffd \ufffd A é"),
        ("&# &#x; &#xyz; &;", "&# &#x; &#xyz; &;"),
        ("&amp;nbsp; &amp;amp; &lt;p&gt;", "&nbsp; &amp; <p>"),
        ("<![CDATA[R&B <p>&nbsp;</p>]]> & more", "R&B <p>&nbsp;</p> & more"),
        ("<!-- R&B & <![CDATA[ -->R&B", "R&B"),
    ],
)
def test_what_is_broken_reads_as_it_was_meant(broken: str, text: str) -> None:
    root = ElementTree.fromstring(mend_xml(f"<a>{broken}</a>".encode()))
    assert "".join(root.itertext()) == text


def test_an_attribute_is_mended_too() -> None:
    root = ElementTree.fromstring(mend_xml(b'<a href="/?x=1&y=2&eacute;"/>'))
    assert root.get("href") == "/?x=1&y=2é"


def test_entities_that_the_document_defines_stay() -> None:
    data = b'<!DOCTYPE a [<!ENTITY nbsp "?"><!ENTITY firm "F &amp; Co">]><a>&firm;&nbsp;&co;</a>'
    assert mend_xml(data) == data.replace(b"&co;", b"&amp;co;")


@given(st.text().map(lambda text: text.encode("utf-8", "replace")))
def test_mending_twice_is_mending_once(data: bytes) -> None:
    assert mend_xml(mend_xml(data)) == mend_xml(data)


@pytest.mark.parametrize("piece", [b"<![CDATA[", b"<!--", b"&", b"<", b"&#", b"&#0", b"&a"])
def test_a_long_row_of_openings_is_read_once(piece: bytes) -> None:
    """In the square of its length, this would take hours."""
    mended = mend_xml(piece * 300_000)
    assert len(mended) >= len(piece * 300_000)


@pytest.mark.parametrize("digit", [b"0", b"9", b"x0", b"xF", b"a"])
def test_a_long_reference_is_read_once(digit: bytes) -> None:
    endless = b"&#" + digit + digit[-1:] * 1_000_000
    assert mend_xml(endless) == b"&amp;" + endless[1:]
