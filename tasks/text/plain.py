"""Plain text from the cleaned tree, and what is counted and shown of it."""

from __future__ import annotations

import re

import regex

from tasks.text.markup import Element

# A single plain space is left alone, not replaced by itself: that is most of the white space there is.
_SPACES = re.compile(r"[ \t\r\f\v\u00a0\u3000\u200b\ufeff\n](?:[ \t\r\f\v\u00a0\u3000\u200b\ufeff\n]+|(?<! ))")
_RUNS = re.compile("  +")
_INLINE_SPACES = re.compile(r"[ \t\r\f\v\u00a0\u200b\ufeff\n](?:[ \t\r\f\v\u00a0\u200b\ufeff\n]+|(?<! ))")


# Control characters, noncharacters and lone surrogates: no text holds them, and no column takes them.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_CONTROLS = bytes([*range(9), 11, 12, *range(14, 32), 127])


def printable(text: str) -> str:
    """The text without the characters that no text holds. Nearly all have none, which its bytes show soonest."""
    if text.isprintable():
        return text
    try:
        data = text.encode()
    except UnicodeEncodeError:  # a surrogate
        return _UNPRINTABLE.sub("", text)
    if len(data.translate(None, _CONTROLS)) < len(data) or b"\xef\xbf\xbe" in data or b"\xef\xbf\xbf" in data:
        return _UNPRINTABLE.sub("", text)
    return text


def collapse(text: str) -> str:
    """White space folded, as a browser shows it; line breaks lost."""
    return (text if _is_folded(text) else _SPACES.sub(" ", text)).strip()


def _is_folded(text: str) -> bool:
    """Whether all its white space is single plain spaces: other white space isn't printable. Most texts are."""
    return text.isprintable() and "  " not in text


def _folded(text: str) -> str:
    return text if _is_folded(text) else _INLINE_SPACES.sub(" ", text)


def inline_text(element: Element) -> str:
    """A paragraph's text: white space folded, <br> kept as a line break."""
    if len(element.children) == 1 and isinstance(only := element.children[0], str):
        return _folded(only).strip(" \u3000")
    parts: list[str] = []
    _gather(element, parts)
    text = _RUNS.sub(" ", "".join(parts))
    if "\n" not in text:
        return text.strip(" \u3000")
    lines = (line.strip(" \u3000") for line in text.split("\n"))
    return "\n".join(lines).strip()


def _gather(node: Element, parts: list[str]) -> None:  # not a closure: one that calls itself is the collector's to free
    for child in node.children:
        if isinstance(child, str):
            parts.append(_folded(child))
        elif child.tag == "br":
            parts.append("\n")
        else:
            _gather(child, parts)


def render(blocks: list[Element]) -> str:
    """Blocks as text, a blank line between them: # headings, - lists, > quotes, a | b tables. Figures are left out."""
    return "\n\n".join(filter(None, map(_block, blocks)))


def _block(block: Element) -> str:
    if block.tag == "p":  # most of them
        return inline_text(block)
    match block.tag:
        case "h1" | "h2" | "h3" | "h4" | "h5" | "h6":
            text = inline_text(block).replace("\n", " ")
            return f"{'#' * int(block.tag[1])} {text}" if text else ""
        case "ul" | "ol":
            return _list(block)
        case "blockquote":
            return "\n".join(f"> {line}".rstrip() for line in render(_elements(block)).split("\n"))
        case "pre":
            return block.text().strip("\n")
        case "table":
            return _table(block)
        case "dl":
            return "\n".join(f"{'  ' if item.tag == 'dd' else ''}{_definition(item)}" for item in _elements(block))
        case "figure" | "hr":
            return ""
        case _:
            return inline_text(block)


def _definition(item: Element) -> str:
    return " ".join(filter(None, map(_block, _elements(item)))) or inline_text(item)


def _list(block: Element) -> str:
    lines = []
    for number, item in enumerate(_elements(block), 1):
        marker = f"{number}. " if block.tag == "ol" else "- "
        body = "\n".join(filter(None, map(_block, _elements(item))))
        if body:
            lines.append(marker + body.replace("\n", "\n" + " " * len(marker)))
    return "\n".join(lines)


def _table(block: Element) -> str:
    rows = []
    for row in block.walk():
        if row.tag == "tr":
            cells = [collapse(cell.text()) for cell in _elements(row) if cell.tag in ("td", "th")]
            if any(cells):
                rows.append(" | ".join(cells))
    return "\n".join(rows)


