"""Mending XML that is not well-formed, for feeds, sitemaps and OPML: a bare `&`, HTML's entities, characters that XML
does not have.

A strict parser reads what is mended. What a lenient one makes of it is anybody's guess: `D&D, but` becomes `D&D;, but`.
"""

from __future__ import annotations

import re
from html import escape
from html.entities import html5

_LEFT_ALONE = rb"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)"
_FAULT = re.compile(
    _LEFT_ALONE
    + rb"|&(?!(?:amp|lt|gt|quot|apos);)(?:#([0-9]++);|#[xX]([0-9A-Fa-f]++);|([A-Za-z][A-Za-z0-9.-]*+);)?|<(?=[\s\d=<])",
    re.DOTALL,
)
_NO_CHARACTER = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")
"""What XML 1.0 has no place for, in UTF-8."""
_DEFINED = re.compile(rb"<!ENTITY\s+([A-Za-z][\w.-]*)")


def mend_xml(data: bytes) -> bytes:
    """The document, in UTF-8, with `&` and `<` escaped where they begin no reference and no tag, and without characters
    that XML does not have. HTML's entities become their characters; those that the document defines stay."""
    known = set(_DEFINED.findall(data[:100_000]))

    def mend(match: re.Match[bytes]) -> bytes:
        found, (decimal, hexadecimal, name) = match[0], match.groups()
        if decimal or hexadecimal:
            digits, base = (decimal, 10) if decimal else (hexadecimal, 16)
            number = int(digits.lstrip(b"0")[:9] or b"0", base)
            # U+FFFD where there is no such character, as HTML has it (13.2.5.80)
            is_unicode = number < 0xD800 or 0xDFFF < number < 0x110000
            return (b"" if _NO_CHARACTER.search(chr(number).encode()) else found) if is_unicode else "\ufffd".encode()
        if found.startswith(b"<"):
            return b"&lt;" if found == b"<" else found
        if name in known:
            return found
        character = html5.get(f"{name.decode()};") if name else None
        return escape(character).encode() if character else b"&amp;" + found[1:]

    return _FAULT.sub(mend, _NO_CHARACTER.sub(b"", data))
