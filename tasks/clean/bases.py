"""What addresses within an entry's HTML are relative to, where the HTML says so: <base href>, xml:base."""

from __future__ import annotations

import re

from tasks.text import urls
from tasks.text.markup import Element

_BASE = re.compile(r"""<base\s[^<>]*?\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+))""", re.IGNORECASE)
"""Up to the next tag only: `<base ` over and over, 24 kB of it, took 2 s."""
_ADDRESSES = ("href", "src", "data-src", "data-original", "data-lazy-src", "poster", "data")


def stated_base(html: str, base: str | None) -> str | None:
    """The address of the HTML's first <base> (newsletters put whole documents into feeds), else `base`."""
    match = _BASE.search(html)
    return (urls.resolve(base, next(filter(None, match.groups()), None)) if match else None) or base


def apply_inner_bases(node: Element, base: str | None) -> None:
    """Make the addresses absolute that lie in an element with xml:base, which Atom's XHTML may have (RFC 4287 2)."""
    for child in node.children:
        if isinstance(child, Element):
            inner = base
            if stated := child.attrs.get("xml:base"):
                inner = urls.resolve(base, stated) or base
            _resolve_addresses(child, inner)
            apply_inner_bases(child, inner)


def _resolve_addresses(element: Element, base: str | None) -> None:
    for name in _ADDRESSES:
        value = element.attrs.get(name)
        if value and (absolute := urls.resolve(base, value)):
            element.attrs[name] = absolute
