"""A site's own rules for its articles. `warehouse.records` has them, too, among the other data that steps pass on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rules:
    """A site's own cleaning rules, applied besides the general ones."""

    content: str | None = None
    """CSS selector of the element with the article, for feeds that ship more than that."""
    remove: tuple[str, ...] = ()
    """CSS selectors of elements to remove."""
    drop_after: str | None = None
    """Regular expression: the first block whose text matches is removed, with all blocks after it."""


@dataclass(frozen=True, slots=True)
class PageRules:
    """How a site's article pages are read, where the general way does not do. Every rule is a list of selectors, each
    CSS, or XPath (`tasks.text.selectors`); what they don't find is read the general way."""

    content: tuple[str, ...] = ()
    """The elements with the article: those of the first selector that matches, in the page's order."""
    remove: tuple[str, ...] = ()
    """The elements to remove, of all the selectors, before `content` is looked for."""
    title: tuple[str, ...] = ()
    author: tuple[str, ...] = ()
    date: tuple[str, ...] = ()
    """Of these three, the first selector that finds a text counts."""
    next: tuple[str, ...] = ()
    """The link to the article's next page."""
    whole: tuple[str, ...] = ()
    """The link to a version of the page that has all of the article."""
    replace: tuple[tuple[str, str], ...] = ()
    """Strings of the page's HTML, and what is put in their place before it is read."""

    def __bool__(self) -> bool:
        """Whether there is any rule."""
        return self != NO_PAGE_RULES


NO_RULES = Rules()
NO_PAGE_RULES = PageRules()


@dataclass(frozen=True, slots=True)
class ListRules:
    """Where a list has its articles, and where each has its fields: CSS selectors for a page, JMESPath for JSON."""

    items: str | None = None
    """The articles; the others select within one. None: newsmill finds them."""
    link: str | None = None
    title: str | None = None
    date: str | None = None
    summary: str | None = None
    image: str | None = None
    author: str | None = None
    content: str | None = None
    """Of JSON only: the text, HTML or plain."""
    id: str | None = None
    """Of JSON only: what identifies an article beside its link."""


NO_LIST_RULES = ListRules()
