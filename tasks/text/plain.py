"""Plain text from the cleaned tree: rendering it, counting its words, summarising it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import regex

from tasks.text import superscripts
from tasks.text.markup import Element
from tasks.text.tags import HEADINGS
from warehouse.characters import UNPRINTABLE

# A single plain space does not match: most white space is one, and need not be replaced (`benchmarks.shortcuts`).
_SPACES = re.compile(r"[ \t\r\f\v\u00a0\u3000\u200b\ufeff\n](?:[ \t\r\f\v\u00a0\u3000\u200b\ufeff\n]+|(?<! ))")
_INLINE_BLANKS = " \t\r\f\v\u00a0\u200b\ufeff\n"
_INLINE_SPACES = re.compile(rf"[{_INLINE_BLANKS}](?:[{_INLINE_BLANKS}]+|(?<! ))")
_SOFT_HYPHEN = "\u00ad"
"""Where a word may be hyphenated. Nobody sees it, and no search finds a word with it."""
_RUNS_OF_SPACES = re.compile("  +")


def printable(text: str) -> str:
    """The text without control characters, noncharacters and lone surrogates; tab and line ends stay."""
    return text if text.isprintable() else UNPRINTABLE.sub("", text)  # nearly all short texts are


def collapse(text: str) -> str:
    """The text on one line, each run of white space as one space, as a browser shows it."""
    return (text if _is_collapsed(text) else _SPACES.sub(" ", text.replace(_SOFT_HYPHEN, ""))).strip()


def _is_collapsed(text: str) -> bool:
    """Whether its only white space is single plain spaces (no other white space is printable): true of most texts."""
    return text.isprintable() and "  " not in text


def inline_text(element: Element) -> str:
    """The text of a paragraph: each run of white space as one space, a <br> as a line break."""
    if len(element.children) == 1 and isinstance(only := element.children[0], str):
        return _collapse_inline(only).strip(" \u3000")
    parts: list[str] = []
    any_scripts = _gather(element, parts)
    text = "".join(parts)
    text = superscripts.write(text) if any_scripts else text
    text = _RUNS_OF_SPACES.sub(" ", text) if "  " in text else text
    if "\n" not in text:
        return text.strip(" \u3000")
    lines = (line.strip(" \u3000") for line in text.split("\n"))
    return "\n".join(lines).strip()


def _collapse_inline(text: str) -> str:
    """Like `collapse`, but ideographic spaces stay, and there may be a space at both ends."""
    if text.isprintable() and "  " not in text:  # as `_is_collapsed` says, without calling it
        return text
    inner = text.strip(_INLINE_BLANKS)
    if inner.isprintable() and "  " not in inner:  # only its ends are to collapse: true of most, and quickly found
        return f"{' ' if text[0] in _INLINE_BLANKS else ''}{inner}{' ' if inner and text[-1] in _INLINE_BLANKS else ''}"
    return _INLINE_SPACES.sub(" ", text.replace(_SOFT_HYPHEN, ""))


def _gather(node: Element, parts: list[str]) -> bool:
    """Add the texts below the node to `parts`. Returns whether there are superscripts or subscripts among them."""
    # not a closure: a closure that calls itself is a reference cycle, which only the garbage collector frees
    any_scripts = False
    for child in node.children:
        if isinstance(child, str):
            parts.append(_collapse_inline(child))
        elif child.tag == "br":
            parts.append("\n")
        elif child.tag in ("sup", "sub"):
            inner: list[str] = []
            _gather(child, inner)
            parts.append(superscripts.mark(child, "".join(inner), linked=node.tag == "a" and len(node.children) == 1))
            any_scripts = True
        elif _gather(child, parts):
            any_scripts = True
    return any_scripts


def render(blocks: list[Element]) -> str:
    """The blocks as text with blank lines between them: # headings, - lists, > quotations, a | b tables, no figures."""
    return "\n\n".join(filter(None, map(_render_block, blocks)))