def _elements(element: Element) -> list[Element]:
    return [child for child in element.children if isinstance(child, Element)]


# Scripts written without spaces are counted by character; Hangul too, as the design defines it. Marks don't count.
# The letters (L, Nl) of Han, Hiragana, Katakana, Hangul and Thai, written out: `re` takes an eighth of regex's time.
UNSPACED = re.compile(
    "[\u0e01-\u0e30\u0e32-\u0e33\u0e40-\u0e46\u1100-\u11ff\u3005\u3007\u3021-\u3029\u3038-\u303b\u3041-\u3096"
    "\u309d-\u309f\u30a1-\u30fa\u30fd-\u30ff\u3131-\u318e\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97c"
    "\uac00-\ud7a3\ud7b0-\ud7fb\uf900-\ufaff\uff66-\uff6f\uff71-\uff9d\uffa0-\uffdc\U00016fe3\U00016ff2-\U00016ff6"
    "\U0001aff0-\U0001affe\U0001b000-\U0001b168\U00020000-\U0003347f]+"
)
WORDS = re.compile(r"[^\W_]+")
_WORD = regex.compile(r"[\p{L}\p{N}][\p{L}\p{N}\p{M}]*(?:['’\-.,·][\p{L}\p{N}\p{M}]+)*")
_BEYOND_LATIN = re.compile(r"[\u0300-\u1dff\u2070-\U0010ffff]")
"""Where there is none of these, Python's own words are the same as the dearer ones above."""
_LATIN_WORD = re.compile(r"[^\W_]+(?:['’\-.,·][^\W_]+)*")
NO_WORD = re.compile(
    "[\u2000-\u2018\u201a-\u206f\u2190-\u23ff\u2500-\u2775\u2794-\u2bff\u3000-\u3004\u3008-\u3020\u3030\uff00-\uff0f"
    "\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65\U0001f300-\U0001faff]+\ufe0f*"
)
"""Punctuation, arrows, symbols and pictures, with the mark that says how a picture is drawn: nothing of a word."""
_WORDS_ONLY = bytes(
    ord("'" if char in "'’-.,·" else "a" if WORDS.match(char) else " ")
    for char in (bytes([byte]).decode("cp1252", "replace") for byte in range(256))
)
"""Windows-1252 as words and what may join two of them; a space for all else."""
_MARKERS = re.compile(r"\n\s*(?:\d+\. |- |> |#{1,6} )+")


def word_count(text: str) -> int:
    """Words in spaced scripts plus characters in Chinese, Japanese, Korean and Thai.

    The marks of lists, quotes and headings don't count.
    """
    text = _MARKERS.sub("\n", f"\n{text}")
    words = _western_words(text)
    if words is not None:
        return words
    rest, runs = UNSPACED.subn(" ", text)
    unspaced = len(text) - len(rest) + runs
    words = _western_words(NO_WORD.sub(" ", rest)) if unspaced else None
    if words is None:
        words = len((_WORD if _BEYOND_LATIN.search(rest) else _LATIN_WORD).findall(rest))
    return unspaced + words


def _western_words(text: str) -> int | None:
    """How often _LATIN_WORD matches, by means that are faster by far; None for what Windows-1252 doesn't have."""
    try:
        data = text.encode("ascii" if text.isascii() else "cp1252")
    except UnicodeEncodeError:
        return None
    parts = data.translate(_WORDS_ONLY).replace(b"''", b"  ").split()
    return len(parts) - parts.count(b"'")


def beginning(text: str, length: int) -> str:
    """The collapsed text, or so much of it that it is longer than that."""
    head = collapse(text[: 4 * length])
    return head if len(head) > length + 1 else collapse(text)


SUMMARY = 300
"""Characters, about."""
_SENTENCE = re.compile(r"[.!?…]['\"”’)]?(?=\s)|[。！？…]['\"”’」』）]?")


def summarise(text: str, limit: int = SUMMARY) -> str:
    """The text's beginning, cut after a sentence where one ends in reach, else at a word."""
    text = beginning(text, limit)
    if len(text) <= limit:
        return text
    ends = [match.end() for match in _SENTENCE.finditer(text, 0, limit + 1) if match.end() <= limit]
    if ends and ends[-1] >= limit // 3:
        return text[: ends[-1]].strip()
    cut = text[: limit - 1]
    space = cut.rfind(" ")
    return (cut[:space] if space > limit // 2 else cut).rstrip(" ,;:，；：") + "…"
