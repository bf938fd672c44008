"""The encoding of a document that may declare a wrong one or hold damaged bytes: feeds, sitemaps, OPML.

What a document declares is often what its template or its server says of every document. UTF-8 shows by itself: text
in another encoding is hardly ever valid UTF-8, and of the bytes of such a text at most a third look like it.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from w3lib.encoding import resolve_encoding

_USUAL = {
    **dict.fromkeys(("be", "bg", "kk", "ky", "mk", "ru", "sr", "tg", "uk"), "cp1251"),
    **dict.fromkeys(("cs", "hr", "hu", "pl", "ro", "sk", "sl"), "cp1250"),
    **dict.fromkeys(("ar", "fa", "ur"), "cp1256"),
    **dict.fromkeys(("az", "ku", "tr"), "cp1254"),
    **dict.fromkeys(("et", "lt", "lv"), "cp1257"),
    "el": "cp1253",
    "he": "cp1255",
    "ja": "cp932",
    "ko": "cp949",
    "th": "cp874",
    "vi": "cp1258",
    "zh": "gb18030",
    **dict.fromkeys(("zh-hant", "zh-hk", "zh-tw"), "big5hkscs"),
}
"""By language, as in the HTML standard, 13.2.3.2."""
_EAST_ASIAN = frozenset(["gb18030", "big5hkscs", "cp932", "cp949", "euc_jp", "cp874"])
_LIKE_UTF8 = _EAST_ASIAN | {"iso2022_jp", "iso2022_kr", "hz"}
"""Encodings in which a short text may be valid UTF-8, by chance or because all its bytes are ASCII."""
_GUESSED = _EAST_ASIAN | {"cp1251", "koi8-r", "cp1253", "iso8859-7", "cp1255", "cp1256"}
"""Encodings that show by a text's letters. Those of Western and Central Europe can't be told from each other."""
_NOT_OF_DOCUMENTS = frozenset(["charmap", "idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"])
"""Python's own."""
_FIRST_BYTES = (
    *((codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be")),
    *((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")),
    *((b"<\0\0\0", "utf-32-le"), (b"\0\0\0<", "utf-32-be"), (b"<\0", "utf-16-le"), (b"\0<", "utf-16-be")),
    *((b"{\0", "utf-16-le"), (b"\0{", "utf-16-be")),
)
"""Byte order marks; and how XML and JSON begin without one (XML 1.0, appendix F)."""
_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]+)""")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9._:-]+)", re.IGNORECASE)
_LANGUAGE = re.compile(rb"""(?:<(?:dc:)?language>\s*|<feed\b[^>]{0,2000}?\bxml:lang\s*=\s*["'])([A-Za-z_-]{2,12})""")
_BEFORE_DECLARATION = re.compile(
    rb"(?:(?!<(?:[\w.-]+:)?(?:rss|feed|rdf|channel|item|entry)\b).){0,10000}?(?=<\?xml\s)", re.I | re.DOTALL
)
_HALVES = re.compile(rb"(?:\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf])+")
"""Emoji and other characters beyond U+FFFF as Java and old databases write them, in two halves (CESU-8)."""
_SAMPLE = 8_000
"""Bytes of text, without markup, from which an encoding is guessed."""
_EVIDENCE = 40
"""Bytes other than ASCII that a guess needs: of fewer, it takes Portuguese for Chinese."""


def to_utf8(data: bytes, content_type: str = "", language: str | None = None) -> bytes:
    """The document in UTF-8, without byte order marks, and without a character that its end cuts off.

    A byte that is invalid becomes U+FFFD, and costs nothing else. A document that is UTF-8 is so whatever it or its
    `content_type` declares; else their encoding holds, else the usual one of the document's or the feed's `language`.
    """
    for start, encoding in _FIRST_BYTES:
        if data.startswith(start):
            return _decode(data, encoding)[0].lstrip("\ufeff").encode("utf-8", "replace")
    while data.startswith(codecs.BOM_UTF8):  # twice, where a template and its part both have one
        data = data.removeprefix(codecs.BOM_UTF8)
    if data.isascii() and b"\x1b" not in data and b"~{" not in data:
        return data
    declared = _declared_encodings(data, content_type)
    if not (declared and declared[0] in _LIKE_UTF8) and _is_valid_utf8(data):
        return data
    text, damaged = _decode(data, "utf-8")
    if damaged and b"\xed" in data:
        data = _HALVES.sub(_join_halves, data)
        text, damaged = _decode(data, "utf-8")
    if damaged and not _is_utf8(text, damaged, declared):
        text = decode_legacy(data, declared, language)
    elif not damaged and declared and declared[0] in _LIKE_UTF8 and _not_ascii(data.decode("latin-1")) < 6:
        other, damaged = _decode(data, declared[0])
        text = text if damaged else other
    return text.encode()


def readable(data: bytes, content_type: str, language: str | None = None) -> bytes:
    """The document in UTF-8, without what comes before it: a blank line, a warning of PHP, a comment of a cache."""
    data = to_utf8(data, content_type, language).lstrip(b" \t\r\n\0")
    before = _BEFORE_DECLARATION.match(data)
    return data[before.end() :] if before else data


def _is_valid_utf8(data: bytes) -> bool:
    """Whether all of it is; true of nearly all documents, and found out in a third of the time of decoding the rest."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def is_mostly_utf8(data: bytes) -> bool:
    """Whether the bytes are UTF-8, but for a few of them."""
    text, damaged = _decode(data, "utf-8")
    return not damaged or _is_utf8(text, damaged, [])


def _is_utf8(text: str, damaged: int, declared: list[str]) -> bool:
    """Whether enough of a document's characters are valid UTF-8, of which `damaged` are not."""
    return 0 < _not_ascii(text) - damaged >= damaged + bool(declared)


def _join_halves(halves: re.Match[bytes]) -> bytes:
    surrogates = halves[0].decode("utf-8", "surrogatepass")
    return surrogates.encode("utf-16-le", "surrogatepass").decode("utf-16-le").encode()


def _declared_encodings(data: bytes, content_type: str) -> list[str]:
    """The encodings that the server and the document declare, the likelier first, apart from UTF-8 and unknown ones.

    The server's comes first (RFC 7303 3.2), unless it is Latin-1 or ASCII, which servers say of everything.
    """
    charset, declared = _CHARSET.search(content_type), _DECLARED.search(data[:1000])
    names = [charset[1]] if charset else []
    names += [declared[1].decode()] if declared else []
    return sorted(filter(None, map(_codec, names)), key=lambda name: name == "cp1252")


def _codec(name: str) -> str | None:
    """Python's name of the encoding of text, or of the superset that is meant; None for UTF-8, which is tried anyway,
    and for what can't be the encoding of these bytes."""
    codec = resolve_encoding(name)
    # Python has codecs of other kinds under such names (zlib, rot13); UTF-16 shows by its zeros
    if not codec or not codecs.lookup(codec)._is_text_encoding or codec.startswith("utf"):
        return None
    return None if codec in _NOT_OF_DOCUMENTS else codec


def decode_legacy(data: bytes, declared: list[str], language: str | None) -> str:
    """The text of a document that is not UTF-8, whatever else it declares."""
    for encoding in _legacy_encodings(data, declared, language):
        text, damaged = _decode(data, encoding)
        if 10 * damaged <= _not_ascii(text):
            return text
    return _decode(data, declared[0] if declared else "cp1252")[0]


def _legacy_encodings(data: bytes, declared: list[str], language: str | None) -> Iterator[str]:
    """The encodings that the document may have, the likeliest first."""
    yield from declared
    stated = _LANGUAGE.search(data[:20_000])
    for tag in (language, stated[1].decode() if stated else None):
        if encoding := usual_encoding(tag):
            yield encoding
    if guess := _guess(data):
        yield guess


def usual_encoding(language: str | None) -> str | None:
    """The likely encoding of a document in the language (BCP 47) that declares none and is not UTF-8."""
    tag = (language or "").lower().replace("_", "-")
    return _USUAL.get(tag) or _USUAL.get(tag.partition("-")[0])


def _guess(data: bytes) -> str | None:
    """The encoding that the text's letters speak for, if it is one of those that they can be told by."""
    from charset_normalizer import from_bytes  # imported here because few documents need it

    sample = re.sub(rb"<[^<>]*>", b" ", data[: 10 * _SAMPLE])[:_SAMPLE]
    if _not_ascii(sample.decode("latin-1")) < _EVIDENCE:
        return None
    best = from_bytes(sample).best()
    encoding = _codec(best.encoding) if best else None
    return encoding if encoding in _GUESSED else None


def _decode(data: bytes, encoding: str) -> tuple[str, int]:
    """The text, with U+FFFD for each invalid byte, and how many there are."""
    text = codecs.getincrementaldecoder(encoding)("replace").decode(data)
    return text, text.count("\ufffd") - (data.count("\ufffd".encode()) if encoding == "utf-8" else 0)


def _not_ascii(text: str) -> int:
    """How many of its characters are not ASCII."""
    return len(text) - len(text.encode("ascii", "ignore"))