def _render_block(block: Element) -> str:
    match block.tag:
        case "p":  # most blocks
            return inline_text(block)
        case "h1" | "h2" | "h3" | "h4" | "h5" | "h6":
            text = inline_text(block).replace("\n", " ")
            return f"{'#' * int(block.tag[1])} {text}" if text else ""
        case "ul" | "ol":
            return _render_list(block)
        case "blockquote":
            return "\n".join(f"> {line}".rstrip() for line in render(_elements(block)).split("\n"))
        case "pre":
            return block.text().strip("\n")
        case "table":
            return _render_table(block)
        case "dl":
            return "\n".join(
                f"{'  ' if item.tag == 'dd' else ''}{_render_definition(item)}" for item in _elements(block)
            )
        case "figure" | "hr":
            return ""
        case _:
            return inline_text(block)


def _render_definition(item: Element) -> str:
    return " ".join(filter(None, map(_render_block, _elements(item)))) or inline_text(item)


def _render_list(block: Element) -> str:
    lines = []
    number = int(block.attrs.get("start", 1)) - 1
    for item in _elements(block):
        number = int(item.attrs.get("value", number + 1))
        marker = f"{number}. " if block.tag == "ol" else "- "
        body = "\n".join(filter(None, map(_render_block, _elements(item))))
        if body:
            lines.append(marker + body.replace("\n", "\n" + " " * len(marker)))
    return "\n".join(lines)


def _render_table(block: Element) -> str:
    rows = []
    for row in block.walk():
        if row.tag == "tr":
            cells = [collapse(inline_text(cell)) for cell in _elements(row) if cell.tag in ("td", "th")]
            if any(cells):
                rows.append(" | ".join(cells))
    return "\n".join(rows)


def _elements(element: Element) -> list[Element]:
    return [child for child in element.children if isinstance(child, Element)]


# The letters (L, Nl) of Han, Hiragana, Katakana, Hangul and Thai. Written out, because `re` takes an eighth of regex's
# time for \p{Han} and so on (`benchmarks.shortcuts`).
UNSPACED = re.compile(
    "[\u0e01-\u0e30\u0e32-\u0e33\u0e40-\u0e46\u1100-\u11ff\u3005\u3007\u3021-\u3029\u3038-\u303b\u3041-\u3096"
    "\u309d-\u309f\u30a1-\u30fa\u30fd-\u30ff\u3131-\u318e\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97c"
    "\uac00-\ud7a3\ud7b0-\ud7fb\uf900-\ufaff\uff66-\uff6f\uff71-\uff9d\uffa0-\uffdc\U00016fe3\U00016ff2-\U00016ff6"
    "\U0001aff0-\U0001affe\U0001b000-\U0001b168\U00020000-\U0003347f]+"
)
"""Text in scripts that are counted by character. Hangul is one of them, as the design defines it."""
WORDS = re.compile(r"[^\W_]+")
_WORD = regex.compile(r"[\p{L}\p{N}][\p{L}\p{N}\p{M}]*(?:['’\-.,·][\p{L}\p{N}\p{M}]+)*")
_WINDOWS_1252_WORDS = bytes(
    ord("'" if char in "'’-.,·" else "a" if WORDS.match(char) else " ")
    for char in (bytes([byte]).decode("cp1252", "replace") for byte in range(256))
)
"""Maps Windows-1252 to "a" for a letter or digit, "'" for what may join two words, and a space for the rest."""
_SYMBOLS = "\u2190-\u23ff\u2500-\u2775\u2794-\u27bf\U0001f1e6-\U0001faff"
"""Ranges of symbols, none of which is a letter, a digit or a mark."""
_EMOJI = re.compile(f"[{_SYMBOLS}]\ufe0f?")
_PUNCTUATION = "\u2000-\u205e\u3000-\u3003\u3008-\u3020\u3030\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
_LETTER_OR_MARK = re.compile(f"[^\\x00-\xffŒœŠšŽžŸƒˆ˜€™{_PUNCTUATION}{_SYMBOLS}]")
"""What Windows-1252 has not, and may be a part of a word."""
_MARKERS = re.compile(r"\n[^\S\n]*(?:-?\d+\. |- |> |#{1,6} )+")


