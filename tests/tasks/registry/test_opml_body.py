"""OPML as programs write it: in any capitalisation, and not always well-formed."""

from __future__ import annotations

import pytest

from tasks.errors import FeedsFileError
from tasks.registry.opml_files import from_opml


@pytest.mark.parametrize(
    "outline",
    [
        '<outline text="D&D, but" xmlUrl="https://example.org/?a=1&copy=2"/>',
        '<outline text="D&amp;D, but" xmlUrl="https://example.org/?a=1&copy=2" isComment=0 />',
        "<outline text='D&D, but' xmlUrl=https://example.org/?a=1&copy=2 />",
        '<OUTLINE TEXT="D&amp;D, but" XMLURL="https://example.org/?a=1&amp;copy=2"/>',
        '<outline title="D&amp;D, but" xml_Url="https://example.org/?a=1&amp;copy=2"></outline>',
        '<outline type="RSS" text="D&amp;D, but" url="https://example.org/?a=1&amp;copy=2"/>',
        '<outline text="D&D, but" xmlUrl="https://example.org/?a=1&copy=2">&nbsp;\x0b',
    ],
)
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<opml><head/><body>", "</body></opml>"),
        ('\n<?xml version="1.0" encoding="utf-8"?><OPML version="1.1"><Head/><BODY>', "</BODY></OPML>"),
        ('<!-- mine --><opml xmlns="http://opml.org/spec2"><head><title>A & B</head><body>', "</body></opml>"),
        ('<o:opml xmlns:o="http://opml.org/spec2"><o:body>', "</o:body></o:opml>"),
    ],
)
def test_opml_in_any_capitalisation_and_not_well_formed(before: str, outline: str, after: str) -> None:
    feeds, notes = from_opml(f"{before}{outline}{after}".encode())
    assert [(f.id, f.name, f.url) for f in feeds] == [("example-org", "D&D, but", "https://example.org/?a=1&copy=2")]
    assert [note for note in notes if "look whether feeds are missing" not in note] == []


def test_what_a_lenient_reading_may_have_lost_is_said() -> None:
    outlines = '<outline text="a" xmlUrl="https://a.example/" x=0/><outline text="b" xmlUrl="https://b.example/"/>'
    feeds, notes = from_opml(f"<opml><body>{outlines}</body></opml>".encode())
    assert [f.id for f in feeds] == ["a-example", "b-example"]
    assert ["look whether feeds are missing" in note for note in notes] == [True]


def test_an_invalid_byte_costs_one_character() -> None:
    data = '<opml><body><outline text="Été à |" xmlUrl="https://example.org/"/></body></opml>'.encode()
    assert [f.name for f in from_opml(data.replace(b"|", b"\xff"))[0]] == ["Été à \ufffd"]


def nested(levels: int) -> bytes:
    inner = '<outline text="x" xmlUrl="https://example.org/"/>'
    return ("<opml><body>" + '<outline text="g">' * levels + inner + "</outline>" * levels + "</body></opml>").encode()


def test_nesting_is_limited() -> None:
    assert len(from_opml(nested(40))[0]) == 1
    for deep in (nested(20_000), nested(20_000).replace(b"<outline text", b"<outline x=0 text")):
        with pytest.raises(FeedsFileError, match="nested deeper than 50 levels"):
            from_opml(deep)


def test_markup_that_a_lenient_parser_refuses_is_said_to_be_so() -> None:
    with pytest.raises(FeedsFileError, match="not well-formed XML"):
        from_opml(b"<opml><body><outline text=x y/><![CDATAfeed[</body></opml>")
