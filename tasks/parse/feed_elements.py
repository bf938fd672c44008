"""feedparser's handlers of elements, mended: what they make of authors and keywords, and what hostile feeds make of
them. Where they go through all that came before again at each element, a feed of some 100 kB takes minutes.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from feedparser.mixin import _FeedParserMixin

from tasks.parse.entry import MAX_LANGUAGE
from tasks.text import urls

# from the start of white space only: a keyword may hold kilobytes of it
_WEIGHT = re.compile(r"(?<!\s)\s*:\s*[\d.]+$")
_LONG_WORD = re.compile(r"[a-zA-Z0-9_.+-]{257,}")
LONG_AUTHOR = 100
"""Characters of an author from which the text is searched only once."""
MAX_TAGS = 500
"""Categories and keywords of an entry; no real entry has more than a few hundred."""
MAX_NAMESPACES = 100
"""Namespaces of a feed from which those that feedparser does not know are left out; a feed has ten or twenty."""
_feedparsers_add_tag = _FeedParserMixin._add_tag
_feedparsers_sync_author_detail = _FeedParserMixin._sync_author_detail
_feedparsers_track_namespace = _FeedParserMixin.track_namespace
_feedparsers_unknown_starttag = _FeedParserMixin.unknown_starttag
_feedparsers_end_author = _FeedParserMixin._end_author
_LONGEST = {"xml:lang": MAX_LANGUAGE, "lang": MAX_LANGUAGE, "xml:base": urls.MAX_LENGTH, "base": urls.MAX_LENGTH}
"""Attributes that feedparser hands down to all elements within, and their characters."""


def mend_elements(parser: Any) -> None:
    """Change feedparser's class of parsers."""
    parser._end_media_keywords = _end_media_keywords
    parser._sync_author_detail = _sync_author_detail
    parser._end_author = _end_author
    parser._add_tag = _add_tag
    parser.track_namespace = _track_namespace
    parser.unknown_starttag = _unknown_starttag
    for name, handler in inspect.getmembers(parser, inspect.isfunction):
        if name.startswith(("_start_", "_end_")):
            setattr(parser, name, _tolerant(handler))


def _tolerant(handler: Callable[..., Any]) -> Callable[..., Any]:
    """feedparser's handler of an element. It raises KeyError and the like where it does not expect the element, such as
    <gml:pos> outside <georss:where>, and all entries would be lost. After an AttributeError feedparser takes the
    element for one that it does not know."""

    @wraps(handler)
    def handle(*arguments: Any) -> Any:
        try:
            return handler(*arguments)
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise AttributeError(str(error)) from error

    return handle


def _end_media_keywords(parser: Any) -> None:
    """feedparser's handler, without the ranks and weights that some feeds put between the words."""
    for term in parser.pop("media_keywords").split(","):
        keyword = _WEIGHT.sub("", term.strip())
        if any(map(str.isalpha, keyword)):
            parser._add_tag(keyword, None, None)


def _add_tag(parser: Any, term: str | None, scheme: str | None, label: str | None) -> None:
    """feedparser's method, which compares each category and each of the <itunes:keywords> with all before it."""
    if len(parser._get_context().get("tags", ())) < MAX_TAGS:
        _feedparsers_add_tag(parser, term, scheme, label)


def _sync_author_detail(parser: Any, key: str = "author") -> None:
    """feedparser's method, which looks for an email address in the text of <author> or <dc:publisher>.

    The search takes the square of a word's length, so that a word too long for an address (RFC 5321 4.5.3.1.3), which
    is no name either, is left out before. feedparser searches the same text again after each <dc:publisher/> or
    <author><uri/></author> that follows; here a long one is searched once, and is not the name of those that have none.
    """
    context = parser._get_context()
    text = context.get(key)
    if text and len(text) > LONG_AUTHOR and not context.get(f"{key}s", [None])[-1]:
        # by id, without reading them again; kept there, so that no other text gets the id
        searched = vars(parser).setdefault("searched_authors", {})
        if id(text) in searched:
            return
        context[key] = text = _LONG_WORD.sub("", text)
        searched[id(text)] = text
    _feedparsers_sync_author_detail(parser, key)


def _end_author(parser: Any) -> None:
    """feedparser's handler. It takes top-level domains to have at most four letters, and the rest for the name: "ple
    (Ann)" of "ann@news.example (Ann)". The name is then the whole text, which cleaning reads."""
    _feedparsers_end_author(parser)
    context = parser._get_context()
    author = context["authors"][-1] if context.get("authors") else {}
    email = author.get("email")
    if email and context.get("author", "").partition(email)[2][:1].isalnum():
        author["name"] = context["author"]


def _track_namespace(parser: Any, prefix: str | None, uri: str) -> None:
    """feedparser's method. feedparser goes through all namespaces at each tag of one that it does not know."""
    names, name = parser.namespaces_in_use, uri.lower()
    is_known = name in parser._matchnamespaces or "backend.userland.com/rss" in name
    if is_known or len(names) < MAX_NAMESPACES or (prefix or "") in names:
        _feedparsers_track_namespace(parser, prefix, uri)


def _unknown_starttag(parser: Any, tag: str, attributes: list[tuple[str, str]]) -> None:
    """feedparser's method, called for each element, without an xml:lang or xml:base too long to be one. feedparser
    copies it into each text of each entry within: of 20 kB of it, and as many bytes of entries, came 713 MB."""
    if any(len(value) > MAX_LANGUAGE for _, value in attributes):
        attributes = [each for each in attributes if len(each[1]) <= _LONGEST.get(each[0].lower(), len(each[1]))]
    _feedparsers_unknown_starttag(parser, tag, attributes)
