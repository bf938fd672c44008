"""What a page says beside its text: whether all may read it, and where its next page or a plain version is."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from tasks.parse.page_head import PageHead, json_ld_texts
from tasks.text import urls
from tasks.text.markup import Element

_NEXT = re.compile(
    r"\W*(?:next(?: page)?|continue to page \d+|nächste seite|weiter|page suivante|suivant|siguiente|página siguiente|"
    r"próxima página|pagina successiva|volgende(?: pagina)?|nästa(?: sida)?|neste side|næste side|następna(?: strona)?|"
    r"следующая(?: страница)?|sonraki(?: sayfa)?|下一页|下一頁|下页|下頁|次へ|次のページ|다음(?: 페이지)?)\W*",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"(?:[-_/.](?:page|p|seite|s)?[-_/]?|[?&](?:page|p|seite|pg|pagina)=)(\d{1,2})(?=$|/$|\.s?html?$|&)"
)
_FALSE = frozenset(["false", "http://schema.org/false", "https://schema.org/false", "0", "no"])
_LOCKED = frozenset(["locked", "metered", "premium", "paid", "subscription"])


def is_free(head: PageHead) -> bool | None:
    """Whether the page says that all may read its article; None if it does not say.

    See https://schema.org/isAccessibleForFree; Facebook's article:content_tier says the same in other words.
    """
    stated = head.article.get("isAccessibleForFree")
    if isinstance(stated, bool):
        return stated
    for text in json_ld_texts(stated):
        return text.lower() not in _FALSE
    for text in head.all("article:content_tier"):
        return text.lower() not in _LOCKED
    return None


def next_page(body: Element, base: str, address: str) -> str | None:
    """The address of the article's next page, if it goes on.

    A link that only says "next" often leads to the next article. So the address must be the page's own with the next
    number: gate.html and gate-2.html, /gate and /gate/2, /gate?page=2 and /gate?page=3.
    """
    for element in body.walk():
        if element.tag != "a" or not element.attrs.get("href"):
            continue
        if "next" not in element.attrs.get("rel", "").split() and not _NEXT.fullmatch(" ".join(element.text().split())):
            continue
        target = urls.resolve(base, element.attrs["href"])
        if target and _follows(target, address):
            return target
    return None


def _follows(target: str, address: str) -> bool:
    (stem, number), (own_stem, own_number) = numbered(target), numbered(address)
    return urlsplit(target).netloc == urlsplit(address).netloc and stem == own_stem and number == own_number + 1


def numbered(address: str) -> tuple[str, int]:
    """The address without its page's number, and the number: 1 if it has none."""
    address = address.partition("#")[0]
    numbers = [match for match in _NUMBER.finditer(address) if match[1]]
    if not numbers:
        return re.sub(r"(?:/|\.s?html?)$", "", address), 1
    last = numbers[-1]
    stem = address[: last.start()] + re.sub(r"^/?|/$", "", address[last.end() :])
    return re.sub(r"(?:/|\.s?html?)$", "", stem), int(last[1])


def plain_version(head: PageHead) -> str | None:
    """The address of the page's AMP version, which has the whole text where the page itself needs scripts."""
    return urls.resolve(head.base, head.amp) if head.amp else None
