"""What encoding a web page is in."""

from __future__ import annotations

import re

from w3lib.encoding import html_body_declared_encoding, html_to_unicode, http_content_type_encoding

from tasks.text.encodings import decode_legacy, is_mostly_utf8, usual_encoding
from tasks.text.markup import MAX_HTML

_NO_TEXT = r"[\x00\ud800-\udfff]"


def decode_page(data: bytes, content_type: str | None = None, language: str | None = None) -> str:
    """The page as text.

    The encoding is that of its byte order mark, else UTF-8 if it decodes as such, else that of the HTTP header, else of
    its <meta>, else UTF-8 if nearly all of it is, else the usual one of its language. What is declared comes after
    UTF-8, because pages that a browser or an archive saved as UTF-8 still declare what they were (GBK, ISO-8859-1),
    while no text of some length in those is UTF-8 by chance. A page that declares UTF-8 and is none, as a server says
    it of all its pages, is told by its language or its letters.
    """
    data = data[: 4 * MAX_HTML]
    if not data.isascii() and (text := _as_utf8(data)) is not None:
        return text[:MAX_HTML].replace("\x00", "")

    def guess(data: bytes) -> str:
        return "utf-8" if is_mostly_utf8(data) else usual_encoding(language) or "cp1252"

    declared = [http_content_type_encoding(content_type), html_body_declared_encoding(data)]
    if next(filter(None, declared), "") == "utf-8" and not is_mostly_utf8(data):
        others = [encoding for encoding in declared if encoding and encoding != "utf-8"]
        return re.sub(_NO_TEXT, "", decode_legacy(data, others, language)[:MAX_HTML])
    try:
        text = html_to_unicode(content_type, data, auto_detect_fun=guess)[1]
    except (LookupError, ValueError):  # the charset is a Python codec that is not for text, such as hex
        text = data.decode("utf-8", "replace")
    return re.sub(_NO_TEXT, "", text[:MAX_HTML])


def _as_utf8(data: bytes) -> str | None:
    """The text if it is UTF-8; an error at the very end is a character that was cut off."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return data.decode("utf-8-sig", "replace") if error.start >= len(data) - 3 else None