def word_count(text: str) -> int:
    """Words in scripts with spaces plus characters in Chinese, Japanese, Korean and Thai.

    The markers of lists, quotations and headings do not count.
    """
    text = _MARKERS.sub("\n", f"\n{text}")
    words = _count_western_words(text)
    if words is not None:
        return words
    if "\ufe0f" in text:
        text = _EMOJI.sub(" ", text)
    rest, runs = UNSPACED.subn(" ", text)
    words = _count_western_words(rest, "replace") if not _LETTER_OR_MARK.search(rest) else len(_WORD.findall(rest))
    return len(text) - len(rest) + runs + (words or 0)


def _count_western_words(text: str, errors: str = "strict") -> int | None:
    """How often _WORD matches, for a text in Windows-1252; None for any other (`benchmarks.shortcuts`)."""
    try:
        data = text.encode("ascii" if text.isascii() else "cp1252", errors)
    except UnicodeEncodeError:
        return None
    parts = data.translate(_WINDOWS_1252_WORDS).replace(b"''", b"  ").split()
    return len(parts) - parts.count(b"'")


SUMMARY = 300
"""Characters of a summary at most."""
_BEGINNING = SUMMARY + 2
"""Characters from which `summarise` sees that there are more than it keeps."""
_MARKER = re.compile(r"(?m)^[ \t]*(?:(?:#{1,6}|>|[-*•]) +)+")
"""Markdown's markers, where an author's plain text has them."""
_CUT = re.compile(r"\s*(?:\[\s*(?:…|\.\.\.)\s*\]|\((?:…|\.\.\.)\))\s*$")
"""What WordPress writes where it cuts an excerpt."""


def beginning(blocks: list[Element]) -> str:
    """The first words of the blocks on one line, without markers; without headings, unless there is nothing else, and
    without paragraphs that are only an address, such as a player's, unless there is not even a heading."""
    texts = (_words_only(_plain_texts(blocks, headings=headings)) for headings in (False, True))
    text = next(filter(None, map(_first_words, texts)), "") or _first_words(_plain_texts(blocks, headings=False))
    return _CUT.sub("…", text) if text.rstrip()[-1:] in ("]", ")") else text


def _words_only(texts: Iterator[str]) -> Iterator[str]:
    # Chinese text may follow an address without a space: https://bit.ly/2YsRD8D哈嘍，大家好！
    return (text for text in texts if not text.startswith(("https://", "http://")) or " " in text or not text.isascii())


def _first_words(texts: Iterator[str]) -> str:
    words: list[str] = []
    length = 0
    for text in texts:
        text = text[: 4 * SUMMARY]
        if line := collapse(_MARKER.sub("", text) if text[:1] in "#>-*•" or "\n" in text else text):
            words.append(line)
            length += len(line)
            if length >= _BEGINNING:
                break
    return " ".join(words)


def _plain_texts(blocks: list[Element], *, headings: bool) -> Iterator[str]:
    for block in blocks:
        if block.tag == "p":
            yield inline_text(block)
        elif block.tag == "pre":
            yield block.text()
        elif block.tag in ("ul", "ol", "dl", "table", "blockquote", "li", "dt", "dd", "tbody", "tr"):
            yield from _plain_texts(_elements(block), headings=headings)
        elif block.tag in HEADINGS:
            if headings:
                yield inline_text(block)
        elif block.tag != "figure":
            yield inline_text(block)


_SENTENCE = re.compile(r"[.!?…]['\"”’)]?(?=\s)|[。！？…]['\"”’」』）]?")


def summarise(text: str, limit: int = SUMMARY) -> str:
    """The beginning of the text, cut after a sentence if one ends in its last two thirds, else after a word."""
    head = collapse(text[: 4 * limit])  # enough of nearly every text, and much shorter than an article
    text = head if len(head) > limit + 1 else collapse(text)
    if len(text) <= limit:
        return text
    ends = [match.end() for match in _SENTENCE.finditer(text, 0, limit + 1) if match.end() <= limit]
    if ends and ends[-1] >= limit // 3:
        return text[: ends[-1]].strip()
    start = text[: limit - 1]
    space = start.rfind(" ")
    return (start[:space] if space > limit // 2 else start).rstrip(" ,;:，；：") + "…"
